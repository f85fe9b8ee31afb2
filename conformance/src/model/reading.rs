//! Reading (SPEC 9).

use super::wait::Wait;
use super::window::Content;
use super::{Mode, Model};
use crate::vocabulary::{Metrics, State};

impl Model {
    /// The state as a caller sees it (9.1).
    pub fn state(&self, now: u64) -> State {
        match self.remaining(now) {
            Some(left) if left.is_over() => State::HalfOpen,
            _ => self.shown(),
        }
    }

    /// Everything that can be read (9.2).
    pub fn metrics(&self, now: u64) -> Metrics {
        let [success, failure, ignored, cancelled] = self.totals.outcomes;
        let [open, half_open, forced_open] = self.totals.rejected;
        let [would_open, would_half_open, would_forced_open] = self.totals.would_reject;
        let closed = self.automatic == State::Closed;
        let window = if closed {
            self.window.content(now)
        } else {
            Content::default()
        };
        Metrics {
            state: self.state(now),
            epoch: self.epoch,
            forced: self.mode != Mode::Automatic,
            success,
            failure,
            ignored,
            cancelled,
            rejected: open + half_open + forced_open,
            rejected_open: open,
            rejected_half_open: half_open,
            rejected_forced_open: forced_open,
            would_reject: would_open + would_half_open + would_forced_open,
            would_reject_open: would_open,
            would_reject_half_open: would_half_open,
            would_reject_forced_open: would_forced_open,
            slow: self.totals.slow,
            stale: self.totals.stale,
            transitions: self.totals.transitions,
            consecutive_failures: if closed { self.failures_in_a_row } else { 0 },
            probes_in_flight: self.probes(),
            window_calls: window.calls as u64,
            window_failures: window.failures as u64,
            window_slow: window.slow as u64,
            success_rate: (success + failure > 0)
                .then(|| success as f64 / (success + failure) as f64),
            remaining_wait: self.remaining(now).and_then(Wait::told),
        }
    }

    fn remaining(&self, now: u64) -> Option<Wait> {
        (self.mode == Mode::Automatic && self.automatic == State::Open)
            .then(|| self.waits.last.left(self.opened_at, now))
    }

    /// Probes are the live permits of this epoch, while half-open (6.1).
    pub(super) fn probes(&self) -> u64 {
        if self.mode != Mode::Automatic || self.automatic != State::HalfOpen {
            return 0;
        }
        let of_now = self.live.values().filter(|live| live.epoch == self.epoch);
        of_now.count() as u64
    }
}
