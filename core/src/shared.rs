//! Where machine, clock, counters and listeners meet.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::engine::Engine;
use crate::error::Rejection;
use crate::event::{self, Outbox};
use crate::machine::{
    Admission, Nanos, NeedsNow, Outcome, Policy, Recorded, RejectReason, Settlement, State,
    Transition, Verdict, Word, finite,
};
use crate::metrics::CircuitBreakerMetrics;

/// One breaker, behind every handle to it. Opaque: it is named only as what permits point at.
pub struct Shared {
    engine: Engine,
    /// None for a breaker that was given nothing: most of a hundred thousand.
    extras: Option<Box<Extras>>,
}

/// What a breaker may be given, and not every one is.
#[derive(Default)]
pub(crate) struct Extras {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) clock: Option<Arc<dyn Clock>>,
    pub(crate) outbox: Option<Outbox>,
}

impl Shared {
    pub(crate) fn new(policy: Policy, extras: Extras) -> Self {
        let given = extras.name.is_some() || extras.clock.is_some() || extras.outbox.is_some();
        Self {
            engine: Engine::new(policy),
            extras: given.then(|| Box::new(extras)),
        }
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.extras.as_ref()?.name.as_deref()
    }

    fn now(&self) -> Nanos {
        match self.extras.as_ref().and_then(|it| it.clock.as_ref()) {
            Some(clock) => clock.now(),
            None => SystemClock.now(),
        }
    }

    pub(crate) const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Decides, with a reading of the clock only if it takes one. The clock is read here, where no
    /// lock is held: it may be the user's.
    fn decide<R>(
        &self,
        mut now: Option<Nanos>,
        decision: impl Fn(Option<Nanos>) -> Result<R, NeedsNow>,
    ) -> R {
        loop {
            match decision(now) {
                Ok(result) => return result,
                Err(NeedsNow) => now = Some(self.now()),
            }
        }
    }

    fn tell(&self, transition: Transition) {
        match self.extras.as_ref().and_then(|it| it.outbox.as_ref()) {
            Some(outbox) => outbox.deliver(self.name(), transition),
            None => event::log(self.name(), &transition),
        }
    }

    #[inline(always)]
    pub(crate) fn admit(&self) -> Result<Word, Rejection> {
        match self.engine.admit_unasked() {
            Some(word) => Ok(word),
            None => self.ask(),
        }
    }

    /// Not `cold`: while the service is sick, this is where the traffic goes.
    #[inline(never)]
    fn ask(&self) -> Result<Word, Rejection> {
        if !self.engine.admission_needs_now() {
            return self.ask_the_machine(None);
        }
        let now = self.now();
        match self.engine.reject_unasked(now) {
            Some(left) => Err(rejection(RejectReason::Open, finite(left))),
            None => self.ask_the_machine(Some(now)),
        }
    }

    #[cold]
    fn ask_the_machine(&self, now: Option<Nanos>) -> Result<Word, Rejection> {
        let Admission {
            verdict,
            transition,
        } = self.decide(now, |now| self.engine.admit(now));
        if let Some(transition) = transition {
            self.tell(transition);
        }
        match verdict {
            Verdict::Admitted(word) => Ok(word),
            Verdict::Rejected {
                reason,
                retry_after,
            } => Err(rejection(reason, retry_after)),
        }
    }

    #[inline(always)]
    pub(crate) fn settle(&self, permit: Word, outcome: Outcome) -> Settlement {
        if matches!(outcome, Outcome::Success) && self.engine.succeed_unasked(permit) {
            return Settlement::APPLIED;
        }
        self.settle_out_of_line(permit, outcome)
    }

    /// As `settle`, where nobody asks what it did: a settlement is seven words to hand back.
    #[inline(always)]
    pub(crate) fn settle_quietly(&self, permit: Word, outcome: Outcome) {
        if !matches!(outcome, Outcome::Success) || !self.engine.succeed_unasked(permit) {
            self.settle_quietly_out_of_line(permit, outcome);
        }
    }

    #[inline(never)]
    fn settle_quietly_out_of_line(&self, permit: Word, outcome: Outcome) {
        if self.engine.settle_unasked(permit, outcome).is_none() {
            self.ask_to_settle(permit, outcome);
        }
    }

    #[inline(never)]
    fn settle_out_of_line(&self, permit: Word, outcome: Outcome) -> Settlement {
        match self.engine.settle_unasked(permit, outcome) {
            Some(effect) => Settlement {
                effect,
                transition: None,
            },
            None => self.ask_to_settle(permit, outcome),
        }
    }

    #[cold]
    #[inline(never)]
    fn ask_to_settle(&self, permit: Word, outcome: Outcome) -> Settlement {
        let settlement = self.decide(None, |now| self.engine.settle(permit, outcome, now));
        if let Some(transition) = settlement.transition {
            self.tell(transition);
        }
        settlement
    }

    pub(crate) fn record(&self, recorded: Recorded) {
        let recording = self.decide(None, |now| self.engine.record(recorded, now));
        for transition in recording.transitions.into_iter().flatten() {
            self.tell(transition);
        }
    }

    pub(crate) fn control(
        &self,
        control: impl FnOnce(&Engine, Nanos) -> Option<Transition>,
    ) -> Option<Transition> {
        let transition = control(&self.engine, self.now());
        if let Some(transition) = transition {
            self.tell(transition);
        }
        transition
    }

    pub(crate) fn state(&self) -> State {
        self.decide(None, |now| self.engine.state(now))
    }

    pub(crate) fn snapshot(&self) -> CircuitBreakerMetrics {
        self.decide(None, |now| self.engine.snapshot(now))
    }
}

fn rejection(reason: RejectReason, retry_after: Option<Nanos>) -> Rejection {
    Rejection::new(reason, retry_after.map(Duration::from_nanos))
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}
