//! Where machine, clock, counters and listeners meet.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Source;
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
    clock: Source,
    name: Option<Arc<str>>,
    outbox: Option<Box<Outbox>>,
}

impl Shared {
    pub(crate) fn new(
        policy: Policy,
        clock: Source,
        name: Option<Arc<str>>,
        outbox: Option<Box<Outbox>>,
    ) -> Self {
        Self {
            engine: Engine::new(policy),
            clock,
            name,
            outbox,
        }
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
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
                Err(NeedsNow) => now = Some(self.clock.now()),
            }
        }
    }

    fn tell(&self, transition: Transition) {
        match &self.outbox {
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
        let now = self.clock.now();
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
        self.settle_slowly(permit, outcome)
    }

    #[inline(never)]
    fn settle_slowly(&self, permit: Word, outcome: Outcome) -> Settlement {
        if let Some(effect) = self.engine.settle_unasked(permit, outcome) {
            return Settlement {
                effect,
                transition: None,
            };
        }
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
        let transition = control(&self.engine, self.clock.now());
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
