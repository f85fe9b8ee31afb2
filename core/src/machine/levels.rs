//! What a machine has besides its phase where more than consecutive failures is configured: a window,
//! what is slow, how waits grow, whether it only watches. (SPEC 11 to 14)

use alloc::boxed::Box;

use super::backoff::{Backoff, Opening};
use super::hung::HungCalls;
use super::rules::{BackoffRule, Rate, Rules, SlowRule, WindowRule};
use super::{NEVER, Nanos, NeedsNow, Policy, Reason};
use crate::window::{CallWindow, Content, Sample, TimeWindow};

/// The levels beyond permits and control; a machine with none of them has none of this.
///
/// It is made once, with all the memory that it will use; a window of 100 calls takes 64 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Levels {
    window: Window,
    failure_rate: Rate,
    /// How many of the successes that the home has counted are in the window, or not to be put there.
    accounted: u64,
    more: Option<Box<More>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Window {
    Off,
    Calls(CallWindow),
    Time(Box<TimeWindow>),
}

/// What a breaker with nothing but a failure rate has no need of.
#[derive(Clone, Debug, PartialEq, Eq)]
struct More {
    slow: Option<Slow>,
    /// Slow samples, ever.
    slow_total: u64,
    backoff: Backoff,
    shadow: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Slow {
    duration: Nanos,
    rate: Rate,
    hung: Option<HungCalls>,
}

impl Levels {
    /// What these rules need, if they need anything. `seed` is drawn by the home, for jitter that was
    /// given none.
    pub fn new(rules: &Rules, seed: u64) -> Option<Self> {
        rules.has_levels().then(|| Self::always(rules, seed))
    }

    /// Room for a wait that a server asked for, in a machine that had no need of levels.
    pub fn for_retry_after(policy: &Policy) -> Self {
        let mut levels = Self::always(&Rules::from(*policy), 0);
        levels.make_room_for_retry_after(policy);
        levels
    }

    /// Sees to it that a wait that a server asks for can be remembered.
    pub fn make_room_for_retry_after(&mut self, policy: &Policy) {
        self.more
            .get_or_insert_with(|| Box::new(More::new(&Rules::from(*policy), 0)));
    }

    fn always(rules: &Rules, seed: u64) -> Self {
        let with_slow = rules.slow.is_some();
        let more = with_slow || rules.shadow || rules.backoff != BackoffRule::none(&rules.policy);
        Self {
            window: match rules.window {
                _ if !rules.has_window() => Window::Off,
                WindowRule::Calls(size) => Window::Calls(CallWindow::new(size, with_slow)),
                WindowRule::Time { width, buckets } => {
                    Window::Time(Box::new(TimeWindow::new(width, buckets.into())))
                }
            },
            failure_rate: rules.failure_rate,
            accounted: 0,
            more: more.then(|| Box::new(More::new(rules, seed))),
        }
    }

    /// The successes that a home has counted by itself since it last said so, because nothing was to be
    /// decided: they enter the window, in the order in which they would have come, if there was one to
    /// enter.
    pub(super) fn account(&mut self, successes: u64, is_closed: bool) {
        // Fewer than accounted for: somebody's success has been decided here and is not counted yet.
        let Some(new) = successes.checked_sub(self.accounted) else {
            return;
        };
        self.accounted = successes;
        if new > 0 && is_closed {
            match &mut self.window {
                Window::Off => {}
                Window::Calls(window) => window.push_successes(new),
                Window::Time(window) => window.put_successes_in_newest(new),
            }
        }
    }

    /// A success has been decided here. The home counts it too, and it is not to come again.
    pub(super) const fn account_here(&mut self) {
        self.accounted += 1;
    }

    /// What the window would hold after so many samples like this.
    pub(super) fn content_with(
        &self,
        sample: Sample,
        now: Option<Nanos>,
    ) -> Result<Content, NeedsNow> {
        match &self.window {
            Window::Off => Ok(Content::default()),
            Window::Calls(window) => Ok(window.content_with(sample)),
            Window::Time(window) => {
                let mut content = window.content(now.ok_or(NeedsNow)?);
                content.calls += 1;
                content.failures += u64::from(sample.failure);
                content.slow += u64::from(sample.slow);
                Ok(content)
            }
        }
    }

    /// Puts so many samples like this in the window; `content_with` has not asked for the time, or had it.
    pub(super) fn put(&mut self, sample: Sample, times: u64, now: Option<Nanos>) {
        if sample.slow {
            self.note_slow(times);
        }
        match &mut self.window {
            Window::Off => {}
            Window::Calls(window) => {
                (0..times.min(window.size().into())).for_each(|_| window.push(sample))
            }
            Window::Time(window) => {
                if let Some(now) = now {
                    window.put(sample, times, now);
                }
            }
        }
    }

    /// Whether a rate is met by this content, and which.
    pub(super) fn met_by(&self, content: Content) -> Option<Reason> {
        if self.failure_rate.is_met(content.failures, content.calls) {
            return Some(Reason::FailureRate);
        }
        let slow = self.slow()?;
        slow.rate
            .is_met(content.slow, content.calls)
            .then_some(Reason::SlowCallRate)
    }

    /// What the window holds at `now`; changes nothing.
    pub(super) fn content(&self, now: Option<Nanos>) -> Result<Content, NeedsNow> {
        match &self.window {
            Window::Off => Ok(Content::default()),
            Window::Calls(window) => Ok(window.content()),
            Window::Time(window) => Ok(window.content(now.ok_or(NeedsNow)?)),
        }
    }

    /// Whether the next successes, none of them slow, decide nothing: in a window of calls however many
    /// they are, in one of time those in its newest bucket.
    pub(super) fn is_quiet(&self) -> bool {
        let content = match &self.window {
            Window::Off => return true,
            Window::Calls(window) => window.content(),
            Window::Time(window) => match window.newest_begins() {
                Some(now) => window.content(now),
                None => return false,
            },
        };
        let slow_is_quiet = self.slow().is_none_or(|slow| {
            slow.hung.is_none() && slow.rate.is_quiet(content.slow, content.calls)
        });
        slow_is_quiet && self.failure_rate.is_quiet(content.failures, content.calls)
    }

    /// The rules that these levels were made from, and what they leave out of them: where no rate is
    /// decided by a window, nobody remembers which window it would be.
    pub fn rules(&self, policy: &Policy) -> Rules {
        let more = self.more.as_ref();
        let plain = Rules::from(*policy);
        Rules {
            failure_rate: self.failure_rate,
            window: match &self.window {
                Window::Off => plain.window,
                Window::Calls(window) => WindowRule::Calls(window.size()),
                Window::Time(window) => WindowRule::Time {
                    width: window.width(),
                    // At most 100 (SPEC 3).
                    buckets: window.buckets() as u8,
                },
            },
            slow: self.slow().map(|slow| SlowRule {
                duration: slow.duration,
                rate: slow.rate,
                count_hung_calls: slow.hung.is_some(),
            }),
            backoff: more.map_or(plain.backoff, |more| more.backoff.rule),
            shadow: self.is_shadow(),
            ..plain
        }
    }

    /// Whether a success needs the time, to find its place in the window.
    pub const fn has_time_window(&self) -> bool {
        matches!(self.window, Window::Time(_))
    }

    /// Whether a bad call will be remembered until enough others have come.
    pub fn remembers_bad_calls(&self) -> bool {
        match &self.window {
            Window::Off | Window::Time(_) => false,
            Window::Calls(window) => window.content().failures > 0 || window.content().slow > 0,
        }
    }

    /// How wide a bucket of the window of time is.
    pub fn bucket_width(&self) -> Option<Nanos> {
        match &self.window {
            Window::Time(window) => Some(window.width()),
            _ => None,
        }
    }

    /// When the newest bucket of a window of time begins.
    pub fn newest_bucket(&self) -> Option<Nanos> {
        match &self.window {
            Window::Time(window) => window.newest_begins(),
            _ => None,
        }
    }

    /// What is slow, if anything is.
    pub fn slow_call_duration(&self) -> Option<Nanos> {
        self.slow().map(|slow| slow.duration)
    }

    /// Whether calls in flight are watched.
    pub fn counts_hung_calls(&self) -> bool {
        self.slow().is_some_and(|slow| slow.hung.is_some())
    }

    /// Whether a success that the word says is quiet is only to be counted; see [`Bucket::takes`]. For a home without
    /// other threads: theirs may not look at the levels.
    pub fn is_usual_success(&self, began: Nanos, now: Nanos) -> bool {
        let bucket = match &self.window {
            Window::Time(window) => window.newest_begins().map(|begins| Bucket {
                begins,
                width: window.width(),
            }),
            _ => Some(Bucket::ALL),
        };
        let slow = self.slow_call_duration().unwrap_or(NEVER);
        bucket.is_some_and(|bucket| bucket.takes(began, now, slow))
    }

    /// Whether a call that lasted from `began` to `now` was slow (12.1). A clock that stepped back makes it
    /// short.
    pub(super) fn is_slow(&self, began: Nanos, now: Nanos) -> bool {
        self.slow_call_duration()
            .is_some_and(|slow| slow != NEVER && now.saturating_sub(began) >= slow)
    }

    pub(super) fn note_slow(&mut self, times: u64) {
        if let Some(more) = &mut self.more {
            more.slow_total += times;
        }
    }

    /// Slow samples, ever.
    pub fn slow_total(&self) -> u64 {
        self.more.as_ref().map_or(0, |more| more.slow_total)
    }

    pub(super) fn hung_mut(&mut self) -> Option<&mut HungCalls> {
        self.more.as_mut()?.slow.as_mut()?.hung.as_mut()
    }

    /// Whether nothing is to be rejected (SPEC 14).
    pub fn is_shadow(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.shadow)
    }

    /// The wait of the last opening.
    pub(super) fn wait(&self, policy: &Policy) -> Nanos {
        self.more
            .as_ref()
            .map_or(policy.timeout, |more| more.backoff.wait)
    }

    /// Openings in a row without a stable closed period between (SPEC 13.1).
    pub fn openings_in_a_row(&self) -> Option<u64> {
        Some(self.more.as_ref()?.backoff.openings)
    }

    /// A new epoch of the automatic states begins: nothing of the old one counts (11.6).
    pub(super) fn empty(&mut self) {
        match &mut self.window {
            Window::Off => {}
            Window::Calls(window) => window.clear(),
            Window::Time(window) => window.clear(),
        }
        self.forget_calls_in_flight();
    }

    /// A new epoch begins: calls in flight are none of its own.
    pub(super) fn forget_calls_in_flight(&mut self) {
        if let Some(hung) = self.hung_mut() {
            hung.forget();
        }
    }

    pub(super) fn open(&mut self, policy: &Policy, opening: Opening) {
        if let Some(more) = &mut self.more {
            more.backoff.open(policy.timeout, opening);
        }
    }

    pub(super) fn close(&mut self, now: Nanos) {
        if let Some(more) = &mut self.more {
            more.backoff.close(now);
        }
    }

    pub(super) fn reset(&mut self, policy: &Policy, now: Nanos) {
        if let Some(more) = &mut self.more {
            more.backoff.reset(policy.timeout, now);
        }
    }

    fn slow(&self) -> Option<&Slow> {
        self.more.as_ref()?.slow.as_ref()
    }
}

impl More {
    fn new(rules: &Rules, seed: u64) -> Self {
        Self {
            slow: rules.slow.map(Slow::new),
            slow_total: 0,
            backoff: Backoff::new(
                rules.backoff,
                rules.policy.timeout,
                rules.backoff.jitter_seed.unwrap_or(seed),
            ),
            shadow: rules.shadow,
        }
    }
}

impl Slow {
    fn new(rule: SlowRule) -> Self {
        Self {
            duration: rule.duration,
            rate: rule.rate,
            hung: (rule.count_hung_calls && rule.duration != NEVER)
                .then(|| HungCalls::new(rule.duration)),
        }
    }
}

/// "A window of 100 calls takes 64 bytes": what `Levels` promises.
#[cfg(target_pointer_width = "64")]
const _: () = assert!(
    size_of::<Levels>() <= 64,
    "a hundred thousand breakers may have one"
);

/// The newest bucket of a window of time, as those see it who do not look at the window.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    /// When it begins.
    pub begins: Nanos,
    /// How wide it is.
    pub width: Nanos,
}

impl Bucket {
    /// Without a window of time every reading is in the first.
    pub const ALL: Self = Self {
        begins: 0,
        width: NEVER,
    };

    /// Whether a success at `now` falls into it, and was not slow: then it changes nothing but the count (11.1, 12.1).
    #[inline(always)]
    pub const fn takes(self, began: Nanos, now: Nanos, slow_call_duration: Nanos) -> bool {
        match now.checked_sub(self.begins) {
            Some(age) => age < self.width && now.saturating_sub(began) < slow_call_duration,
            None => false,
        }
    }
}
