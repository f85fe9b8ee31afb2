//! The words of SPEC.md as types, with the names that the scenarios use.

use serde::{Deserialize, Serialize};

/// A state (SPEC 1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Calls go through.
    Closed,
    /// Calls are rejected.
    Open,
    /// A few calls go through as probes.
    HalfOpen,
}

/// How an admitted call ended (SPEC 1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The callee is healthy.
    Success,
    /// The callee is not.
    Failure,
    /// The result says nothing about the callee.
    Ignored,
    /// The caller gave up.
    Cancelled,
}

/// What a settlement did (SPEC 7.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The outcome counted.
    Applied,
    /// The permit's epoch was over.
    Stale,
    /// The permit had been settled before.
    AlreadySettled,
    /// The call would have been rejected, so its outcome counts nowhere (SPEC 14.1a).
    Shadowed,
}

/// Why a call was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// The wait is not over.
    Open,
    /// Every probe's slot is taken.
    HalfOpen,
    /// Forced open.
    ForcedOpen,
}

/// Why the state changed (SPEC 9.3), for the levels of this suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of SPEC 9.3")]
pub enum Reason {
    FailureThreshold,
    TimeoutElapsed,
    SuccessThreshold,
    ProbeFailed,
    ProbeTimeout,
    FailureRate,
    SlowCallRate,
    Reset,
    Trip,
    Forced,
    Automatic,
}

/// What an operator does (SPEC 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of SPEC 10")]
pub enum Control {
    Reset,
    Trip,
    ForceOpen,
    ForceClosed,
    Automatic,
}

/// A result recorded without a permit (SPEC 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Recorded {
    /// As [`Outcome::Success`].
    Success,
    /// As [`Outcome::Failure`].
    Failure,
}

/// How a guarded call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallResult {
    /// It returns a good result.
    Success,
    /// It returns the language's ordinary error.
    Failure,
    /// It returns an error that the classifier ignores.
    Ignored,
    /// It panics, or throws what the classifier was not told of.
    Panic,
    /// Its caller gives up before it ends.
    Cancel,
}

/// A call was not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Why.
    pub reason: RejectReason,
    /// What is left of the wait, in nanoseconds (SPEC 5.1).
    pub retry_after: Option<u64>,
}

/// The answer to a caller that asked to be admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may run.
    Admitted,
    /// It may not.
    Rejected(Rejection),
}

/// One change of state (SPEC 9.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The state before.
    pub from: State,
    /// The state after.
    pub to: State,
    /// The epoch that began.
    pub epoch: u64,
    /// Why.
    pub reason: Reason,
    /// The reading of the clock at which it happened, in nanoseconds.
    pub at: u64,
}

/// What settling a permit did, where the entry point can say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Whether the outcome counted.
    pub effect: Effect,
    /// The transition it made.
    pub transition: Option<Transition>,
}

/// Everything that can be read (SPEC 9.2).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names are those of SPEC 9.2")]
pub struct Metrics {
    pub state: State,
    pub epoch: u64,
    pub forced: bool,
    pub success: u64,
    pub failure: u64,
    pub ignored: u64,
    pub cancelled: u64,
    pub rejected: u64,
    pub rejected_open: u64,
    pub rejected_half_open: u64,
    pub rejected_forced_open: u64,
    pub would_reject: u64,
    pub would_reject_open: u64,
    pub would_reject_half_open: u64,
    pub would_reject_forced_open: u64,
    pub slow: u64,
    pub stale: u64,
    pub transitions: u64,
    pub consecutive_failures: u64,
    pub probes_in_flight: u64,
    pub window_calls: u64,
    pub window_failures: u64,
    pub window_slow: u64,
    pub success_rate: Option<f64>,
    /// Nanoseconds.
    pub remaining_wait: Option<u64>,
}
