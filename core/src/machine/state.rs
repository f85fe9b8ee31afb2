//! States, and what is said of a change of state.

use core::fmt;

use super::Nanos;
use crate::window::Content;

/// The state of a circuit breaker (SPEC 1.1). The numbers are the same in every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum State {
    /// Calls go through.
    Closed = 0,
    /// Calls are rejected until the wait is over.
    Open = 1,
    /// A few calls go through as probes; their results decide.
    HalfOpen = 2,
}

impl State {
    /// Every state, by number.
    pub const ALL: [Self; 3] = [Self::Closed, Self::Open, Self::HalfOpen];

    /// The name as k1s0 writes it: "Closed", "Open" or "HalfOpen".
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "Closed",
            Self::Open => "Open",
            Self::HalfOpen => "HalfOpen",
        }
    }

    /// The name as a label of a metric: "closed", "open" or "half_open".
    pub const fn label(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl PartialEq<str> for State {
    fn eq(&self, other: &str) -> bool {
        self.name() == other
    }
}

impl PartialEq<&str> for State {
    fn eq(&self, other: &&str) -> bool {
        self.name() == *other
    }
}

impl PartialEq<State> for str {
    fn eq(&self, other: &State) -> bool {
        self == other.name()
    }
}

impl PartialEq<State> for &str {
    fn eq(&self, other: &State) -> bool {
        *self == other.name()
    }
}

/// Why the state changed (SPEC 9.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// As many failures in a row as `failure_threshold` (4.3).
    FailureThreshold,
    /// The wait was over when a call came (5.3).
    TimeoutElapsed,
    /// As many successful probes as `success_threshold` (6.2).
    SuccessThreshold,
    /// A probe failed (6.3).
    ProbeFailed,
    /// Every probe was unsettled for too long (6.5).
    ProbeTimeout,
    /// As large a part of the calls failed as `failure_rate` (11.4).
    FailureRate,
    /// As large a part of the calls was slow as `slow_call_rate` (12.2).
    SlowCallRate,
    /// `reset` (10.1).
    Reset,
    /// `trip` (10.2).
    Trip,
    /// `force_open` or `force_closed` (10.3).
    Forced,
    /// `automatic` (10.4).
    Automatic,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::FailureThreshold,
        Self::TimeoutElapsed,
        Self::SuccessThreshold,
        Self::ProbeFailed,
        Self::ProbeTimeout,
        Self::FailureRate,
        Self::SlowCallRate,
        Self::Reset,
        Self::Trip,
        Self::Forced,
        Self::Automatic,
    ];

    /// The name that SPEC 9.3 gives it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FailureThreshold => "failure_threshold",
            Self::TimeoutElapsed => "timeout_elapsed",
            Self::SuccessThreshold => "success_threshold",
            Self::ProbeFailed => "probe_failed",
            Self::ProbeTimeout => "probe_timeout",
            Self::FailureRate => "failure_rate",
            Self::SlowCallRate => "slow_call_rate",
            Self::Reset => "reset",
            Self::Trip => "trip",
            Self::Forced => "forced",
            Self::Automatic => "automatic",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One change of state, reported once by the operation that made it (SPEC 9.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The state before; the `to` of the transition before this one.
    pub from: State,
    /// The state after. It equals `from` where only the epoch changed: a `reset` of a closed
    /// breaker, a `trip` of an open one.
    pub to: State,
    /// The epoch that began.
    pub epoch: u64,
    /// Why.
    pub reason: Reason,
    /// When, by the reading that was handed in.
    pub at: Nanos,
    /// What was counted at that moment.
    pub evidence: Evidence,
}

impl Transition {
    /// How many of a breaker's last transitions are remembered.
    pub const REMEMBERED: usize = 32;
}

/// What had been counted when the state changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Failures in a row, the one that opened among them.
    pub consecutive_failures: u32,
    /// Successful probes, the one that closed among them.
    pub successful_probes: u32,
    /// What the window held, the sample that opened among it.
    pub window: Content,
}
