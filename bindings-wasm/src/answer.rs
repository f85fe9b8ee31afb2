//! Where answers that are no single number stand: memory that the host reads, one row of 64-bit numbers after another.

use breaker::machine::{Reason, State, Transition};

use crate::home::{HISTORY, Metrics};
use crate::place::Place;

/// None of it: no wait, or one that never ends.
pub(crate) const NONE: u64 = u64::MAX;
/// Numbers of a transition.
pub(crate) const TRANSITION: usize = 10;
/// Numbers of a breaker's metrics.
pub(crate) const METRICS: usize = 32;

/// The last answer. What it holds depends on the export that wrote it.
pub(crate) static ANSWER: Place<[u64; HISTORY * TRANSITION]> =
    Place::new([0; HISTORY * TRANSITION]);

/// The transitions that the last timed operation made.
pub(crate) static MADE: Place<Made> = Place::new(Made {
    rows: [[0; TRANSITION]; 2],
    count: 0,
});

/// At most two transitions.
pub(crate) struct Made {
    /// First, so that it is found at the address.
    pub(crate) rows: [[u64; TRANSITION]; 2],
    pub(crate) count: u32,
}

impl Made {
    pub(crate) fn note(&mut self, transitions: [Option<Transition>; 2]) -> u32 {
        self.count = 0;
        for transition in transitions.iter().flatten() {
            self.rows[self.count as usize] = row(transition);
            self.count += 1;
        }
        self.count
    }
}

/// A transition as numbers.
pub(crate) fn row(transition: &Transition) -> [u64; TRANSITION] {
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
pub(crate) fn metrics_row(metrics: &Metrics) -> [u64; METRICS] {
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
