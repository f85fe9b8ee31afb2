//! What a machine is told to do: the configuration, checked, in the machine's own units.

use super::Nanos;

/// A wait that never ends: 2^64 ns or more (SPEC 2.4). It is `u64::MAX` so that a host which can
/// only hand in 64 bits can say it; a wait of exactly 2^64 - 1 ns therefore counts as never too.
pub const NEVER: Nanos = Nanos::MAX;

/// No number of failures in a row opens; rates do.
pub const OFF: u32 = 0;

/// Thresholds and waits of one machine. [`crate::Builder`] checks ranges (SPEC 3.1); the machine
/// trusts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Failures in a row that open, at least 1 (SPEC 4.3), or [`OFF`].
    pub failure_threshold: u32,
    /// Successful probes that close, at least 1 (SPEC 6.2).
    pub success_threshold: u32,
    /// How long an open circuit rejects, or [`NEVER`] (SPEC 5.1).
    pub timeout: Nanos,
    /// How many probes may be unsettled at once, at least 1 (SPEC 6.1).
    pub half_open_max_calls: u16,
    /// When a full set of unsettled probes is given up, or [`NEVER`] (SPEC 6.5).
    pub probe_timeout: Nanos,
}

impl Policy {
    /// Whether so many failures in a row open.
    pub(super) const fn opens_after(&self, failures: u32) -> bool {
        self.failure_threshold != OFF && failures >= self.failure_threshold
    }

    /// Whether a probe admitted at `since` has been unsettled for too long at `now`.
    pub(super) const fn probe_is_hung(&self, since: Nanos, now: Nanos) -> bool {
        remaining(self.probe_timeout, since, now) == 0
    }
}

/// What is left at `now` of a wait since `since`; a reading before `since` is a clock that stepped
/// back, and the whole wait is left (SPEC 2.2, 2.3).
pub(crate) const fn remaining(wait: Nanos, since: Nanos, now: Nanos) -> Nanos {
    if wait == NEVER {
        return NEVER;
    }
    wait.saturating_sub(now.saturating_sub(since))
}
