//! The library's numbers in the suite's words.

use k1s0_conformance::vocabulary::{
    Effect, Metrics, Reason, RejectReason, Rejection, State, Transition,
};

use super::abi;

pub(crate) fn state(number: u32) -> State {
    match number {
        0 => State::Closed,
        1 => State::Open,
        2 => State::HalfOpen,
        _ => panic!("state {number}"),
    }
}

pub(crate) fn effect(number: u32) -> Effect {
    match number {
        0 => Effect::Applied,
        1 => Effect::Stale,
        2 => Effect::AlreadySettled,
        3 => Effect::Shadowed,
        _ => panic!("effect {number}"),
    }
}

fn reason(number: u32) -> Reason {
    match number {
        0 => Reason::FailureThreshold,
        1 => Reason::TimeoutElapsed,
        2 => Reason::SuccessThreshold,
        3 => Reason::ProbeFailed,
        4 => Reason::ProbeTimeout,
        5 => Reason::FailureRate,
        6 => Reason::SlowCallRate,
        7 => Reason::Reset,
        8 => Reason::Trip,
        9 => Reason::Forced,
        10 => Reason::Automatic,
        _ => panic!("reason {number}"),
    }
}

fn flag(number: u32) -> bool {
    assert!(number <= 1, "a flag is {number}");
    number == 1
}

pub(crate) fn rejection(rejection: &abi::Rejection) -> Rejection {
    if rejection.has_retry_after == 0 {
        assert_eq!(rejection.retry_after_ns, 0);
    }
    Rejection {
        reason: match rejection.reason {
            0 => RejectReason::Open,
            1 => RejectReason::HalfOpen,
            2 => RejectReason::ForcedOpen,
            number => panic!("reason of a rejection {number}"),
        },
        retry_after: flag(rejection.has_retry_after).then_some(rejection.retry_after_ns),
    }
}

pub(crate) fn transitions(told: &abi::Transitions) -> Vec<Transition> {
    let told = &told.items[..told.count as usize];
    told.iter().map(transition).collect()
}

pub(crate) fn transition(transition: &abi::Transition) -> Transition {
    Transition {
        from: state(transition.from),
        to: state(transition.to),
        epoch: transition.epoch,
        reason: reason(transition.reason),
        at: transition.at_ns,
    }
}

pub(crate) fn metrics(metrics: &abi::Metrics) -> Metrics {
    assert_eq!(
        metrics.transitions_between.iter().flatten().sum::<u64>(),
        metrics.transitions
    );
    Metrics {
        state: state(metrics.state),
        epoch: metrics.epoch,
        forced: flag(metrics.forced),
        success: metrics.success,
        failure: metrics.failure,
        ignored: metrics.ignored,
        cancelled: metrics.cancelled,
        rejected: metrics.rejected,
        rejected_open: metrics.rejected_open,
        rejected_half_open: metrics.rejected_half_open,
        rejected_forced_open: metrics.rejected_forced_open,
        would_reject: metrics.would_reject,
        would_reject_open: metrics.would_reject_open,
        would_reject_half_open: metrics.would_reject_half_open,
        would_reject_forced_open: metrics.would_reject_forced_open,
        slow: metrics.slow,
        stale: metrics.stale,
        transitions: metrics.transitions,
        consecutive_failures: metrics.consecutive_failures.into(),
        probes_in_flight: metrics.probes_in_flight.into(),
        window_calls: metrics.window_calls,
        window_failures: metrics.window_failures,
        window_slow: metrics.window_slow,
        success_rate: flag(metrics.has_success_rate).then_some(metrics.success_rate),
        remaining_wait: flag(metrics.has_remaining_wait).then_some(metrics.remaining_wait_ns),
    }
}
