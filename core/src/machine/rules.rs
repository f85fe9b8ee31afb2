//! What a machine is told to do: the configuration, checked, in the machine's own units.

use super::{NEVER, Nanos, Policy};

/// Parts in a million; fractions are held so, and compared as integers (SPEC 3.3).
pub type Ppm = u32;
/// All of it.
pub const WHOLE: Ppm = 1_000_000;

/// Everything that a configuration says. [`Settings`](crate::config::Settings) checks ranges; whoever
/// makes one by hand keeps them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Thresholds and waits: all that a machine without levels needs.
    pub policy: Policy,
    /// How large a part of the calls may fail (SPEC 11.4).
    pub failure_rate: Rate,
    /// Which calls count for the rates (SPEC 11.2, 11.3).
    pub window: WindowRule,
    /// What is slow (SPEC 12), if anything is.
    pub slow: Option<SlowRule>,
    /// How waits grow (SPEC 13).
    pub backoff: BackoffRule,
    /// Decide, but reject nothing (SPEC 14).
    pub shadow: bool,
}

impl From<Policy> for Rules {
    fn from(policy: Policy) -> Self {
        Self {
            policy,
            failure_rate: Rate::OFF,
            window: WindowRule::Calls(100),
            slow: None,
            backoff: BackoffRule::none(&policy),
            shadow: false,
        }
    }
}

impl Rules {
    /// Whether a window is needed.
    pub const fn has_window(&self) -> bool {
        self.failure_rate.is_on() || self.slow.is_some()
    }

    /// Whether there is more to do than the policy says.
    pub fn has_levels(&self) -> bool {
        self.has_window() || self.shadow || self.backoff != BackoffRule::none(&self.policy)
    }
}

/// A part of the window's calls that must not be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The part; 0 is off.
    pub ppm: Ppm,
    /// Fewer calls than this decide nothing.
    pub minimum_calls: u32,
}

impl Rate {
    /// One that is never met.
    pub const OFF: Self = Self {
        ppm: 0,
        minimum_calls: 20,
    };

    /// Whether it can be met at all.
    pub const fn is_on(self) -> bool {
        self.ppm > 0
    }

    /// Whether it is met by so many of these calls (SPEC 11.4).
    pub(super) const fn is_met(self, count: u64, calls: u64) -> bool {
        self.is_on()
            && calls >= self.minimum_calls as u64
            && count as u128 * WHOLE as u128 >= self.ppm as u128 * calls as u128
    }

    /// Whether it stays unmet whatever number of good calls comes next. It is not met now; then what
    /// could make it met by a good call is that it completes the minimum.
    pub(super) const fn is_quiet(self, count: u64, calls: u64) -> bool {
        !self.is_on() || count == 0 || calls >= self.minimum_calls as u64
    }
}

/// Which calls a window holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowRule {
    /// The last so many: 1 to 65,536.
    Calls(u32),
    /// Those of the last so many stretches of time.
    Time {
        /// Of one stretch, in nanoseconds, at least 1.
        width: Nanos,
        /// Stretches: 10 to 100.
        buckets: u8,
    },
}

/// What is slow, and how much of that is too much (SPEC 12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlowRule {
    /// Calls that take so long or longer, at least 1 ns.
    pub duration: Nanos,
    /// How large a part of the calls may be slow.
    pub rate: Rate,
    /// Whether calls in flight count before they end (SPEC 12.5).
    pub count_hung_calls: bool,
}

/// How waits grow (SPEC 13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackoffRule {
    /// Each wait by the one before it: 1 to 100 times.
    pub multiplier: Ppm,
    /// The longest wait, but for the jitter; at least the timeout.
    pub max_timeout: Nanos,
    /// How far a wait may be off, to either side: at most all of it.
    pub jitter: Ppm,
    /// Where the random numbers begin; drawn where it is not given.
    pub jitter_seed: Option<u64>,
}

impl BackoffRule {
    /// Ten minutes.
    pub const DEFAULT_MAX_TIMEOUT: Nanos = 600_000_000_000;

    /// Every wait is the timeout, but for what a server asks for.
    pub const fn none(policy: &Policy) -> Self {
        Self {
            multiplier: WHOLE,
            max_timeout: Self::default_max_timeout(policy.timeout),
            jitter: 0,
            jitter_seed: None,
        }
    }

    /// The longest wait where none is configured.
    pub const fn default_max_timeout(timeout: Nanos) -> Nanos {
        if timeout > Self::DEFAULT_MAX_TIMEOUT {
            timeout
        } else {
            Self::DEFAULT_MAX_TIMEOUT
        }
    }

    /// The wait after this one (SPEC 13.1a).
    pub(super) fn longer(&self, wait: Nanos) -> Nanos {
        if wait == NEVER {
            return NEVER;
        }
        let longer = u128::from(wait) * u128::from(self.multiplier) / u128::from(WHOLE);
        u64::try_from(longer).map_or(self.max_timeout, |longer| longer.min(self.max_timeout))
    }
}
