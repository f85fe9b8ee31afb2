//! State and totals of one breaker, and (feature `metrics`) their way into OpenTelemetry.

#[cfg(feature = "metrics")]
mod otel;
pub mod vocabulary;

use std::time::Duration;

#[cfg(feature = "metrics")]
pub use otel::CircuitBreakerInstruments;

use crate::annex::Changes;
use crate::cell::View;
use crate::machine::{Outcome, RejectReason, State, finite};
use crate::stripe::Counts;

/// State and totals of one breaker at one moment (SPEC 9.2); from
/// [`CircuitBreaker::metrics`](crate::CircuitBreaker::metrics). Totals only ever grow (1.5).
///
/// Calls are counted without a lock, so those that end while the snapshot is taken may or may not be
/// in it. None is ever lost.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CircuitBreakerMetrics {
    /// Calls that succeeded.
    pub success_count: u64,
    /// Calls that failed.
    pub failure_count: u64,
    /// Calls whose result says nothing about the callee.
    pub ignored_count: u64,
    /// Calls that their caller gave up.
    pub cancelled_count: u64,
    /// Calls that were not admitted, for whatever reason.
    pub rejected_count: u64,
    /// Calls that would not have been admitted, and were, because nothing is rejected in shadow mode
    /// (SPEC 14.1).
    pub would_reject_count: u64,
    /// Calls that took as long as `slow_call_duration`, or longer (SPEC 12.1).
    pub slow_count: u64,
    /// Results that came too late to count (SPEC 7.1).
    pub stale_count: u64,
    /// Changes of state and resets.
    pub transition_count: u64,
    /// The state. It compares equal to "Closed", "Open" or "HalfOpen".
    pub state: State,
    /// The epoch: 1 at first, one more after each transition (SPEC 1.3).
    pub epoch: u64,
    /// Failures in a row; 0 unless closed.
    pub consecutive_failures: u32,
    /// Probes that are not settled yet.
    pub probes_in_flight: u16,
    /// What is left of the wait while open: 0 once it is over, none when it never ends.
    pub remaining_wait: Option<Duration>,
    /// Whether `force_open` or `force_closed` is on.
    pub forced: bool,
    /// Calls in the window (SPEC 11); 0 unless closed.
    pub window_calls: u64,
    /// Those of them that failed.
    pub window_failures: u64,
    /// Those of them that were slow.
    pub window_slow: u64,
    shadow: bool,
    rejected: [u64; RejectReason::ALL.len()],
    changes: Changes,
}

impl CircuitBreakerMetrics {
    pub(crate) fn new(view: View, counts: Counts) -> Self {
        let settled = |outcome| counts.settled[outcome as usize];
        let rejected = counts.rejected.iter().sum();
        Self {
            success_count: settled(Outcome::Success),
            failure_count: settled(Outcome::Failure),
            ignored_count: settled(Outcome::Ignored),
            cancelled_count: settled(Outcome::Cancelled),
            rejected_count: if view.shadow { 0 } else { rejected },
            would_reject_count: if view.shadow { rejected } else { 0 },
            slow_count: view.slow,
            stale_count: counts.stale,
            transition_count: view.transitions,
            state: view.state,
            epoch: view.epoch,
            consecutive_failures: view.consecutive_failures,
            probes_in_flight: view.probes_in_flight,
            remaining_wait: view
                .remaining_wait
                .and_then(finite)
                .map(Duration::from_nanos),
            forced: view.forced,
            window_calls: view.window.calls,
            window_failures: view.window.failures,
            window_slow: view.window.slow,
            shadow: view.shadow,
            rejected: counts.rejected,
            changes: view.changes,
        }
    }

    /// success / (success + failure), none before the first of either (SPEC 9.2).
    pub fn success_rate(&self) -> Option<f64> {
        rate(self.success_count, self.failure_count)
    }

    /// Calls that were not admitted for this reason.
    pub const fn rejected_for(&self, reason: RejectReason) -> u64 {
        if self.shadow {
            0
        } else {
            self.rejected[reason as usize]
        }
    }

    /// Calls that would not have been admitted for this reason (SPEC 14.1).
    pub const fn would_reject_for(&self, reason: RejectReason) -> u64 {
        if self.shadow {
            self.rejected[reason as usize]
        } else {
            0
        }
    }

    /// Transitions from one state to another (SPEC 9.3).
    pub const fn transitions_between(&self, from: State, to: State) -> u64 {
        self.changes[from as usize][to as usize]
    }

    /// The total of calls that ended so.
    pub const fn calls(&self, outcome: Outcome) -> u64 {
        match outcome {
            Outcome::Success => self.success_count,
            Outcome::Failure => self.failure_count,
            Outcome::Ignored => self.ignored_count,
            Outcome::Cancelled => self.cancelled_count,
        }
    }
}

fn rate(successes: u64, failures: u64) -> Option<f64> {
    let total = successes + failures;
    // Exact up to 2^53 calls, and good enough for a rate beyond.
    (total > 0).then(|| successes as f64 / total as f64)
}
