//! What a result does. (SPEC 4.2 to 4.4, 6.2 to 6.4, 7, 8)

use core::fmt;

use super::{Machine, Nanos, NeedsNow, Phase, Policy, Reason, Transition, Word};

/// How an admitted call ended (SPEC 1.2). The numbers are the same in every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// The callee is healthy.
    Success = 0,
    /// The callee is not.
    Failure = 1,
    /// The call ended, and its result says nothing about the callee's health: a business error.
    Ignored = 2,
    /// The caller gave up.
    Cancelled = 3,
}

impl Outcome {
    /// Every outcome, by number.
    pub const ALL: [Self; 4] = [Self::Success, Self::Failure, Self::Ignored, Self::Cancelled];

    /// The name, as in SPEC 1.2 and in the label of the metric.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Ignored => "ignored",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What settling a permit did (SPEC 7.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Whether the outcome counted.
    pub effect: Effect,
    /// The change of state that it made, if any.
    pub transition: Option<Transition>,
}

impl Settlement {
    /// It counted, and changed no state.
    pub const APPLIED: Self = done(Effect::Applied, None);
}

/// Whether an outcome counted (SPEC 7.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Effect {
    /// It did.
    Applied = 0,
    /// The permit's epoch is over: only the stale total grew (7.1).
    Stale = 1,
    /// The permit had been settled before: nothing changed (7.2).
    AlreadySettled = 2,
}

impl Effect {
    /// Every effect, by number.
    pub const ALL: [Self; 3] = [Self::Applied, Self::Stale, Self::AlreadySettled];

    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Stale => "stale",
            Self::AlreadySettled => "already_settled",
        }
    }
}

/// A result recorded without a permit (SPEC 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recorded {
    /// As [`Outcome::Success`].
    Success,
    /// As [`Outcome::Failure`].
    Failure,
}

impl Recorded {
    /// The outcome that it is like.
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Success => Outcome::Success,
            Self::Failure => Outcome::Failure,
        }
    }
}

/// What recording a result did: up to two transitions, in order. Two where the wait was over: the
/// change to half-open comes first, and the result may then decide it (SPEC 8.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// The transitions, the first before the second.
    pub transitions: [Option<Transition>; 2],
}

impl Machine {
    /// Settles a permit.
    ///
    /// The machine tells a second settling from a first only by the slots taken; a home that hands
    /// out permits as values must see to it that each is settled once (SPEC 7.2).
    ///
    /// # Errors
    ///
    /// [`NeedsNow`] where the outcome changes the state and `now` was not handed in.
    pub fn settle(
        &mut self,
        policy: &Policy,
        permit: Word,
        outcome: Outcome,
        now: Option<Nanos>,
    ) -> Result<Settlement, NeedsNow> {
        if permit.epoch() != self.word().epoch() {
            return Ok(done(Effect::Stale, None));
        }
        if self.is_forced() {
            return Ok(done(Effect::Applied, None));
        }
        match self.phase() {
            Phase::Closed { failures } => {
                let transition = self.settle_closed(policy, failures, outcome, now)?;
                Ok(done(Effect::Applied, transition))
            }
            // No admission gives a permit of an open epoch.
            Phase::Open { .. } => Ok(done(Effect::AlreadySettled, None)),
            Phase::HalfOpen { in_flight, .. } => {
                let Some(in_flight) = in_flight.checked_sub(1) else {
                    return Ok(done(Effect::AlreadySettled, None));
                };
                let transition = self.settle_half_open(policy, in_flight, outcome, now)?;
                Ok(done(Effect::Applied, transition))
            }
        }
    }

    /// Records a result that no permit was taken for.
    ///
    /// # Errors
    ///
    /// [`NeedsNow`] where the state is open or the result changes it, and `now` was not handed in.
    pub fn record(
        &mut self,
        policy: &Policy,
        recorded: Recorded,
        now: Option<Nanos>,
    ) -> Result<Recording, NeedsNow> {
        let outcome = recorded.outcome();
        let mut transitions = [None; 2];
        if self.is_forced() {
            return Ok(Recording { transitions });
        }
        if let Phase::Open { since } = self.phase() {
            let now = now.ok_or(NeedsNow)?;
            match self.end_wait(policy, since, now) {
                Ok(transition) => transitions[0] = Some(transition),
                Err(_left) => return Ok(Recording { transitions }),
            }
        }
        let decided = match self.phase() {
            Phase::Closed { failures } => self.settle_closed(policy, failures, outcome, now)?,
            Phase::HalfOpen { in_flight, .. } => {
                self.settle_half_open(policy, in_flight, outcome, now)?
            }
            Phase::Open { .. } => None,
        };
        let next = usize::from(transitions[0].is_some());
        transitions[next] = decided;
        Ok(Recording { transitions })
    }

    fn settle_closed(
        &mut self,
        policy: &Policy,
        failures: u32,
        outcome: Outcome,
        now: Option<Nanos>,
    ) -> Result<Option<Transition>, NeedsNow> {
        let failures = match outcome {
            Outcome::Success => 0,
            Outcome::Failure => failures + 1,
            Outcome::Ignored | Outcome::Cancelled => failures,
        };
        if failures >= policy.failure_threshold {
            return Ok(Some(
                self.open(Reason::FailureThreshold, now.ok_or(NeedsNow)?),
            ));
        }
        self.set_phase(Phase::Closed { failures });
        Ok(None)
    }

    /// What the outcome does while half-open, with `left` probes in flight after it.
    fn settle_half_open(
        &mut self,
        policy: &Policy,
        left: u16,
        outcome: Outcome,
        now: Option<Nanos>,
    ) -> Result<Option<Transition>, NeedsNow> {
        match outcome {
            Outcome::Failure => {
                return Ok(Some(self.open(Reason::ProbeFailed, now.ok_or(NeedsNow)?)));
            }
            Outcome::Success if self.count + 1 >= policy.success_threshold => {
                return Ok(Some(
                    self.close(Reason::SuccessThreshold, now.ok_or(NeedsNow)?),
                ));
            }
            Outcome::Success => self.count += 1,
            Outcome::Ignored | Outcome::Cancelled => {}
        }
        self.in_flight = left;
        Ok(None)
    }
}

const fn done(effect: Effect, transition: Option<Transition>) -> Settlement {
    Settlement { effect, transition }
}
