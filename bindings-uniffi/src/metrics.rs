//! Reading everything at once.

use breaker::config::nanos;
use breaker::{CircuitBreakerMetrics, CircuitBreakerState as State, RejectReason};

/// State and totals of one breaker at one moment.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Metrics {
    /// Calls that succeeded.
    pub success_count: u64,
    /// Calls that failed.
    pub failure_count: u64,
    /// Calls whose result says nothing about the service.
    pub ignored_count: u64,
    /// Calls that their caller gave up.
    pub cancelled_count: u64,
    /// Calls that were rejected.
    pub rejected_count: u64,
    /// The same, in the order of the reasons' numbers.
    pub rejected_by_reason: Vec<u64>,
    /// Calls that would have been rejected but for `shadow`.
    pub would_reject_count: u64,
    /// The same, in the order of the reasons' numbers.
    pub would_reject_by_reason: Vec<u64>,
    /// Calls that were slow.
    pub slow_count: u64,
    /// Results that came too late to count.
    pub stale_count: u64,
    /// Changes of state and resets.
    pub transition_count: u64,
    /// The same, from state to state, in the order of their numbers: nine.
    pub transitions_between: Vec<u64>,
    /// The state.
    pub state: u8,
    /// 1 at first, one more after each transition.
    pub epoch: u64,
    /// Failures in a row.
    pub consecutive_failures: u32,
    /// Probes that are not settled yet.
    pub probes_in_flight: u16,
    /// What is left of the wait.
    pub remaining_wait: Option<u64>,
    /// Whether a forced mode is on.
    pub forced: bool,
    /// success / (success + failure).
    pub success_rate: Option<f64>,
    /// Calls in the window.
    pub window_calls: u64,
    /// Those of them that failed.
    pub window_failures: u64,
    /// Those of them that were slow.
    pub window_slow: u64,
}

impl From<CircuitBreakerMetrics> for Metrics {
    fn from(metrics: CircuitBreakerMetrics) -> Self {
        let by_reason = |count: &dyn Fn(RejectReason) -> u64| RejectReason::ALL.map(count).into();
        let between = State::ALL
            .iter()
            .flat_map(|from| State::ALL.map(|to| metrics.transitions_between(*from, to)));
        Self {
            success_count: metrics.success_count,
            failure_count: metrics.failure_count,
            ignored_count: metrics.ignored_count,
            cancelled_count: metrics.cancelled_count,
            rejected_count: metrics.rejected_count,
            rejected_by_reason: by_reason(&|reason| metrics.rejected_for(reason)),
            would_reject_count: metrics.would_reject_count,
            would_reject_by_reason: by_reason(&|reason| metrics.would_reject_for(reason)),
            slow_count: metrics.slow_count,
            stale_count: metrics.stale_count,
            transition_count: metrics.transition_count,
            transitions_between: between.collect(),
            state: metrics.state as u8,
            epoch: metrics.epoch,
            consecutive_failures: metrics.consecutive_failures,
            probes_in_flight: metrics.probes_in_flight,
            remaining_wait: metrics.remaining_wait.map(nanos),
            forced: metrics.forced,
            success_rate: metrics.success_rate(),
            window_calls: metrics.window_calls,
            window_failures: metrics.window_failures,
            window_slow: metrics.window_slow,
        }
    }
}
