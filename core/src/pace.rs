//! What the calls of a breaker with levels must know without its lock.

use crate::machine::{Bucket, Levels, Machine, NEVER, Nanos, Outcome, Policy};
use crate::sync::{AtomicU64, Ordering};

/// Published by [`Cell`](crate::cell::Cell) under its lock, read without. Orderings are explained there.
#[derive(Debug)]
pub(crate) struct Pace {
    /// The wait of the last opening.
    wait: AtomicU64,
    /// When the newest bucket of the window of time begins.
    bucket: AtomicU64,
    /// How wide it is; `NEVER` without a window of time, so that every reading is in the first.
    bucket_width: Nanos,
    /// `NEVER` where nothing is slow.
    slow_call_duration: Nanos,
    /// Whether durations are looked at, be it that none is long enough.
    times_calls: bool,
    counts_hung_calls: bool,
    shadow: bool,
}

impl Pace {
    /// None where calls need not know anything: a failure rate over the last calls.
    pub(crate) fn new(policy: &Policy, levels: &Levels) -> Option<Box<Self>> {
        let needed = levels.has_time_window() || levels.openings_in_a_row().is_some();
        needed.then(|| {
            Box::new(Self {
                wait: AtomicU64::new(Machine::wait(policy, Some(levels))),
                bucket: AtomicU64::new(0),
                bucket_width: levels.bucket_width().unwrap_or(NEVER),
                slow_call_duration: levels.slow_call_duration().unwrap_or(NEVER),
                times_calls: levels.slow_call_duration().is_some(),
                counts_hung_calls: levels.counts_hung_calls(),
                shadow: levels.is_shadow(),
            })
        })
    }

    pub(crate) fn wait(&self) -> Nanos {
        self.wait.load(Ordering::Acquire)
    }

    pub(crate) fn set_wait(&self, wait: Nanos) {
        self.wait.store(wait, Ordering::Release);
    }

    pub(crate) fn set_bucket(&self, begins: Option<Nanos>) {
        if let Some(begins) = begins
            && self.bucket.load(Ordering::Relaxed) != begins
        {
            self.bucket.store(begins, Ordering::Release);
        }
    }

    pub(crate) const fn counts_hung_calls(&self) -> bool {
        self.counts_hung_calls
    }

    pub(crate) const fn is_shadow(&self) -> bool {
        self.shadow
    }

    /// Whether an outcome is judged by the time (2.1b).
    pub(crate) const fn settling_needs_now(&self, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Success | Outcome::Failure => self.times_calls || self.bucket_width != NEVER,
            Outcome::Cancelled => self.times_calls,
            Outcome::Ignored => false,
        }
    }

    /// Whether a success at `now` was not slow, and falls into the newest bucket of a window of time.
    #[inline(always)]
    pub(crate) fn is_usual(&self, began: Nanos, now: Nanos) -> bool {
        let bucket = Bucket {
            begins: self.bucket.load(Ordering::Acquire),
            width: self.bucket_width,
        };
        bucket.takes(began, now, self.slow_call_duration)
    }
}
