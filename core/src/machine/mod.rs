//! The pure state machine: `(state, now, input) -> decision`.
//!
//! It holds no clock, no lock, does no I/O, allocates nothing and runs no user code. A home
//! around it ([`crate::CircuitBreaker`] for threads, a wasm module for one) keeps it safe from
//! concurrent use, reads the clock, counts totals and tells listeners.
//!
//! Most machines count failures in a row and have nothing else; those to which more is configured have
//! [`Levels`] beside them, which every operation takes.
//!
//! Time is an input, and only where it decides: every operation takes `Option<Nanos>` and answers
//! [`NeedsNow`], having changed nothing, where it cannot decide without one (SPEC 2.1).
//!
//! Invariants, each held by the one file named:
//!
//! * `Machine::enter` is the only place where the epoch grows, by one, and the only place where a
//!   [`Transition`] is made; so epochs are gap-free and each `from` is the `to` before it (P4).
//! * `admission.rs`: a probe's slot is taken when it is admitted, never later (6.1, P1).
//! * `settlement.rs`: a permit of another epoch changes nothing (7.1, P3).
//! * `sampling.rs`: a sample enters the window before the rates are looked at, and no sample enters it
//!   but while closed (11.4, 11.6).
//! * `control.rs`: a forced mode lies on top of the phase and never writes into it, but for the
//!   probes in flight (10.4).

mod admission;
mod backoff;
mod control;
mod hung;
mod levels;
mod policy;
mod rules;
mod sampling;
mod settlement;
mod state;
#[cfg(test)]
mod tests;
mod ticket;
mod word;

pub(crate) use admission::finite;
pub use admission::{Admission, RejectReason, Verdict};
pub use levels::{Bucket, Levels};
pub(crate) use policy::remaining;
pub use policy::{NEVER, OFF, Policy};
pub use rules::{BackoffRule, Ppm, Rate, Rules, SlowRule, WHOLE, WindowRule};
#[cfg(any(feature = "std", loom))]
pub(crate) use settlement::Settled;
pub use settlement::{Effect, Ending, Outcome, Recorded, Recording, Settlement};
pub use state::{Evidence, Reason, State, Transition};
pub use ticket::Ticket;
pub use word::Word;

use backoff::Opening;

use crate::window::Content;

/// A monotonic reading in nanoseconds. Only differences between readings mean anything.
pub type Nanos = u64;

/// The operation cannot be decided without a reading of the clock; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeedsNow;

/// One circuit breaker's state. See the [module](self) for what surrounds it.
///
/// The fields are a phase and a forced mode laid out flat, 24 bytes for what would take 32: there may
/// be a hundred thousand of these. Read and write them through `phase` and `set_phase`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Open: since when. Half-open: when the last probe was admitted. Closed: 0.
    at: Nanos,
    epoch: u64,
    /// Closed: failures in a row. Half-open: successful probes. Open: 0.
    count: u32,
    /// Half-open: unsettled probes of this epoch. Else 0.
    in_flight: u16,
    automatic: State,
    forced: Option<Forced>,
}

/// A [`Machine`] but for the one moment that it remembers.
#[cfg(any(feature = "std", loom))]
#[derive(Clone, Debug)]
pub(crate) struct Parked {
    epoch: u64,
    count: u32,
    in_flight: u16,
    automatic: State,
    forced: Option<Forced>,
}

#[cfg(any(feature = "std", loom))]
impl Parked {
    /// Whether there is a moment to keep.
    pub(crate) const fn remembers_moment(&self) -> bool {
        !matches!(self.automatic, State::Closed)
    }

    /// The machine again; closed, it remembers no moment.
    pub(crate) const fn unpark(&self, at: Nanos) -> Machine {
        Machine {
            at: match self.automatic {
                State::Closed => 0,
                State::Open | State::HalfOpen => at,
            },
            epoch: self.epoch,
            count: self.count,
            in_flight: self.in_flight,
            automatic: self.automatic,
            forced: self.forced,
        }
    }
}

/// The automatic state and what belongs to it; it is kept while a forced mode lies on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Closed {
        failures: u32,
    },
    Open {
        since: Nanos,
    },
    HalfOpen {
        /// Successful probes so far.
        successes: u32,
        /// Probes of this epoch that are not settled yet.
        in_flight: u16,
        /// When the last of them was admitted.
        last_admitted: Nanos,
    },
}

/// A mode set by hand (SPEC 10.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Forced {
    Open,
    Closed,
}

impl Default for Machine {
    fn default() -> Self {
        Self::new()
    }
}

impl Machine {
    /// The epoch of a new machine. It is not 0, so that a zeroed word is never a valid permit.
    pub const FIRST_EPOCH: u64 = 1;

    /// A closed machine with no failures.
    pub const fn new() -> Self {
        Self {
            at: 0,
            epoch: Self::FIRST_EPOCH,
            count: 0,
            in_flight: 0,
            automatic: State::Closed,
            forced: None,
        }
    }

    /// The current epoch (SPEC 1.3).
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// How many transitions there have been: one for each epoch after the first.
    pub const fn transitions(&self) -> u64 {
        self.epoch - Self::FIRST_EPOCH
    }

    /// Failures in a row, 0 unless the automatic state is closed (SPEC 9.2).
    pub const fn consecutive_failures(&self) -> u32 {
        match self.phase() {
            Phase::Closed { failures } => failures,
            Phase::Open { .. } | Phase::HalfOpen { .. } => 0,
        }
    }

    /// Successful probes so far, 0 unless the automatic state is half-open.
    pub const fn successful_probes(&self) -> u32 {
        match self.phase() {
            Phase::HalfOpen { successes, .. } => successes,
            Phase::Closed { .. } | Phase::Open { .. } => 0,
        }
    }

    /// Unsettled probes of the current epoch (SPEC 9.2).
    pub const fn probes_in_flight(&self) -> u16 {
        self.in_flight
    }

    /// Whether a forced mode is on (SPEC 10.3).
    pub const fn is_forced(&self) -> bool {
        self.forced.is_some()
    }

    /// The state under a forced mode, as of the last transition; without one, the state itself (SPEC 10.4).
    pub const fn automatic_state(&self) -> State {
        self.automatic
    }

    /// Closed, no failure in a row, nothing forced.
    pub const fn is_at_rest(&self) -> bool {
        matches!(
            (self.forced, self.phase()),
            (None, Phase::Closed { failures: 0 })
        )
    }

    /// What is left of a wait that goes on, surely: none where an admission may change something, be it that the clock stepped
    /// back (SPEC 2.3), and where the wait never ends.
    #[inline]
    pub fn left_of_running_wait(
        &self,
        policy: &Policy,
        levels: Option<&Levels>,
        now: Nanos,
    ) -> Option<Nanos> {
        let since = self.open_since()?;
        let left = finite(remaining(Self::wait(policy, levels), since, now))?;
        (since <= now && left > 0).then_some(left)
    }

    /// When the automatic state opened, while it is open and not forced.
    pub const fn open_since(&self) -> Option<Nanos> {
        match (self.forced, self.phase()) {
            (None, Phase::Open { since }) => Some(since),
            _ => None,
        }
    }

    /// The state as a caller sees it at `now`; changes nothing (SPEC 9.1).
    ///
    /// # Errors
    ///
    /// [`NeedsNow`] while the state is open, when `now` decides between open and half-open.
    pub fn state(
        &self,
        policy: &Policy,
        levels: Option<&Levels>,
        now: Option<Nanos>,
    ) -> Result<State, NeedsNow> {
        Ok(match self.remaining_wait(policy, levels, now)? {
            Some(0) => State::HalfOpen,
            _ => self.stored_state(),
        })
    }

    /// What is left of the wait at `now`: 0 once it is over, none when nothing is waited for
    /// ([`NEVER`] where the wait never ends). Changes nothing (SPEC 9.2).
    ///
    /// # Errors
    ///
    /// [`NeedsNow`] while the state is open.
    pub fn remaining_wait(
        &self,
        policy: &Policy,
        levels: Option<&Levels>,
        now: Option<Nanos>,
    ) -> Result<Option<Nanos>, NeedsNow> {
        match self.open_since() {
            None => Ok(None),
            Some(since) => {
                let wait = Self::wait(policy, levels);
                Ok(Some(remaining(wait, since, now.ok_or(NeedsNow)?)))
            }
        }
    }

    /// How long the last opening waits: the timeout, where nothing makes it longer (SPEC 13.1).
    pub fn wait(policy: &Policy, levels: Option<&Levels>) -> Nanos {
        levels.map_or(policy.timeout, |levels| levels.wait(policy))
    }

    /// What the window holds at `now`: nothing unless the automatic state is closed (SPEC 9.2). Changes
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`NeedsNow`] while closed with a window of time.
    pub fn window(&self, levels: Option<&Levels>, now: Option<Nanos>) -> Result<Content, NeedsNow> {
        match (levels, self.automatic) {
            (Some(levels), State::Closed) => levels.content(now),
            _ => Ok(Content::default()),
        }
    }

    /// Takes note of what a home has done without the machine, because nothing was to be decided:
    /// `word` is the one that it has published since, `successes` are all that it has ever counted. A
    /// home with levels calls it before each operation.
    pub fn catch_up(&mut self, word: Word, levels: Option<&mut Levels>, successes: u64) {
        self.catch_up_failures(word);
        if let Some(levels) = levels {
            let counts = self.automatic == State::Closed && !self.is_forced();
            levels.account(successes, counts);
        }
    }

    /// The machine without its moment, for a home that keeps that elsewhere.
    #[cfg(any(feature = "std", loom))]
    pub(crate) const fn park(&self) -> (Parked, Nanos) {
        let parked = Parked {
            epoch: self.epoch,
            count: self.count,
            in_flight: self.in_flight,
            automatic: self.automatic,
            forced: self.forced,
        };
        (parked, self.at)
    }

    const fn phase(&self) -> Phase {
        match self.automatic {
            State::Closed => Phase::Closed {
                failures: self.count,
            },
            State::Open => Phase::Open { since: self.at },
            State::HalfOpen => Phase::HalfOpen {
                successes: self.count,
                in_flight: self.in_flight,
                last_admitted: self.at,
            },
        }
    }

    const fn set_phase(&mut self, phase: Phase) {
        (self.automatic, self.at, self.count, self.in_flight) = match phase {
            Phase::Closed { failures } => (State::Closed, 0, failures, 0),
            Phase::Open { since } => (State::Open, since, 0, 0),
            Phase::HalfOpen {
                successes,
                in_flight,
                last_admitted,
            } => (State::HalfOpen, last_admitted, successes, in_flight),
        };
    }

    /// The state of the last transition: open even when the wait is over.
    const fn stored_state(&self) -> State {
        match (self.forced, self.phase()) {
            (Some(Forced::Open), _) | (None, Phase::Open { .. }) => State::Open,
            (Some(Forced::Closed), _) | (None, Phase::Closed { .. }) => State::Closed,
            (None, Phase::HalfOpen { .. }) => State::HalfOpen,
        }
    }

    /// Begins a new epoch in `phase` and `forced`.
    fn enter(
        &mut self,
        phase: Phase,
        forced: Option<Forced>,
        reason: Reason,
        now: Nanos,
        window: Content,
    ) -> Transition {
        let from = self.stored_state();
        let (consecutive_failures, successful_probes) =
            (self.consecutive_failures(), self.successful_probes());
        self.set_phase(phase);
        self.forced = forced;
        self.epoch += 1;
        Transition {
            from,
            to: self.stored_state(),
            epoch: self.epoch,
            reason,
            at: now,
            evidence: Evidence {
                consecutive_failures,
                successful_probes,
                window,
            },
        }
    }

    /// Enters one of the automatic states, where nothing of the one before counts (11.6).
    #[cold]
    #[inline(never)]
    fn enter_automatic(
        &mut self,
        phase: Phase,
        levels: Option<&mut Levels>,
        reason: Reason,
        now: Nanos,
    ) -> Transition {
        let window = self.window(levels.as_deref(), Some(now));
        let transition = self.enter(phase, None, reason, now, window.unwrap_or_default());
        if let Some(levels) = levels {
            levels.empty();
        }
        transition
    }

    fn open(
        &mut self,
        policy: &Policy,
        mut levels: Option<&mut Levels>,
        reason: Reason,
        now: Nanos,
        retry_after: Option<Nanos>,
    ) -> Transition {
        let from_closed = self.automatic == State::Closed;
        if let Some(levels) = levels.as_deref_mut() {
            levels.open(
                policy,
                Opening {
                    from_closed,
                    retry_after,
                    now,
                },
            );
        }
        self.enter_automatic(Phase::Open { since: now }, levels, reason, now)
    }

    /// Enters half-open if the wait is over at `now`; otherwise answers what is left of it.
    /// A reading before `since` restarts the wait from that reading, once (SPEC 2.3).
    fn end_wait(
        &mut self,
        policy: &Policy,
        levels: Option<&mut Levels>,
        since: Nanos,
        now: Nanos,
    ) -> Result<Transition, Nanos> {
        match remaining(Self::wait(policy, levels.as_deref()), since, now) {
            0 => Ok(self.enter_automatic(
                Phase::HalfOpen {
                    successes: 0,
                    in_flight: 0,
                    last_admitted: now,
                },
                levels,
                Reason::TimeoutElapsed,
                now,
            )),
            left => {
                if now < since {
                    self.set_phase(Phase::Open { since: now });
                }
                Err(left)
            }
        }
    }
}
