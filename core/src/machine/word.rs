//! The admission word: what a machine publishes for those who need not ask it.

use super::{Forced, Machine, Phase};

/// A machine's state in 64 bits, and the permit that an admission gives (DESIGN 5).
///
/// | bits | meaning |
/// | --- | --- |
/// | 0 | *call in*: 0 means closed, no failure pending, nothing to decide |
/// | 1 to 59 | the epoch; bits 1 to 31 are its low 31 bits, for hosts that load only 32 bits |
/// | 60 to 63 | the phase (a private number) |
///
/// A host that reads bit 0 as 0 may run the guarded call at once. If the word is still the same
/// when the call has succeeded, the success changes nothing but a counter. In every other case the
/// host settles the very word that it read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Word(u64);

const CALL_IN: u64 = 1;
const PHASE_SHIFT: u32 = 60;
const EPOCH_MASK: u64 = (1 << PHASE_SHIFT) - 1;

const CLOSED: u64 = 0;
const OPEN: u64 = 1;
const HALF_OPEN: u64 = 2;
const FORCED_OPEN: u64 = 3;
const FORCED_CLOSED: u64 = 4;

impl Word {
    /// The word with these bits, as they came from [`Word::to_bits`] or a host's load.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The word whose low 32 bits a host has read, seen from the `current` word: the epoch's high
    /// bits are taken from there. A permit older than 2^31 transitions is taken for a younger one.
    pub const fn from_low_bits(low: u32, current: Self) -> Self {
        let behind = (current.0 as u32 >> 1).wrapping_sub(low >> 1) & (u32::MAX >> 1);
        let epoch = current.epoch().wrapping_sub(behind as u64);
        Self(((epoch << 1) & EPOCH_MASK) | (low as u64 & CALL_IN))
    }

    /// The bits.
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// The epoch in which the word was read or the permit was given.
    pub const fn epoch(self) -> u64 {
        (self.0 & EPOCH_MASK) >> 1
    }

    /// Whether there is nothing to decide: closed, no failure pending.
    pub const fn is_clear(self) -> bool {
        self.0 & CALL_IN == 0
    }
}

/// What the cell reads from a word without its lock.
#[cfg(any(feature = "std", loom))]
impl Word {
    /// The word that the machine shows when this permit's success would change nothing.
    pub(crate) const fn cleared(self) -> Self {
        Self(self.0 & !CALL_IN)
    }

    /// Whether every call is admitted without a look at anything else (SPEC 4.1, 10.3).
    pub(crate) const fn admits_all(self) -> bool {
        matches!(self.0 >> PHASE_SHIFT, CLOSED | FORCED_CLOSED)
    }

    /// Whether an admission takes a reading of the clock.
    pub(crate) const fn needs_now(self) -> bool {
        matches!(self.0 >> PHASE_SHIFT, OPEN | HALF_OPEN)
    }

    /// Whether an automatic wait is running, or over and nobody has come yet.
    pub(crate) const fn is_waiting(self) -> bool {
        self.0 >> PHASE_SHIFT == OPEN
    }
}

impl Machine {
    /// The word that this state publishes.
    pub const fn word(&self) -> Word {
        let (phase, call_in) = match (self.forced, self.phase) {
            (Some(Forced::Open), _) => (FORCED_OPEN, CALL_IN),
            (Some(Forced::Closed), _) => (FORCED_CLOSED, 0),
            (None, Phase::Closed { failures: 0 }) => (CLOSED, 0),
            (None, Phase::Closed { .. }) => (CLOSED, CALL_IN),
            (None, Phase::Open { .. }) => (OPEN, CALL_IN),
            (None, Phase::HalfOpen { .. }) => (HALF_OPEN, CALL_IN),
        };
        Word(phase << PHASE_SHIFT | (self.epoch << 1 & EPOCH_MASK) | call_in)
    }
}
