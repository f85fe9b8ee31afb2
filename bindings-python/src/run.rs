//! A breaker in Python: core's engine, with the time handed in where it is asked for, and listeners told of
//! what it made.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use breaker::engine::Engine;
use breaker::machine::{
    Admission, Ending, NEVER, Nanos, NeedsNow, Recorded, Ticket, Verdict, Word,
};
use breaker::{Effect, Outcome, RejectReason, Transition};
use pyo3::prelude::*;

use crate::breaker_class::Breaker;
use crate::python::{Passing, Raised, raise_open_error, report};
use crate::{clock, judge, panics, seconds, told};

impl Breaker {
    /// Asks for admission where [`Engine::admit_unasked`] has none to give.
    ///
    /// # Errors
    ///
    /// `CircuitOpenError`; whatever the clock raises, and then nothing has changed.
    #[inline(never)]
    pub(crate) fn ask(&self, py: Python<'_>) -> Result<Ticket, Raised> {
        let mut now = None;
        if self.engine.admission_needs_now() {
            let reading = self.now(py)?;
            if let Some(left) = self.engine.reject_unasked(reading) {
                return Err(self.rejected(py, RejectReason::Open, finite(left)));
            }
            now = Some(reading);
        }
        let Admission {
            verdict,
            transition,
        } = self.decide(py, &mut now, |now| self.engine.admit(now))?;
        if let Some(transition) = transition {
            self.tell(py, transition);
        }
        let word = match verdict {
            Verdict::Admitted(word) => word,
            Verdict::Shadowed { .. } => Word::SHADOW,
            Verdict::Rejected {
                reason,
                retry_after,
            } => return Err(self.rejected(py, reason, retry_after)),
        };
        Ok(Ticket {
            word,
            began: now.unwrap_or_default(),
        })
    }

    fn rejected(&self, py: Python<'_>, reason: RejectReason, left: Option<Nanos>) -> Raised {
        raise_open_error(py, self.name.as_ref(), left.map(seconds::of), reason)
    }

    /// Settles a permit. It always does, also where the clock raises: that is reported, and the last reading
    /// taken.
    pub(crate) fn settle(&self, py: Python<'_>, ticket: Ticket, ending: Ending) -> Effect {
        if let Some(effect) = self.engine.settle_unasked(ticket.word, ending.outcome) {
            return effect;
        }
        let mut now = None;
        if self.engine.settling_needs_now(ending.outcome) {
            let reading = self.now_whatever_happens(py);
            if ending.outcome == Outcome::Success && self.engine.succeed_at(ticket, reading) {
                return Effect::Applied;
            }
            now = Some(reading);
        }
        let mut made = None;
        let effect = loop {
            match self.engine.settle_into(ticket, ending, now, &mut made) {
                Ok(effect) => break effect,
                Err(NeedsNow) => now = Some(self.now_whatever_happens(py)),
            }
        };
        if let Some(transition) = made {
            self.tell(py, transition);
        }
        effect
    }

    /// Settles a permit that nobody else did. An exception may be on its way past us, and listeners are Python.
    pub(crate) fn cancel(&self, py: Python<'_>, ticket: Ticket) {
        let passing = Passing::take(py);
        self.settle(py, ticket, Outcome::Cancelled.into());
        passing.restore();
    }

    /// Settles by what the result says.
    pub(crate) fn settle_result(&self, ticket: Ticket, result: &Bound<'_, PyAny>) {
        let py = result.py();
        let outcome = match &self.judge {
            Some(judge) => self.judged(py, ticket, || judge.of_result(result)),
            None => Outcome::Success,
        };
        self.settle(py, ticket, outcome.into());
    }

    /// Settles by what the exception says.
    pub(crate) fn settle_error(&self, ticket: Ticket, error: &Bound<'_, PyAny>) -> Outcome {
        let py = error.py();
        let outcome = self.judged(py, ticket, || judge::of_error(self.judge.as_deref(), error));
        self.settle(py, ticket, outcome.into());
        outcome
    }

    /// What the rules say. They call Python in many places; should one of ours panic there, the slot comes back all
    /// the same.
    fn judged(&self, py: Python<'_>, ticket: Ticket, rules: impl FnOnce() -> Outcome) -> Outcome {
        let rules = || {
            panics::point("rules");
            rules()
        };
        catch_unwind(AssertUnwindSafe(rules)).unwrap_or_else(|payload| {
            self.cancel(py, ticket);
            resume_unwind(payload)
        })
    }

    /// Records a result that no permit was taken for.
    ///
    /// # Errors
    ///
    /// Whatever the clock raises, and then nothing has changed.
    pub(crate) fn record(&self, py: Python<'_>, recorded: Recorded) -> PyResult<()> {
        let recording = self.decide(py, &mut None, |now| self.engine.record(recorded, now))?;
        for transition in recording.transitions.into_iter().flatten() {
            self.tell(py, transition);
        }
        Ok(())
    }

    /// Does something to the state by hand.
    ///
    /// # Errors
    ///
    /// Whatever the clock raises, and then nothing has changed.
    pub(crate) fn control(
        &self,
        py: Python<'_>,
        control: impl FnOnce(&Engine, Nanos) -> Option<Transition>,
    ) -> PyResult<Option<Transition>> {
        let transition = control(&self.engine, self.now(py)?);
        if let Some(transition) = transition {
            self.tell(py, transition);
        }
        Ok(transition)
    }

    /// Decides, with a reading of the clock only if it takes one. The clock is the user's code, and no lock is
    /// held while it is read.
    pub(crate) fn decide<R>(
        &self,
        py: Python<'_>,
        now: &mut Option<Nanos>,
        decision: impl Fn(Option<Nanos>) -> Result<R, NeedsNow>,
    ) -> PyResult<R> {
        loop {
            match decision(*now) {
                Ok(result) => return Ok(result),
                Err(NeedsNow) => *now = Some(self.now(py)?),
            }
        }
    }

    pub(crate) fn now(&self, py: Python<'_>) -> PyResult<Nanos> {
        clock::now(py, self.clock.as_deref())
    }

    fn now_whatever_happens(&self, py: Python<'_>) -> Nanos {
        self.now(py).unwrap_or_else(|error| {
            report(py, error, None);
            clock::last(self.clock.as_deref())
        })
    }

    fn tell(&self, py: Python<'_>, transition: Transition) {
        self.told
            .get_or_init(told::Told::boxed)
            .tell(py, self.name.as_ref(), transition);
    }
}

fn finite(left: Nanos) -> Option<Nanos> {
    (left != NEVER).then_some(left)
}
