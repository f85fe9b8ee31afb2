//! What an admission gives.

use super::{Nanos, Word};

/// The leave to run one call: what is to be handed in when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The word that the admission answered with.
    pub word: Word,
    /// The reading that the admission took; any number where it took none. Only what is slow depends on it
    /// (SPEC 12.1).
    pub began: Nanos,
}

impl From<Word> for Ticket {
    /// A ticket of an admission that took no reading.
    fn from(word: Word) -> Self {
        Self { word, began: 0 }
    }
}
