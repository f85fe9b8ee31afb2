//! Reading: the state, and everything at once.

use breaker::{CircuitBreakerMetrics, CircuitBreakerState as State, RejectReason};

use crate::boundary::boundary;
use crate::breaker::k1s0_cb;
use crate::permit::decided;
use crate::pointer::{out, required};
use crate::result::k1s0_cb_result;
use crate::sized::{self, Growing};
use crate::transition::{k1s0_cb_state, state_number};

/// State and totals of one breaker at one moment. Set `struct_size`, then call
/// `k1s0_cb_get_metrics`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct k1s0_cb_metrics {
    /// `sizeof(k1s0_cb_metrics)`.
    pub struct_size: u64,
    /// Calls that succeeded. This and every total below only ever grows.
    pub success: u64,
    /// Calls that failed.
    pub failure: u64,
    /// Calls whose result says nothing about the service.
    pub ignored: u64,
    /// Calls that their caller gave up.
    pub cancelled: u64,
    /// Calls that were not admitted, for whatever reason.
    pub rejected: u64,
    /// Calls that were not admitted because the wait was not over.
    pub rejected_open: u64,
    /// Calls that were not admitted because every probe's slot was taken.
    pub rejected_half_open: u64,
    /// Calls that were not admitted because of `k1s0_cb_force_open`.
    pub rejected_forced_open: u64,
    /// Results that came too late to count.
    pub stale: u64,
    /// Changes of state and resets.
    pub transitions: u64,
    /// Of these, those from one state (first index) to another (second index).
    pub transitions_between: [[u64; 3]; 3],
    /// The epoch: 1 at first, one more after each transition.
    pub epoch: u64,
    /// What is left of the wait while open; 0 once it is over.
    pub remaining_wait_ns: u64,
    /// success / (success + failure).
    pub success_rate: f64,
    /// 1 if `remaining_wait_ns` says something: while open, not forced, and not for ever.
    pub has_remaining_wait: u32,
    /// 1 if `success_rate` says something: after the first success or failure.
    pub has_success_rate: u32,
    /// The state.
    pub state: k1s0_cb_state,
    /// 1 while `k1s0_cb_force_open` or `k1s0_cb_force_closed` is on.
    pub forced: u32,
    /// Failures in a row; 0 unless closed.
    pub consecutive_failures: u32,
    /// Probes that are not settled yet.
    pub probes_in_flight: u32,
    /// Calls that took as long as `slow_call_duration_ns`, or longer, or were found to hang.
    pub slow: u64,
    /// Calls that would not have been admitted but for `shadow`, for whatever reason; `rejected` is then 0.
    pub would_reject: u64,
    /// Calls that would not have been admitted because the wait was not over.
    pub would_reject_open: u64,
    /// Calls that would not have been admitted because every probe's slot was taken.
    pub would_reject_half_open: u64,
    /// Calls that would not have been admitted because of `k1s0_cb_force_open`.
    pub would_reject_forced_open: u64,
    /// Calls in the window; this and the next two are 0 unless closed, and may shrink.
    pub window_calls: u64,
    /// Those of them that failed.
    pub window_failures: u64,
    /// Those of them that were slow.
    pub window_slow: u64,
}

// SAFETY: `u64`s and `f64`s, and between them an even number of `u32`s: no padding; the first is the size.
unsafe impl Growing for k1s0_cb_metrics {}
const _: () = assert!(size_of::<k1s0_cb_metrics>() == 31 * 8 + 6 * 4, "no padding");

/// The state at `now_ns`; `K1S0_CB_HALF_OPEN` as soon as the wait is over. Changes nothing.
///
/// `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_get_state(
    breaker: *const k1s0_cb,
    now_ns: u64,
    state: *mut k1s0_cb_state,
) -> k1s0_cb_result {
    boundary(|| {
        // SAFETY: the host promises conventions 4, 5 and 6.
        let (breaker, state) = unsafe { (required(breaker)?, out(state)?) };
        state.write(state_number(decided(breaker.engine.state(Some(now_ns)))));
        Ok(())
    })
}

/// State and totals at `now_ns`. Changes nothing. Set `metrics->struct_size` before.
///
/// `K1S0_CB_INVALID_SIZE`; `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4, 5 and 9).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_get_metrics(
    breaker: *const k1s0_cb,
    now_ns: u64,
    metrics: *mut k1s0_cb_metrics,
) -> k1s0_cb_result {
    boundary(|| {
        // SAFETY: the host promises conventions 4 and 5.
        let breaker = unsafe { required(breaker) }?;
        // SAFETY: the host promises conventions 4 and 9.
        let size = unsafe { sized::size_of_host(metrics) }?;
        let found = decided(breaker.engine.snapshot(Some(now_ns)));
        // SAFETY: the host promises conventions 4, 6 and 9.
        unsafe { sized::write(metrics, size, &found.into()) }
    })
}

impl From<CircuitBreakerMetrics> for k1s0_cb_metrics {
    fn from(metrics: CircuitBreakerMetrics) -> Self {
        let wait = metrics.remaining_wait;
        let rate = metrics.success_rate();
        Self {
            struct_size: size_of::<Self>() as u64,
            success: metrics.success_count,
            failure: metrics.failure_count,
            ignored: metrics.ignored_count,
            cancelled: metrics.cancelled_count,
            rejected: metrics.rejected_count,
            rejected_open: metrics.rejected_for(RejectReason::Open),
            rejected_half_open: metrics.rejected_for(RejectReason::HalfOpen),
            rejected_forced_open: metrics.rejected_for(RejectReason::ForcedOpen),
            stale: metrics.stale_count,
            transitions: metrics.transition_count,
            transitions_between: State::ALL
                .map(|from| State::ALL.map(|to| metrics.transitions_between(from, to))),
            epoch: metrics.epoch,
            // A wait that is told fits: it was 64 bits of nanoseconds in the machine.
            remaining_wait_ns: wait.map_or(0, |wait| wait.as_nanos() as u64),
            success_rate: rate.unwrap_or(0.0),
            has_remaining_wait: wait.is_some().into(),
            has_success_rate: rate.is_some().into(),
            state: state_number(metrics.state),
            forced: metrics.forced.into(),
            consecutive_failures: metrics.consecutive_failures,
            probes_in_flight: metrics.probes_in_flight.into(),
            slow: metrics.slow_count,
            would_reject: metrics.would_reject_count,
            would_reject_open: metrics.would_reject_for(RejectReason::Open),
            would_reject_half_open: metrics.would_reject_for(RejectReason::HalfOpen),
            would_reject_forced_open: metrics.would_reject_for(RejectReason::ForcedOpen),
            window_calls: metrics.window_calls,
            window_failures: metrics.window_failures,
            window_slow: metrics.window_slow,
        }
    }
}
