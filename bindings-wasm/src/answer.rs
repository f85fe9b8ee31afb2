//! Where answers that are no single number stand: memory that the host reads.

use breaker::machine::Transition;

use crate::place::Place;
use crate::rows::{self, TRANSITION, row};

/// The last answer. What it holds depends on the export that wrote it.
pub(crate) static ANSWER: Place<[u64; rows::ANSWER]> = Place::new([0; rows::ANSWER]);

/// The transitions that the last timed operation made.
pub(crate) static MADE: Place<Made> = Place::new(Made {
    rows: [[0; TRANSITION]; 2],
    count: 0,
});

/// The transitions that one operation made: at most two.
#[repr(C)]
pub(crate) struct Made {
    /// First, so that it is found at the address.
    rows: [[u64; TRANSITION]; 2],
    count: u32,
}

impl Made {
    /// Writes down what an operation made, in place of what was there; answers how many.
    pub(crate) fn note(&mut self, transitions: [Option<Transition>; 2]) -> u32 {
        self.count = 0;
        for transition in transitions.iter().flatten() {
            self.rows[self.count as usize] = row(transition);
            self.count += 1;
        }
        self.count
    }

    /// Writes down that an operation made none.
    pub(crate) const fn clear(&mut self) {
        self.count = 0;
    }

    /// How many the last operation made.
    pub(crate) const fn count(&self) -> u32 {
        self.count
    }
}
