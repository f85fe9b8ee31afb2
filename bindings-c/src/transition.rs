//! States, and changes of state.

use breaker::{CircuitBreakerState as State, Reason, Transition};

use crate::pointer::Out;

/// A state.
pub type k1s0_cb_state = u32;
/// Calls go through.
pub const K1S0_CB_CLOSED: k1s0_cb_state = 0;
/// Calls are rejected until the wait is over.
pub const K1S0_CB_OPEN: k1s0_cb_state = 1;
/// A few calls go through as probes; their results decide.
pub const K1S0_CB_HALF_OPEN: k1s0_cb_state = 2;

/// Why the state changed.
pub type k1s0_cb_reason = u32;
/// As many failures in a row as `failure_threshold`.
pub const K1S0_CB_REASON_FAILURE_THRESHOLD: k1s0_cb_reason = 0;
/// The wait was over when a call came.
pub const K1S0_CB_REASON_TIMEOUT_ELAPSED: k1s0_cb_reason = 1;
/// As many successful probes as `success_threshold`.
pub const K1S0_CB_REASON_SUCCESS_THRESHOLD: k1s0_cb_reason = 2;
/// A probe failed.
pub const K1S0_CB_REASON_PROBE_FAILED: k1s0_cb_reason = 3;
/// Every probe was unsettled for too long.
pub const K1S0_CB_REASON_PROBE_TIMEOUT: k1s0_cb_reason = 4;
/// As large a part of the window's calls failed as `failure_rate_ppm`.
pub const K1S0_CB_REASON_FAILURE_RATE: k1s0_cb_reason = 5;
/// As large a part of the window's calls was slow as `slow_call_rate_ppm`.
pub const K1S0_CB_REASON_SLOW_CALL_RATE: k1s0_cb_reason = 6;
/// `k1s0_cb_reset`.
pub const K1S0_CB_REASON_RESET: k1s0_cb_reason = 7;
/// `k1s0_cb_trip`.
pub const K1S0_CB_REASON_TRIP: k1s0_cb_reason = 8;
/// `k1s0_cb_force_open` or `k1s0_cb_force_closed`.
pub const K1S0_CB_REASON_FORCED: k1s0_cb_reason = 9;
/// `k1s0_cb_automatic`.
pub const K1S0_CB_REASON_AUTOMATIC: k1s0_cb_reason = 10;
// 11 is fleet (SPEC 9.3).
/// None that this library has a number for.
pub const K1S0_CB_REASON_OTHER: k1s0_cb_reason = 0xFFFF_FFFF;

/// One change of state.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct k1s0_cb_transition {
    /// The epoch that began: one more than that of the transition before.
    pub epoch: u64,
    /// When, by the reading that was handed in.
    pub at_ns: u64,
    /// The state before.
    pub from: k1s0_cb_state,
    /// The state after. It equals `from` where only the epoch changed: a reset of a closed breaker.
    pub to: k1s0_cb_state,
    /// Why.
    pub reason: k1s0_cb_reason,
    /// 0.
    pub reserved: u32,
}

/// The changes of state that one operation made, in order.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct k1s0_cb_transitions {
    /// How many there are: 0, 1 or 2.
    pub count: u32,
    /// 0.
    pub reserved: u32,
    /// The first `count` are written.
    pub items: [k1s0_cb_transition; 2],
}

pub(crate) const fn state_number(state: State) -> k1s0_cb_state {
    state as u32
}

const fn reason_number(reason: Reason) -> k1s0_cb_reason {
    match reason {
        Reason::FailureThreshold => K1S0_CB_REASON_FAILURE_THRESHOLD,
        Reason::TimeoutElapsed => K1S0_CB_REASON_TIMEOUT_ELAPSED,
        Reason::SuccessThreshold => K1S0_CB_REASON_SUCCESS_THRESHOLD,
        Reason::ProbeFailed => K1S0_CB_REASON_PROBE_FAILED,
        Reason::ProbeTimeout => K1S0_CB_REASON_PROBE_TIMEOUT,
        Reason::FailureRate => K1S0_CB_REASON_FAILURE_RATE,
        Reason::SlowCallRate => K1S0_CB_REASON_SLOW_CALL_RATE,
        Reason::Reset => K1S0_CB_REASON_RESET,
        Reason::Trip => K1S0_CB_REASON_TRIP,
        Reason::Forced => K1S0_CB_REASON_FORCED,
        Reason::Automatic => K1S0_CB_REASON_AUTOMATIC,
        // A test asks for every reason of core's.
        _ => K1S0_CB_REASON_OTHER,
    }
}

impl From<Transition> for k1s0_cb_transition {
    fn from(transition: Transition) -> Self {
        Self {
            epoch: transition.epoch,
            at_ns: transition.at,
            from: state_number(transition.from),
            to: state_number(transition.to),
            reason: reason_number(transition.reason),
            reserved: 0,
        }
    }
}

impl Out<k1s0_cb_transitions> {
    /// Says that there are none; the items are left alone.
    #[inline(always)]
    pub(crate) const fn write_none(self) {
        let place = self.as_ptr();
        // SAFETY: who made the `Out` promised that all of it is good for writes.
        unsafe {
            (&raw mut (*place).count).write(0);
            (&raw mut (*place).reserved).write(0);
        }
    }

    pub(crate) fn write_all(self, transitions: impl IntoIterator<Item = Transition>) {
        let mut all = k1s0_cb_transitions::default();
        for (place, transition) in all.items.iter_mut().zip(transitions) {
            *place = transition.into();
            all.count += 1;
        }
        self.write(all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_of_core_has_a_number_of_its_own() {
        let mut numbers: Vec<_> = Reason::ALL.map(reason_number).into();
        assert!(!numbers.contains(&K1S0_CB_REASON_OTHER));
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), Reason::ALL.len());
    }
}
