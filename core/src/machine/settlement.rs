//! What a result does. (SPEC 4.2 to 4.4, 6.2 to 6.4, 7, 8)

use core::fmt;

use super::{Levels, Machine, Nanos, NeedsNow, Phase, Policy, Reason, Ticket, Transition};

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

/// How an admitted call ended, and what the server said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// How it ended.
    pub outcome: Outcome,
    /// How long the server asks not to be called; it counts if this failure opens (SPEC 13.4).
    pub retry_after: Option<Nanos>,
}

impl From<Outcome> for Ending {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            retry_after: None,
        }
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
    /// The call would have been rejected, and was let through only because nothing is to be: its result
    /// counts nowhere (SPEC 14.1).
    Shadowed = 3,
}

impl Effect {
    /// Every effect, by number.
    pub const ALL: [Self; 4] = [
        Self::Applied,
        Self::Stale,
        Self::AlreadySettled,
        Self::Shadowed,
    ];

    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Stale => "stale",
            Self::AlreadySettled => "already_settled",
            Self::Shadowed => "shadowed",
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
    /// [`NeedsNow`] where `now` was not handed in and the outcome changes the state, or has a place in a
    /// window of time (11.3), or the call's duration matters (12.1).
    pub fn settle(
        &mut self,
        policy: &Policy,
        mut levels: Option<&mut Levels>,
        ticket: Ticket,
        ending: Ending,
        now: Option<Nanos>,
    ) -> Result<Settlement, NeedsNow> {
        Ok(
            match self.settle_up_to_change(policy, levels.as_deref_mut(), ticket, ending, now)? {
                Settled::Done(effect) => done(effect, None),
                Settled::Changes(change) => {
                    let transition = self.make(policy, levels, change);
                    done(Effect::Applied, Some(transition))
                }
            },
        )
    }

    /// Settles a permit but for the change of state that this makes. In two steps, because a change is large
    /// and rare: a home that counts results under its lock is not to carry one about that was not made.
    pub(crate) fn settle_up_to_change(
        &mut self,
        policy: &Policy,
        mut levels: Option<&mut Levels>,
        ticket: Ticket,
        ending: Ending,
        now: Option<Nanos>,
    ) -> Result<Settled, NeedsNow> {
        let Ticket {
            word: permit,
            began,
        } = ticket;
        if permit.epoch() != self.low_epoch() {
            let effect = if permit.is_shadow() {
                Effect::Shadowed
            } else {
                Effect::Stale
            };
            return Ok(Settled::Done(effect));
        }
        let change = match (self.is_forced(), self.phase()) {
            (true, _) => None,
            (false, Phase::Closed { .. }) => {
                self.settle_closed(policy, levels.as_deref_mut(), began, ending, now)?
            }
            // No admission gives a permit of an open epoch.
            (false, Phase::Open { .. }) => return Ok(Settled::Done(Effect::AlreadySettled)),
            (false, Phase::HalfOpen { in_flight, .. }) => {
                let Some(left) = in_flight.checked_sub(1) else {
                    return Ok(Settled::Done(Effect::AlreadySettled));
                };
                let slow = match levels.as_deref_mut() {
                    Some(levels) => levels.is_slow_probe(began, ending.outcome, now)?,
                    None => false,
                };
                self.settle_half_open(policy, left, slow, ending, now)?
            }
        };
        account(levels, ending.outcome);
        Ok(match change {
            None => Settled::Done(Effect::Applied),
            Some(change) => Settled::Changes(change),
        })
    }

    /// Makes a change of state that a result leads to.
    #[cold]
    pub(crate) fn make(
        &mut self,
        policy: &Policy,
        mut levels: Option<&mut Levels>,
        change: Change,
    ) -> Transition {
        let Change {
            reason,
            now,
            retry_after,
        } = change;
        if reason != Reason::SuccessThreshold {
            return self.open(policy, levels, reason, now, retry_after);
        }
        if let Some(levels) = levels.as_deref_mut() {
            levels.close(now);
        }
        self.enter_automatic(Phase::Closed { failures: 0 }, levels, reason, now)
    }

    /// Records a result that no permit was taken for.
    ///
    /// # Errors
    ///
    /// [`NeedsNow`] where `now` was not handed in and the state is open or the result changes it, or it
    /// has a place in a window of time.
    pub fn record(
        &mut self,
        policy: &Policy,
        mut levels: Option<&mut Levels>,
        recorded: Recorded,
        now: Option<Nanos>,
    ) -> Result<Recording, NeedsNow> {
        let ending = Ending::from(recorded.outcome());
        let mut transitions = [None; 2];
        if let (false, Phase::Open { since }) = (self.is_forced(), self.phase()) {
            let now = now.ok_or(NeedsNow)?;
            let waited = self.end_wait(policy, levels.as_deref_mut(), since, now);
            transitions[0] = waited.ok();
        }
        let decided = match (self.is_forced(), self.phase()) {
            (false, Phase::Closed { .. }) => {
                self.record_closed(policy, levels.as_deref_mut(), ending, now)?
            }
            (false, Phase::HalfOpen { in_flight, .. }) => {
                self.settle_half_open(policy, in_flight, false, ending, now)?
            }
            (true, _) | (false, Phase::Open { .. }) => None,
        };
        account(levels.as_deref_mut(), ending.outcome);
        let next = usize::from(transitions[0].is_some());
        transitions[next] = decided.map(|change| self.make(policy, levels, change));
        Ok(Recording { transitions })
    }

    /// What the outcome does while half-open, with `left` probes in flight after it.
    fn settle_half_open(
        &mut self,
        policy: &Policy,
        left: u16,
        slow: bool,
        ending: Ending,
        now: Option<Nanos>,
    ) -> Result<Option<Change>, NeedsNow> {
        match ending.outcome {
            // A success that came too late for its caller is no sign of health (12.4).
            Outcome::Success if !slow => {
                if self.count + 1 >= policy.success_threshold {
                    let change = Change::new(Reason::SuccessThreshold, ending, now)?;
                    self.count += 1;
                    return Ok(Some(change));
                }
                self.count += 1;
            }
            Outcome::Failure | Outcome::Success => {
                return Change::new(Reason::ProbeFailed, ending, now).map(Some);
            }
            Outcome::Ignored | Outcome::Cancelled => {}
        }
        self.in_flight = left;
        Ok(None)
    }
}

/// What settling a permit comes to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Settled {
    /// It is done.
    Done(Effect),
    /// It counted, and changes the state.
    Changes(Change),
}

/// A change of state that a result leads to, and that is still to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    reason: Reason,
    now: Nanos,
    /// What the server asked for, if the result was a failure (13.4).
    retry_after: Option<Nanos>,
}

impl Change {
    pub(super) fn new(
        reason: Reason,
        ending: Ending,
        now: Option<Nanos>,
    ) -> Result<Self, NeedsNow> {
        Ok(Self {
            reason,
            now: now.ok_or(NeedsNow)?,
            retry_after: match ending.outcome {
                Outcome::Failure => ending.retry_after,
                _ => None,
            },
        })
    }
}

/// The home counts every success that counted; those that were decided here are in the window already,
/// or not to be.
fn account(levels: Option<&mut Levels>, outcome: Outcome) {
    if let (Some(levels), Outcome::Success) = (levels, outcome) {
        levels.account_here();
    }
}

const fn done(effect: Effect, transition: Option<Transition>) -> Settlement {
    Settlement { effect, transition }
}
