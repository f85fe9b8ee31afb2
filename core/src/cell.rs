//! The one concurrent home of a machine: its atomics, its orderings, its lock.
//!
//! The machine is behind a lock. Beside the lock stand two atomics:
//!
//! * `word`, the [admission word](Word). It is what makes the healthy path free of shared writes:
//!   a closed breaker admits after one load, and a success after a second load that finds the same
//!   word has nothing to change. While closed it also counts the failures in a row, so that a failure
//!   that opens nothing takes a compare-exchange and not the lock.
//! * `since`, the beginning of the wait. With it a rejection needs no lock.
//!
//! # Orderings
//!
//! Each operation takes effect at one access to the word; that order is what the loom tests check.
//!
//! * *Under the lock*: at the compare-exchange in [`Cell::locked`]. The machine works on a copy that has
//!   caught up with the word; if the word has changed meanwhile (only its failures can, everything
//!   else needs the lock), the copy is thrown away and the operation runs again. `Release`, so that who
//!   reads the new word sees what led to it.
//! * *Admission while closed, success while clear*: at the load of the word, which finds that nothing
//!   is to be changed. `Acquire`: who is admitted sees all that happened before the breaker closed.
//! * *A result while closed*: at the compare-exchange, both `Acquire` and `Release`, because failures
//!   are counted on top of each other.
//! * *Rejection*: at the second load of the word, which finds it as the first did. `since` is read in
//!   between, `Acquire`, and was stored `Release` after every earlier word; so if it belonged to a later
//!   wait, the second load would find a later word. If the wait seems over, or the reading is before
//!   `since`, the machine decides, under the lock.

use std::sync::Arc;

use crate::ledger::{Changes, Ledger};
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

    /// What is left of the wait, where it is surely not over: then a caller is rejected without the
    /// lock.
    #[inline]
    pub(crate) fn reject_unasked(&self, now: Nanos) -> Option<Nanos> {
        let word = self.word();
        if !word.is_waiting() {
            return None;
        }
        let since = self.since.load(Ordering::Acquire);
        let left = self.policy.remaining(since, now);
        (since <= now && left > 0 && self.word() == word).then_some(left)
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
        if word.needs_now() {
            let now = now.ok_or(NeedsNow)?;
            if let Some(left) = self.reject_unasked(now) {
                return Ok(Admission {
                    verdict: Verdict::Rejected {
                        reason: RejectReason::Open,
                        retry_after: finite(left),
                    },
                    transition: None,
                });
            }
        }
        self.locked(|machine| {
            let admission = machine.admit(&self.policy, now)?;
            Ok((admission, [admission.transition, None]))
        })
    }

    /// Whether this permit's success changes nothing: then it has been applied.
    #[inline(always)]
    pub(crate) fn success_changes_nothing(&self, permit: Word) -> bool {
        self.word().is_untouched_by_success_of(permit)
    }

    /// Settles a permit without the lock; none where only the machine can say what it does.
    pub(crate) fn settle_unasked(&self, permit: Word, outcome: Outcome) -> Option<Effect> {
        self.change_word(|word| word.settled(&self.policy, permit, outcome))
    }

    /// Settles a permit.
    pub(crate) fn settle(
        &self,
        permit: Word,
        outcome: Outcome,
        now: Option<Nanos>,
    ) -> Result<Settlement, NeedsNow> {
        if let Some(effect) = self.settle_unasked(permit, outcome) {
            return Ok(Settlement {
                effect,
                transition: None,
            });
        }
        self.locked(|machine| {
            let settlement = machine.settle(&self.policy, permit, outcome, now)?;
            Ok((settlement, [settlement.transition, None]))
        })
    }

    /// Records a result without a permit.
    pub(crate) fn record(
        &self,
        recorded: Recorded,
        now: Option<Nanos>,
    ) -> Result<Recording, NeedsNow> {
        let outcome = recorded.outcome();
        let unasked = self.change_word(|word| Some((word.recorded(&self.policy, outcome)?, ())));
        if unasked.is_some() {
            return Ok(Recording::default());
        }
        self.locked(|machine| {
            let recording = machine.record(&self.policy, recorded, now)?;
            Ok((recording, recording.transitions))
        })
    }

    /// Changes the word as `change` says, from whatever it is then; none where `change` cannot say.
    fn change_word<R>(&self, change: impl Fn(Word) -> Option<(Word, R)>) -> Option<R> {
        let mut word = self.word();
        loop {
            let (changed, result) = change(word)?;
            if changed == word {
                return Some(result);
            }
            match self.exchange(word, changed) {
                Ok(()) => return Some(result),
                // Somebody else's change came first: lock-free, for that one is done.
                Err(now) => word = now,
            }
        }
    }

    fn exchange(&self, from: Word, to: Word) -> Result<(), Word> {
        self.word
            .compare_exchange(
                from.to_bits(),
                to.to_bits(),
                Ordering::AcqRel,
                Ordering::Acquire,
            )
            .map(|_| ())
            .map_err(Word::from_bits)
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
        control: impl Fn(&mut Machine) -> Option<Transition>,
    ) -> Option<Transition> {
        // Controls are handed the time, and so never ask for it.
        self.locked(|machine| {
            let transition = control(machine);
            Ok((transition, [transition, None]))
        })
        .unwrap_or_default()
    }

    /// The state at `now`, which is asked for only while a wait runs.
    pub(crate) fn state(&self, now: Option<Nanos>) -> Result<State, NeedsNow> {
        self.up_to_date(&lock(&self.inner)).state(&self.policy, now)
    }

    /// Everything at one moment.
    pub(crate) fn view(&self, now: Option<Nanos>) -> Result<View, NeedsNow> {
        let inner = lock(&self.inner);
        let machine = self.up_to_date(&inner);
        let ledger = inner.ledger.as_deref();
        Ok(View {
            state: machine.state(&self.policy, now)?,
            epoch: machine.epoch(),
            transitions: machine.transitions(),
            consecutive_failures: machine.consecutive_failures(),
            probes_in_flight: machine.probes_in_flight(),
            remaining_wait: machine.remaining_wait(&self.policy, now)?,
            forced: machine.is_forced(),
            changes: ledger.map(|it| it.changes).unwrap_or_default(),
            hosts: ledger.map(Ledger::hosts).unwrap_or_default(),
        })
    }

    /// The lock itself, for [`Engine::hold`](crate::engine::Engine::hold).
    #[cfg(feature = "std")]
    pub(crate) fn hold(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    /// Runs an operation on the machine, and publishes what it has become. Transitions are noted.
    fn locked<R>(
        &self,
        operation: impl Fn(&mut Machine) -> Result<(R, [Option<Transition>; 2]), NeedsNow>,
    ) -> Result<R, NeedsNow> {
        let inner = &mut *lock(&self.inner);
        loop {
            let word = self.word();
            let mut machine = inner.machine.clone();
            machine.catch_up(word);
            let (result, transitions) = operation(&mut machine)?;
            // Before the word, for those who reject without the lock.
            if let Some(since) = machine.open_since() {
                self.since.store(since, Ordering::Release);
            }
            if self.exchange(word, machine.word()).is_ok() {
                inner.machine = machine;
                for transition in transitions.into_iter().flatten() {
                    inner.ledger().note(transition);
                }
                return Ok(result);
            }
        }
    }

    /// The machine with what was counted in the word since.
    fn up_to_date(&self, inner: &MutexGuard<'_, Inner>) -> Machine {
        let mut machine = inner.machine.clone();
        machine.catch_up(self.word());
        machine
    }
}

impl Inner {
    fn ledger(&mut self) -> &mut Ledger {
        self.ledger.get_or_insert_default()
    }
}

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod tests;
