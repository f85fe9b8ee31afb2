//! Where machine, clock, counters and listeners meet.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::config::nanos;
use crate::engine::Engine;
use crate::error::Rejection;
use crate::event::{self, Outbox};
use crate::machine::{
    Admission, Effect, Ending, Nanos, NeedsNow, Outcome, Recorded, RejectReason, Rules, Settlement,
    State, Ticket, Transition, Verdict, Word, finite,
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
    pub(crate) fn new(rules: &Rules, extras: Extras) -> Self {
        let given = extras.name.is_some() || extras.clock.is_some() || extras.outbox.is_some();
        Self {
            engine: Engine::new(rules),
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

    /// Asks for admission. If it takes a reading of the clock, that is in `began` then, and stays
    /// untouched otherwise: apart from the word, so that the healthy path, which takes none, has no
    /// register to keep it in.
    #[inline(always)]
    pub(crate) fn admit(&self, began: &mut Nanos) -> Result<Word, Rejection> {
        match self.engine.admit_unasked() {
            Some(word) => Ok(word),
            None => self.ask(began),
        }
    }

    /// Not `cold`: while the service is sick, this is where the traffic goes.
    #[inline(never)]
    fn ask(&self, began: &mut Nanos) -> Result<Word, Rejection> {
        if !self.engine.admission_needs_now() {
            return self.ask_the_machine(None, began);
        }
        let now = self.now();
        match self.engine.reject_unasked(now) {
            Some(left) => Err(rejection(RejectReason::Open, finite(left))),
            None => self.ask_the_machine(Some(now), began),
        }
    }

    #[cold]
    fn ask_the_machine(
        &self,
        mut now: Option<Nanos>,
        began: &mut Nanos,
    ) -> Result<Word, Rejection> {
        let Admission {
            verdict,
            transition,
        } = loop {
            match self.engine.admit(now) {
                Ok(admission) => break admission,
                Err(NeedsNow) => now = Some(self.now()),
            }
        };
        *began = now.unwrap_or_default();
        if let Some(transition) = transition {
            self.tell(transition);
        }
        match verdict {
            Verdict::Admitted(word) => Ok(word),
            Verdict::Shadowed { .. } => Ok(Word::SHADOW),
            Verdict::Rejected {
                reason,
                retry_after,
            } => Err(rejection(reason, retry_after)),
        }
    }

    #[inline(always)]
    pub(crate) fn settle(&self, ticket: Ticket, outcome: Outcome) -> Settlement {
        if matches!(outcome, Outcome::Success) && self.engine.succeed_unasked(ticket.word) {
            // Not a constant: all of that would be copied, and most of it is nothing.
            return Settlement {
                effect: Effect::Applied,
                transition: None,
            };
        }
        self.settle_out_of_line(ticket, outcome)
    }

    /// As `settle`, where nobody asks what it did: a settlement is many words to hand back.
    #[inline(always)]
    pub(crate) fn settle_quietly(&self, word: Word, began: &Nanos, outcome: Outcome) {
        if !matches!(outcome, Outcome::Success) || !self.engine.succeed_unasked(word) {
            self.settle_quietly_out_of_line(word, began, outcome);
        }
    }

    #[inline(never)]
    fn settle_quietly_out_of_line(&self, word: Word, began: &Nanos, outcome: Outcome) {
        let ticket = Ticket {
            word,
            began: *began,
        };
        let mut now = None;
        if matches!(outcome, Outcome::Success) && word.was_quiet() {
            let reading = self.now();
            if self.engine.succeed_at(ticket, reading) {
                return;
            }
            now = Some(reading);
        }
        if self.engine.settle_unasked(word, outcome).is_none() {
            if now.is_none() && self.engine.settling_needs_now(outcome) {
                now = Some(self.now());
            }
            self.ask_to_settle_quietly(ticket, outcome, now);
        }
    }

    /// Out of line, so that the result's place on the stack is not the caller's business.
    #[inline(never)]
    fn ask_to_settle_quietly(&self, ticket: Ticket, outcome: Outcome, now: Option<Nanos>) {
        self.ask_to_settle(ticket, outcome.into(), now);
    }

    #[inline(never)]
    fn settle_out_of_line(&self, ticket: Ticket, outcome: Outcome) -> Settlement {
        self.settle_ending(ticket, outcome.into())
    }

    /// A failure with which the server asked not to be called for a while (SPEC 13.4).
    #[cold]
    pub(crate) fn fail_with_retry_after(&self, ticket: Ticket, asked: Duration) -> Settlement {
        let ending = Ending {
            outcome: Outcome::Failure,
            retry_after: Some(nanos(asked)),
        };
        self.settle_ending(ticket, ending)
    }

    fn settle_ending(&self, ticket: Ticket, ending: Ending) -> Settlement {
        if let Some(effect) = self.engine.settle_unasked(ticket.word, ending.outcome) {
            return Settlement {
                effect,
                transition: None,
            };
        }
        let needs_now = self.engine.settling_needs_now(ending.outcome);
        self.ask_to_settle(ticket, ending, needs_now.then(|| self.now()))
    }

    #[inline(always)]
    fn ask_to_settle(&self, ticket: Ticket, ending: Ending, now: Option<Nanos>) -> Settlement {
        let settlement = self.decide(now, |now| self.engine.settle(ticket, ending, now));
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

    pub(crate) fn tick(&self) -> Option<Transition> {
        self.control(Engine::tick)
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
