//! What a result says, and what that leads to (SPEC 4, 6, 11, 12).

use super::wait::{Wait, elapsed};
use super::window::Sample;
use super::{Live, Mode, Model};
use crate::vocabulary::{Outcome, Reason, State};

/// What is known of a call that ended, but for its outcome.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    lasted: u128,
    /// Its duration was judged already (12.5d).
    was_hung: bool,
    retry_after: Option<u64>,
}

impl Ended {
    /// A result without a call (11.1a).
    pub(super) const RECORDED: Self = Self {
        lasted: 0,
        was_hung: false,
        retry_after: None,
    };

    pub(super) fn of(live: Live, was_hung: bool, retry_after: Option<u64>, now: u64) -> Self {
        Self {
            lasted: elapsed(live.since, now),
            was_hung,
            retry_after,
        }
    }
}

impl Model {
    /// Counts a result of the current epoch.
    pub(super) fn count(&mut self, outcome: Outcome, ended: Ended, now: u64) {
        self.totals.outcomes[outcome as usize] += 1;
        // 4.4, 6.4, 10.3
        if self.mode != Mode::Automatic || outcome == Outcome::Ignored {
            return;
        }
        match self.automatic {
            State::Closed => self.count_closed(outcome, ended, now),
            State::HalfOpen => self.count_probe(outcome, ended, now),
            State::Open => {}
        }
    }

    fn count_closed(&mut self, outcome: Outcome, ended: Ended, now: u64) {
        let slow = !ended.was_hung && self.is_slow(ended.lasted);
        let failed = outcome == Outcome::Failure;
        let is_sample = match outcome {
            Outcome::Success => {
                self.failures_in_a_row = 0;
                !ended.was_hung
            }
            Outcome::Failure => {
                self.failures_in_a_row += 1;
                true
            }
            Outcome::Cancelled => slow,
            Outcome::Ignored => false,
        };
        if is_sample {
            self.put(Sample { failed, slow }, now);
            let retry_after = ended.retry_after.filter(|_| failed);
            self.open_if_met(retry_after, now);
        }
    }

    fn count_probe(&mut self, outcome: Outcome, ended: Ended, now: u64) {
        // 12.3a
        if outcome == Outcome::Cancelled {
            return;
        }
        let slow = self.is_slow(ended.lasted);
        self.totals.slow += u64::from(slow);
        if outcome == Outcome::Failure {
            self.open(Reason::ProbeFailed, ended.retry_after, now);
        } else if slow {
            // 12.4
            self.open(Reason::ProbeFailed, None, now);
        } else {
            self.good_probes += 1;
            if self.good_probes == self.policy.success_threshold {
                self.change(
                    Mode::Automatic,
                    State::Closed,
                    Reason::SuccessThreshold,
                    now,
                );
            }
        }
    }

    /// 12.5b, for an admission or a tick while closed.
    pub(super) fn find_hung(&mut self, now: u64) {
        let Some(steps) = &mut self.steps else {
            return;
        };
        let found = steps.find(now);
        for _ in 0..found {
            let hung = Sample {
                failed: false,
                slow: true,
            };
            self.put(hung, now);
        }
        if found > 0 {
            self.open_if_met(None, now);
        }
    }

    fn put(&mut self, sample: Sample, now: u64) {
        self.totals.slow += u64::from(sample.slow);
        if self.policy.has_window() {
            self.window.put(sample, now);
        }
    }

    /// 11.4a
    fn open_if_met(&mut self, retry_after: Option<u64>, now: u64) {
        let content = self.window.content(now);
        let by_failures = self.policy.failure_rate;
        let by_slow = self.policy.slow.map(|slow| slow.rate);
        let reason = if self.policy.failure_threshold == Some(self.failures_in_a_row) {
            Reason::FailureThreshold
        } else if by_failures.is_some_and(|rate| rate.is_met(content.failures, content.calls)) {
            Reason::FailureRate
        } else if by_slow.is_some_and(|rate| rate.is_met(content.slow, content.calls)) {
            Reason::SlowCallRate
        } else {
            return;
        };
        self.open(reason, retry_after, now);
    }

    /// 12.1; what takes for ever is still not as long as never.
    fn is_slow(&self, lasted: u128) -> bool {
        match self.policy.slow.map(|slow| slow.duration) {
            Some(Wait::Nanos(duration)) => lasted >= duration,
            Some(Wait::Never) | None => false,
        }
    }
}
