//! What the hosts are answered with that is no single number: rows of 64-bit numbers. README.md says their order.

#[cfg(feature = "explain")]
use alloc::{format, string::String};

#[cfg(feature = "explain")]
use breaker::explain::Explanation;
use breaker::machine::{Nanos, Outcome, Reason, RejectReason, State, Transition};
use breaker::window::Content;

/// None of it: no wait, or one that never ends.
pub const NONE: u64 = u64::MAX;
/// Numbers of a transition.
pub const TRANSITION: usize = 10;
/// Numbers of a breaker's metrics.
pub const METRICS: usize = 32;
/// Numbers of the longest answer, the history.
pub const ANSWER: usize = Transition::REMEMBERED * TRANSITION;

/// How many transitions there were, by `from` and `to`.
pub type Changes = [[u64; State::ALL.len()]; State::ALL.len()];

/// Everything that can be read of a breaker at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Metrics {
    /// By outcome.
    pub settled: [u64; Outcome::ALL.len()],
    /// By reason.
    pub rejected: [u64; RejectReason::ALL.len()],
    /// The same, of a breaker in shadow mode, which rejects none.
    pub would_reject: [u64; RejectReason::ALL.len()],
    /// Calls that took too long.
    pub slow: u64,
    /// Results that came too late.
    pub stale: u64,
    /// Changes of state and resets.
    pub transitions: u64,
    /// The state.
    pub state: State,
    /// The epoch.
    pub epoch: u64,
    /// Failures in a row.
    pub consecutive_failures: u32,
    /// Probes that are not settled yet.
    pub probes_in_flight: u16,
    /// What is left of the wait.
    pub remaining_wait: Option<Nanos>,
    /// Whether a forced mode is on.
    pub forced: bool,
    /// What the window holds.
    pub window: Content,
    /// Transitions by kind.
    pub changes: Changes,
}

/// A wait of an answer in milliseconds; NaN if it is none.
pub const fn milliseconds(wait: u64) -> f64 {
    match wait {
        NONE => f64::NAN,
        nanos => nanos as f64 / 1e6,
    }
}

/// Why a breaker is as it is: as JSON, a 0, and as lines. Both, for a host shows the one and reads the other; JSON has no
/// 0 in it.
#[cfg(feature = "explain")]
pub fn explained(explanation: &Explanation) -> String {
    format!("{}\0{explanation}", explanation.to_json())
}

/// A transition as numbers.
pub fn row(transition: &Transition) -> [u64; TRANSITION] {
    let evidence = transition.evidence;
    [
        transition.from as u64,
        transition.to as u64,
        transition.epoch,
        reason_number(transition.reason),
        transition.at,
        evidence.consecutive_failures.into(),
        evidence.successful_probes.into(),
        evidence.window.calls,
        evidence.window.failures,
        evidence.window.slow,
    ]
}

/// Its place in core's list, which is its number in every language.
fn reason_number(reason: Reason) -> u64 {
    let place = Reason::ALL.iter().position(|it| *it == reason);
    place.map_or(NONE, |place| place as u64)
}

/// Metrics as numbers. The rate is the bits of an `f64`.
pub fn metrics_row(metrics: &Metrics) -> [u64; METRICS] {
    let mut row = [0; METRICS];
    let [success, failure, ignored, cancelled] = metrics.settled;
    // In the order of core's reasons.
    let [rejected_open, rejected_half_open, rejected_forced_open] = metrics.rejected;
    let [
        would_reject_open,
        would_reject_half_open,
        would_reject_forced_open,
    ] = metrics.would_reject;
    let total = success + failure;
    let rate = if total == 0 {
        f64::NAN
    } else {
        success as f64 / total as f64
    };
    row[..22].copy_from_slice(&[
        success,
        failure,
        ignored,
        cancelled,
        rejected_open,
        rejected_half_open,
        rejected_forced_open,
        would_reject_open,
        would_reject_half_open,
        would_reject_forced_open,
        metrics.slow,
        metrics.stale,
        metrics.transitions,
        metrics.state as u64,
        metrics.epoch,
        metrics.consecutive_failures.into(),
        metrics.probes_in_flight.into(),
        metrics.remaining_wait.unwrap_or(NONE),
        metrics.forced.into(),
        metrics.window.calls,
        metrics.window.failures,
        metrics.window.slow,
    ]);
    for (from, to) in (0..State::ALL.len()).flat_map(|from| [(from, 0), (from, 1), (from, 2)]) {
        row[22 + from * 3 + to] = metrics.changes[from][to];
    }
    // After the changes, of which there are nine; a host that sums them does not meet the rate.
    row[METRICS - 1] = rate.to_bits();
    row
}
