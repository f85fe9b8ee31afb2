//! The breaker's answers in the model's words.

use k1s0_circuit_breaker as core;
use k1s0_conformance::vocabulary::{
    Effect, Metrics, Outcome, Reason, RejectReason, Rejection, Settled, State, Transition,
};

pub(crate) const fn outcome(outcome: Outcome) -> core::Outcome {
    match outcome {
        Outcome::Success => core::Outcome::Success,
        Outcome::Failure => core::Outcome::Failure,
        Outcome::Ignored => core::Outcome::Ignored,
        Outcome::Cancelled => core::Outcome::Cancelled,
    }
}

pub(crate) const fn state(state: core::CircuitBreakerState) -> State {
    match state {
        core::CircuitBreakerState::Closed => State::Closed,
        core::CircuitBreakerState::Open => State::Open,
        core::CircuitBreakerState::HalfOpen => State::HalfOpen,
    }
}

pub(crate) fn rejection(rejection: core::Rejection) -> Rejection {
    Rejection {
        reason: match rejection.reason {
            core::RejectReason::Open => RejectReason::Open,
            core::RejectReason::HalfOpen => RejectReason::HalfOpen,
            core::RejectReason::ForcedOpen => RejectReason::ForcedOpen,
            other => panic!("the suite does not know rejections for {other}"),
        },
        retry_after: rejection.retry_after.map(nanoseconds),
    }
}

pub(crate) fn transition(transition: core::Transition) -> Transition {
    Transition {
        from: state(transition.from),
        to: state(transition.to),
        epoch: transition.epoch,
        reason: reason(transition.reason),
        at: transition.at,
    }
}

pub(crate) fn settled(settlement: core::Settlement) -> Settled {
    Settled {
        effect: match settlement.effect {
            core::Effect::Applied => Effect::Applied,
            core::Effect::Stale => Effect::Stale,
            core::Effect::AlreadySettled => Effect::AlreadySettled,
            core::Effect::Shadowed => Effect::Shadowed,
        },
        transition: settlement.transition.map(transition),
    }
}

pub(crate) fn metrics(metrics: &core::CircuitBreakerMetrics) -> Metrics {
    Metrics {
        state: state(metrics.state),
        epoch: metrics.epoch,
        forced: metrics.forced,
        success: metrics.success_count,
        failure: metrics.failure_count,
        ignored: metrics.ignored_count,
        cancelled: metrics.cancelled_count,
        rejected: metrics.rejected_count,
        rejected_open: metrics.rejected_for(core::RejectReason::Open),
        rejected_half_open: metrics.rejected_for(core::RejectReason::HalfOpen),
        rejected_forced_open: metrics.rejected_for(core::RejectReason::ForcedOpen),
        stale: metrics.stale_count,
        transitions: metrics.transition_count,
        consecutive_failures: metrics.consecutive_failures.into(),
        probes_in_flight: metrics.probes_in_flight.into(),
        slow: metrics.slow_count,
        would_reject: metrics.would_reject_count,
        would_reject_open: metrics.would_reject_for(core::RejectReason::Open),
        would_reject_half_open: metrics.would_reject_for(core::RejectReason::HalfOpen),
        would_reject_forced_open: metrics.would_reject_for(core::RejectReason::ForcedOpen),
        window_calls: metrics.window_calls,
        window_failures: metrics.window_failures,
        window_slow: metrics.window_slow,
        success_rate: metrics.success_rate(),
        remaining_wait: metrics.remaining_wait.map(nanoseconds),
    }
}

fn reason(reason: core::Reason) -> Reason {
    match reason {
        core::Reason::FailureThreshold => Reason::FailureThreshold,
        core::Reason::TimeoutElapsed => Reason::TimeoutElapsed,
        core::Reason::SuccessThreshold => Reason::SuccessThreshold,
        core::Reason::ProbeFailed => Reason::ProbeFailed,
        core::Reason::ProbeTimeout => Reason::ProbeTimeout,
        core::Reason::Reset => Reason::Reset,
        core::Reason::Trip => Reason::Trip,
        core::Reason::Forced => Reason::Forced,
        core::Reason::Automatic => Reason::Automatic,
        core::Reason::FailureRate => Reason::FailureRate,
        core::Reason::SlowCallRate => Reason::SlowCallRate,
        other => panic!("the suite does not know transitions for {other}"),
    }
}

fn nanoseconds(duration: std::time::Duration) -> u64 {
    match u64::try_from(duration.as_nanos()) {
        Ok(ns) => ns,
        Err(_) => panic!("{duration:?} is more than 64 bits of nanoseconds"),
    }
}
