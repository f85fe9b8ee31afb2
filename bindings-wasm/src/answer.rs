//! Where answers that are no single number stand: memory that the host reads.

use crate::place::Place;
use crate::rows::{self, Made};

/// The last answer. What it holds depends on the export that wrote it.
pub(crate) static ANSWER: Place<[u64; rows::ANSWER]> = Place::new([0; rows::ANSWER]);

/// The transitions that the last timed operation made.
pub(crate) static MADE: Place<Made> = Place::new(Made::new());
