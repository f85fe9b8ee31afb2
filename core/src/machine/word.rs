//! The admission word: what a machine publishes for those who need not ask it.

use super::{Effect, Forced, Levels, Machine, Outcome, Phase, Policy};

/// A machine's state in 64 bits, and the permit that an admission gives (DESIGN 5).
///
/// | bits | meaning |
/// | --- | --- |
/// | 0 | *call in*: 0 means closed, no failure pending, nothing to decide |
/// | 1 to 31 | the low 31 bits of the epoch |
/// | 32 to 59 | failures in a row while closed; all ones where there are too many to write down |
/// | 60 | *special*: what else can be told from the word is not to be relied on |
/// | 61 to 63 | the phase (a private number) |
///
/// The low 32 bits are all that a permit needs, and what a host reads with one plain load. If bit 0
/// is 0 the host may run the guarded call at once. If the low bits are still the same when the call has
/// succeeded, the success changes nothing but a counter. In every other case the host settles the very
/// word that it read.
///
/// A permit that is held over 2^31 transitions is taken for one of the current epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Word(u64);

const CALL_IN: u32 = 1;
const FAILURES_SHIFT: u32 = 32;
const SPECIAL_SHIFT: u32 = 60;
const PHASE_SHIFT: u32 = 61;
/// As many failures as the word can write down; the machine knows how many more there are.
const MANY: u32 = (1 << (SPECIAL_SHIFT - FAILURES_SHIFT)) - 1;

// The highest bit says that an admission must ask, so that the healthy path tests a sign.
const CLOSED: u64 = 0;
const FORCED_CLOSED: u64 = 1;
/// Closed, with levels: a failure takes the machine, whatever else ends does not while nothing is special.
const CLOSED_WATCHED: u64 = 2;
/// As watched, and a success takes the time: it has a place in a window of time.
const CLOSED_TICKED: u64 = 3;
const OPEN: u64 = 4;
const HALF_OPEN: u64 = 5;
/// As ticked, and an admission takes the time too: the call's duration matters.
const CLOSED_TIMED: u64 = 6;
/// The largest, so that what is asked and takes the time is a range.
const FORCED_OPEN: u64 = 7;
/// Closed: the next success may decide something. Open: the wait is not the timeout, or nothing is rejected.
const SPECIAL: u64 = 1 << SPECIAL_SHIFT;
const QUIET_TICKED: u64 = CLOSED_TICKED << (PHASE_SHIFT - FAILURES_SHIFT);
const QUIET_TIMED: u64 = CLOSED_TIMED << (PHASE_SHIFT - FAILURES_SHIFT);

impl Word {
    /// The permit of a call that would have been rejected (SPEC 14): of no epoch.
    ///
    /// (An epoch whose number ends in 31 zeroes takes its own permits for this one while something is
    /// pending; their results count nowhere.)
    pub const SHADOW: Self = Self(CALL_IN as u64);

    /// The word with these bits, as they came from [`Word::to_bits`] or a host's load; a host that
    /// reads only the low 32 bits hands in those.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The bits.
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// The low 31 bits of the epoch in which the word was read or the permit was given.
    pub const fn epoch(self) -> u32 {
        self.low() >> 1
    }

    /// Whether this is the permit of a call that would have been rejected.
    pub const fn is_shadow(self) -> bool {
        self.low() == Self::SHADOW.low()
    }

    /// Whether an admission that answered with this word gave a probe's slot. Only the whole word tells.
    pub const fn is_probe(self) -> bool {
        self.phase() == HALF_OPEN
    }

    /// Whether there is nothing to decide: closed, no failure pending.
    pub const fn is_clear(self) -> bool {
        self.low() & CALL_IN == 0
    }

    const fn low(self) -> u32 {
        self.0 as u32
    }

    const fn phase(self) -> u64 {
        self.0 >> PHASE_SHIFT
    }

    const fn failures(self) -> u32 {
        (self.0 >> FAILURES_SHIFT) as u32 & MANY
    }

    /// The closed word of this epoch with so many failures.
    const fn closed(epoch: u32, failures: u32) -> Self {
        let failures = if failures < MANY { failures } else { MANY };
        let call_in = (failures > 0) as u32 * CALL_IN;
        Self((failures as u64) << FAILURES_SHIFT | (epoch << 1 | call_in) as u64)
    }
}

/// What a concurrent home may decide from the word alone, without its machine.
impl Word {
    /// Whether this word, the current one, says that the success of this permit changes nothing.
    #[inline(always)]
    pub const fn is_untouched_by_success_of(self, permit: Self) -> bool {
        self.low() == permit.low() & !CALL_IN
    }

    /// Whether every call is admitted without a look at anything else (SPEC 4.1, 10.3).
    #[inline(always)]
    pub const fn admits_all(self) -> bool {
        (self.0 as i64) >= 0
    }

    /// Whether an automatic wait is running, or over and nobody has come yet.
    pub const fn is_waiting(self) -> bool {
        self.phase() == OPEN
    }

    /// As [`is_waiting`](Self::is_waiting), and the wait is the timeout, and calls are rejected.
    pub const fn is_waiting_for_timeout(self) -> bool {
        self.0 >> FAILURES_SHIFT == OPEN << (PHASE_SHIFT - FAILURES_SHIFT)
    }

    /// Whether an admission takes a reading of the clock.
    pub const fn needs_now(self) -> bool {
        // Of those whose highest bit is set, all but the largest; as signed numbers, the smallest.
        (self.0 as i64) < (FORCED_OPEN << PHASE_SHIFT) as i64
    }

    /// Whether every call is admitted, and only the time is to be taken.
    pub const fn admits_timed(self) -> bool {
        self.phase() == CLOSED_TIMED
    }

    /// Whether this word, the current one, says that the success of this permit is only to be counted, if
    /// the call was not slow and the success falls into the newest bucket of a window of time.
    #[inline(always)]
    pub const fn is_quiet_for_success_of(self, permit: Self) -> bool {
        matches!(self.0 >> FAILURES_SHIFT, QUIET_TICKED | QUIET_TIMED)
            && self.epoch() == permit.epoch()
    }

    /// Whether the permit was given while a success was only to be counted, at its time: as far as the
    /// permit tells, which may be a part of the word only.
    #[inline(always)]
    #[cfg(any(feature = "std", loom))]
    pub(crate) const fn was_quiet(self) -> bool {
        matches!(self.0 >> FAILURES_SHIFT, QUIET_TICKED | QUIET_TIMED)
    }

    /// What stands in place of this word, that of a wait, while the next wait takes its place: nothing that tells
    /// of a wait, so that everybody asks the machine. It is half-open's, and no permit is settled by it.
    #[cfg(any(feature = "std", loom))]
    pub(crate) const fn between_waits(self) -> Self {
        Self(HALF_OPEN << PHASE_SHIFT | self.low() as u64)
    }

    /// With levels: whether somebody may change this word without the lock, and to what it must be changed
    /// before the machine is used, so that nobody does.
    #[cfg(any(feature = "std", loom))]
    pub(crate) const fn claimed(self) -> Option<Self> {
        let pending = self.phase() == CLOSED_WATCHED && self.failures() > 0;
        if pending && self.0 & SPECIAL == 0 {
            Some(Self(self.0 | SPECIAL))
        } else {
            None
        }
    }

    /// The word after this permit is settled so, and whether that counted; none where only the
    /// machine can say. It agrees with [`Machine::settle`], which is proved by the model tests.
    pub fn settled(
        self,
        policy: &Policy,
        permit: Self,
        outcome: Outcome,
    ) -> Option<(Self, Effect)> {
        if permit.epoch() != self.epoch() {
            let effect = if permit.is_shadow() {
                Effect::Shadowed
            } else {
                Effect::Stale
            };
            return Some((self, effect));
        }
        Some((self.recorded(policy, outcome)?, Effect::Applied))
    }

    /// The word after this result is recorded without a permit; none where only the machine can
    /// say: what is not closed, and what opens.
    pub fn recorded(self, policy: &Policy, outcome: Outcome) -> Option<Self> {
        match self.phase() {
            CLOSED => {
                let failures = match outcome {
                    Outcome::Success => 0,
                    Outcome::Failure => self.failures() + 1,
                    Outcome::Ignored | Outcome::Cancelled => self.failures(),
                };
                (failures < policy.failure_threshold && failures < MANY)
                    .then_some(Self::closed(self.epoch(), failures))
            }
            // A success of which more is to be counted takes it from where all successes are counted.
            CLOSED_WATCHED if self.0 & SPECIAL == 0 => match outcome {
                Outcome::Success => Some(Self(
                    CLOSED_WATCHED << PHASE_SHIFT | (self.epoch() << 1) as u64,
                )),
                Outcome::Failure => None,
                Outcome::Ignored | Outcome::Cancelled => Some(self),
            },
            FORCED_CLOSED => Some(self),
            _ => None,
        }
    }
}

impl Machine {
    /// As much of the epoch as a word holds.
    pub(super) const fn low_epoch(&self) -> u32 {
        self.epoch as u32 & (u32::MAX >> 1)
    }

    /// The word that this state publishes.
    pub fn word(&self, policy: &Policy, levels: Option<&Levels>) -> Word {
        let epoch = self.low_epoch();
        let (phase, failures, special, call_in) = match (self.forced, self.phase(), levels) {
            (None, Phase::Closed { failures }, None) => return Word::closed(epoch, failures),
            (None, Phase::Closed { failures }, Some(levels)) => {
                let restless = !levels.is_quiet();
                if levels.slow_call_duration().is_some() {
                    (CLOSED_TIMED, failures, restless, true)
                } else if levels.has_time_window() {
                    (CLOSED_TICKED, failures, restless, true)
                } else {
                    (CLOSED_WATCHED, failures, restless, restless || failures > 0)
                }
            }
            (Some(Forced::Closed), ..) => (FORCED_CLOSED, 0, false, false),
            (Some(Forced::Open), ..) => (FORCED_OPEN, 0, false, true),
            (None, Phase::Open { .. }, levels) => {
                let usual = Self::wait(policy, levels) == policy.timeout
                    && !levels.is_some_and(Levels::is_shadow);
                (OPEN, 0, !usual, true)
            }
            (None, Phase::HalfOpen { .. }, _) => (HALF_OPEN, 0, false, true),
        };
        let failures = failures.min(MANY);
        Word(
            phase << PHASE_SHIFT
                | u64::from(special) << SPECIAL_SHIFT
                | u64::from(failures) << FAILURES_SHIFT
                | u64::from(epoch << 1 | u32::from(call_in)),
        )
    }

    /// Takes over the failures that were counted in the word since the machine published it.
    pub(super) const fn catch_up_failures(&mut self, word: Word) {
        if let (None, Phase::Closed { .. }) = (self.forced, self.phase())
            && matches!(word.phase(), CLOSED | CLOSED_WATCHED)
            && word.failures() < MANY
        {
            self.set_phase(Phase::Closed {
                failures: word.failures(),
            });
        }
    }
}
