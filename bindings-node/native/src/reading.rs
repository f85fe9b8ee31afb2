//! What is read of a breaker, as numbers and as text.

use breaker::engine::Engine;
use breaker::machine::{Nanos, NeedsNow, Outcome, RejectReason, State};
use breaker::{CircuitBreakerMetrics, Explanation};
use interface::numbers::NEEDS_NOW;
use interface::rows;

use crate::boundary::Failed;
use crate::instance::Instance;

/// A state's number.
pub(crate) fn number_of(state: Result<State, NeedsNow>) -> i32 {
    state.map_or(NEEDS_NOW, |state| state as i32)
}

/// Writes the metrics into the answer; answers how many numbers they are.
pub(crate) fn metrics_of(
    instance: &mut Instance,
    breaker: u32,
    now: Option<Nanos>,
) -> Result<i32, Failed> {
    let engine: &Engine = instance.held.engine(breaker)?;
    let Ok(metrics) = engine.snapshot(now) else {
        return Ok(NEEDS_NOW);
    };
    let row = rows::metrics_row(&as_numbers(&metrics));
    instance.answers.write([row]);
    Ok(row.len() as i32)
}

fn as_numbers(metrics: &CircuitBreakerMetrics) -> rows::Metrics {
    rows::Metrics {
        settled: Outcome::ALL.map(|outcome| metrics.calls(outcome)),
        rejected: RejectReason::ALL.map(|reason| metrics.rejected_for(reason)),
        would_reject: RejectReason::ALL.map(|reason| metrics.would_reject_for(reason)),
        slow: metrics.slow_count,
        stale: metrics.stale_count,
        transitions: metrics.transition_count,
        state: metrics.state,
        epoch: metrics.epoch,
        consecutive_failures: metrics.consecutive_failures,
        probes_in_flight: metrics.probes_in_flight,
        // A wait that is told fits: it was 64 bits of nanoseconds in the machine.
        remaining_wait: metrics.remaining_wait.map(|wait| wait.as_nanos() as u64),
        forced: metrics.forced,
        window: breaker::window::Content {
            calls: metrics.window_calls,
            failures: metrics.window_failures,
            slow: metrics.window_slow,
        },
        changes: State::ALL.map(|from| State::ALL.map(|to| metrics.transitions_between(from, to))),
    }
}

/// Has the text say why a breaker is as it is.
pub(crate) fn text_of(instance: &mut Instance, explained: Result<Explanation, NeedsNow>) -> i32 {
    explained.map_or(NEEDS_NOW, |explanation| {
        instance.answers.text = rows::explained(&explanation);
        0
    })
}
