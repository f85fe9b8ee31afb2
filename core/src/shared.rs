//! Where machine, clock, counters and listeners meet.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::cell::Cell;
use crate::clock::Source;
use crate::counters::Counters;
use crate::error::Rejection;
use crate::event::{self, Outbox};
use crate::machine::{
    Admission, Effect, Machine, Nanos, NeedsNow, Outcome, Policy, Recorded, Settlement, State,
    Transition, Verdict, Word,
};
use crate::metrics::CircuitBreakerMetrics;

/// One breaker, behind every handle to it. Opaque: it is named only as what permits point at.
pub struct Shared {
    cell: Cell,
    counters: Counters,
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
            cell: Cell::new(policy),
            counters: Counters::new(),
            clock,
            name,
            outbox,
        }
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(crate) const fn cell(&self) -> &Cell {
        &self.cell
    }

    pub(crate) const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Decides, with a reading of the clock only if it takes one. The clock is read here, where no
    /// lock is held: it may be the user's.
    fn decide<R>(&self, decision: impl Fn(Option<Nanos>) -> Result<R, NeedsNow>) -> R {
        let mut now = None;
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
        match self.cell.admit_unasked() {
            Some(word) => Ok(word),
            None => self.ask(),
        }
    }

    #[cold]
    #[inline(never)]
    fn ask(&self) -> Result<Word, Rejection> {
        let Admission {
            verdict,
            transition,
        } = self.decide(|now| self.cell.admit(now));
        if let Some(transition) = transition {
            self.tell(transition);
        }
        match verdict {
            Verdict::Admitted(word) => Ok(word),
            Verdict::Rejected {
                reason,
                retry_after,
            } => {
                self.counters.rejected(reason);
                Err(Rejection::new(
                    reason,
                    retry_after.map(Duration::from_nanos),
                ))
            }
        }
    }

    #[inline(always)]
    pub(crate) fn settle(&self, permit: Word, outcome: Outcome) -> Settlement {
        if matches!(outcome, Outcome::Success) && self.cell.success_changes_nothing(permit) {
            self.counters.success();
            return Settlement {
                effect: Effect::Applied,
                transition: None,
            };
        }
        self.settle_slowly(permit, outcome)
    }

    #[cold]
    #[inline(never)]
    fn settle_slowly(&self, permit: Word, outcome: Outcome) -> Settlement {
        let settlement = self.decide(|now| self.cell.settle(permit, outcome, now));
        if outcome == Outcome::Success && settlement.effect == Effect::Applied {
            self.counters.success();
        }
        if let Some(transition) = settlement.transition {
            self.tell(transition);
        }
        settlement
    }

    pub(crate) fn record(&self, recorded: Recorded) {
        if recorded == Recorded::Success && self.cell.is_clear() {
            self.counters.success();
            return;
        }
        let recording = self.decide(|now| self.cell.record(recorded, now));
        if recorded == Recorded::Success {
            self.counters.success();
        }
        for transition in recording.transitions.into_iter().flatten() {
            self.tell(transition);
        }
    }

    pub(crate) fn control(
        &self,
        control: impl FnOnce(&mut Machine, Nanos) -> Option<Transition>,
    ) -> Option<Transition> {
        let now = self.clock.now();
        let transition = self.cell.control(|machine| control(machine, now));
        if let Some(transition) = transition {
            self.tell(transition);
        }
        transition
    }

    pub(crate) fn state(&self) -> State {
        self.decide(|now| self.cell.state(now))
    }

    pub(crate) fn snapshot(&self) -> CircuitBreakerMetrics {
        let view = self.decide(|now| self.cell.view(now));
        CircuitBreakerMetrics::new(view, self.counters.sum())
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}
