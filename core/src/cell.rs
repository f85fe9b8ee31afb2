//! The one concurrent home of a machine: its atomics, its orderings, its lock.
//!
//! The machine is behind a lock. Beside the lock stand two atomics, written only by who holds it
//! and read by those who do not want it:
//!
//! * `word`, the [admission word](Word). It is what makes the healthy path free of shared writes:
//!   a closed breaker admits after one load, and a success after a second load that finds the same
//!   word has nothing to change.
//! * `since`, the beginning of the wait. With it a rejection needs no lock.
//!
//! # Orderings
//!
//! Each operation takes effect at one point. Under the lock that is the store of the word, or, where
//! the word stays, the lock itself. Without the lock:
//!
//! * *Admission while closed*: at the load of the word. `Acquire`, paired with the `Release` store
//!   in [`Cell::publish`]: who is admitted sees everything that happened before the breaker closed.
//! * *Success while clear*: at the load of the word. It finds the permit's epoch and no pending
//!   failure, so the machine would not change; only a counter grows. `Acquire` for the same reason.
//! * *Rejection*: at the load of `since`. The word has said "waiting" before, at some epoch, and
//!   `since` belongs to that wait or to a later one, because `publish` writes `since` before the
//!   word (`Release`) and we load the word first (`Acquire`). If it belongs to a later wait, the
//!   breaker was open again when we loaded it, and we may say so. Either way the wait was
//!   running at that moment, by our caller's own reading of the clock.
//!   If the wait seems over, or the reading is before `since`, the machine decides, under the lock.
//!
//! A store under the lock needs no compare-exchange: there is one writer at a time.

use std::sync::Arc;

use crate::ledger::{Changes, Ledger, Totals};
use crate::machine::{
    Admission, Effect, Machine, Nanos, NeedsNow, Outcome, Policy, Recorded, Recording,
    RejectReason, Settlement, State, Transition, Verdict, Word, finite,
};
use crate::stripe::{Counts, Stripe};
use crate::sync::{AtomicU64, Mutex, MutexGuard, Ordering, lock};

/// A [`Machine`] that any number of threads may use at once.
#[derive(Debug)]
pub(crate) struct Cell {
    word: AtomicU64,
    since: AtomicU64,
    policy: Policy,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    machine: Machine,
    /// None until there is something to write down: a healthy breaker has no need of it.
    ledger: Option<Box<Ledger>>,
}

/// Everything that can be read at one moment, but for the stripes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) state: State,
    pub(crate) epoch: u64,
    pub(crate) transitions: u64,
    pub(crate) consecutive_failures: u32,
    pub(crate) probes_in_flight: u16,
    pub(crate) remaining_wait: Option<Nanos>,
    pub(crate) forced: bool,
    pub(crate) totals: Totals,
    pub(crate) changes: Changes,
    /// Of hosts that count for themselves.
    pub(crate) hosts: Counts,
}

impl Cell {
    pub(crate) fn new(policy: Policy) -> Self {
        let machine = Machine::new();
        Self {
            word: AtomicU64::new(machine.word().to_bits()),
            since: AtomicU64::new(0),
            policy,
            inner: Mutex::new(Inner {
                machine,
                ledger: None,
            }),
        }
    }

    /// The admission word as it is now.
    #[inline]
    pub(crate) fn word(&self) -> Word {
        Word::from_bits(self.word.load(Ordering::Acquire))
    }

    /// The word itself, for a host that reads it in place.
    pub(crate) const fn word_cell(&self) -> &AtomicU64 {
        &self.word
    }

    /// Admits without the lock where nothing has to be decided.
    #[inline]
    pub(crate) fn admit_unasked(&self) -> Option<Word> {
        let word = self.word();
        word.admits_all().then_some(word)
    }

    /// Asks for admission.
    pub(crate) fn admit(&self, now: Option<Nanos>) -> Result<Admission, NeedsNow> {
        let word = self.word();
        if word.admits_all() {
            return Ok(Admission {
                verdict: Verdict::Admitted(word),
                transition: None,
            });
        }
        if word.is_waiting() {
            let now = now.ok_or(NeedsNow)?;
            let since = self.since.load(Ordering::Acquire);
            let left = self.policy.remaining(since, now);
            if since <= now && left > 0 {
                return Ok(Admission {
                    verdict: Verdict::Rejected {
                        reason: RejectReason::Open,
                        retry_after: finite(left),
                    },
                    transition: None,
                });
            }
        }
        self.locked(|inner| {
            let admission = inner.machine.admit(&self.policy, now)?;
            inner.note(admission.transition);
            Ok(admission)
        })
    }

    /// Whether this permit's success changes nothing: then it has been applied, and only remains to
    /// be counted.
    #[inline]
    pub(crate) fn success_changes_nothing(&self, permit: Word) -> bool {
        self.word() == permit.cleared()
    }

    /// Settles a permit. A success that is `Applied` remains to be counted by the caller.
    pub(crate) fn settle(
        &self,
        permit: Word,
        outcome: Outcome,
        now: Option<Nanos>,
    ) -> Result<Settlement, NeedsNow> {
        self.locked(|inner| {
            let settlement = inner.machine.settle(&self.policy, permit, outcome, now)?;
            match settlement.effect {
                // Counted by the caller, so that it needs no ledger.
                Effect::Applied if outcome == Outcome::Success => {}
                Effect::Applied => inner.ledger().totals.count(outcome),
                Effect::Stale => inner.ledger().totals.stale += 1,
                Effect::AlreadySettled => {}
            }
            inner.note(settlement.transition);
            Ok(settlement)
        })
    }

    /// Records a result without a permit. A success remains to be counted by the caller.
    pub(crate) fn record(
        &self,
        recorded: Recorded,
        now: Option<Nanos>,
    ) -> Result<Recording, NeedsNow> {
        self.locked(|inner| {
            let recording = inner.machine.record(&self.policy, recorded, now)?;
            if recorded == Recorded::Failure {
                inner.ledger().totals.count(Outcome::Failure);
            }
            for transition in recording.transitions {
                inner.note(transition);
            }
            Ok(recording)
        })
    }

    /// Whether a success recorded now changes nothing; see `success_changes_nothing`.
    #[inline]
    pub(crate) fn is_clear(&self) -> bool {
        self.word().is_clear()
    }

    /// Whether a forced mode is on.
    pub(crate) fn is_forced(&self) -> bool {
        lock(&self.inner).machine.is_forced()
    }

    /// A stripe for a host to count in; see [`Ledger::host_stripe`].
    pub(crate) fn host_stripe(&self) -> Arc<Stripe> {
        lock(&self.inner).ledger().host_stripe()
    }

    /// Applies one of the machine's controls.
    pub(crate) fn control(
        &self,
        control: impl FnOnce(&mut Machine) -> Option<Transition>,
    ) -> Option<Transition> {
        self.locked(|inner| {
            let transition = control(&mut inner.machine);
            inner.note(transition);
            transition
        })
    }

    /// The state at `now`, which is asked for only while a wait runs.
    pub(crate) fn state(&self, now: Option<Nanos>) -> Result<State, NeedsNow> {
        lock(&self.inner).machine.state(&self.policy, now)
    }

    /// Everything at one moment.
    pub(crate) fn view(&self, now: Option<Nanos>) -> Result<View, NeedsNow> {
        let Inner { machine, ledger } = &*lock(&self.inner);
        let ledger = ledger.as_deref();
        Ok(View {
            state: machine.state(&self.policy, now)?,
            epoch: machine.epoch(),
            transitions: machine.transitions(),
            consecutive_failures: machine.consecutive_failures(),
            probes_in_flight: machine.probes_in_flight(),
            remaining_wait: machine.remaining_wait(&self.policy, now)?,
            forced: machine.is_forced(),
            totals: ledger.map(|it| it.totals).unwrap_or_default(),
            changes: ledger.map(|it| it.changes).unwrap_or_default(),
            hosts: ledger.map(Ledger::hosts).unwrap_or_default(),
        })
    }

    /// The lock itself, for [`Engine::hold`](crate::engine::Engine::hold).
    #[cfg(feature = "std")]
    pub(crate) fn hold(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    fn locked<R>(&self, operation: impl FnOnce(&mut Inner) -> R) -> R {
        let mut inner = lock(&self.inner);
        let result = operation(&mut inner);
        self.publish(&inner);
        result
    }

    /// Publishes what the machine has become. The guard is still held: one writer at a time.
    fn publish(&self, inner: &MutexGuard<'_, Inner>) {
        // The order is what rejections without the lock rely on; see the module's documentation.
        if let Some(since) = inner.machine.open_since() {
            self.since.store(since, Ordering::Release);
        }
        self.word
            .store(inner.machine.word().to_bits(), Ordering::Release);
    }
}

impl Inner {
    fn ledger(&mut self) -> &mut Ledger {
        self.ledger.get_or_insert_default()
    }

    fn note(&mut self, transition: Option<Transition>) {
        if let Some(transition) = transition {
            self.ledger().note(transition);
        }
    }
}

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod tests;
