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
//! A breaker with a window of time, slow calls, growing waits or shadow mode has a [`Pace`] besides:
//! what its calls must know without the lock. The windows themselves are behind the lock. What a healthy
//! call adds to them is a success, which is counted in a stripe anyway; so it adds nothing, and whoever takes
//! the lock next puts the successes in the window that have been counted since ([`Machine::catch_up`]).
//! A success that a thread is just about to count may so come after the failure of another thread, and
//! the change of state that follows from it: in either order it is in the right epoch's window but for
//! a thread that is stopped between the two instructions for a whole opening, or for a `reset`. And where such a
//! success completes `minimum_calls` after that failure, the rate may be met and nobody asks before the next
//! sample. The loom tests allow that much and no more.
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
//!   `since`, the machine decides, under the lock. (While half-open, `since` keeps the moment of the last
//!   probe for the machine. It is stored after the half-open word, so that a caller who still sees the open
//!   one does not see it.) `Pace::wait` goes with `since`: where a wait follows another with nothing between
//!   (a `trip` while open), the word says that the machine is to be asked while the two are changed, so that who
//!   has read either of the new ones finds another word. Without `Pace` every wait is the timeout, and to have seen
//!   the new beginning under the old word is to come after the `trip`.
//! * *Success in a quiet window of time*: at the load of the word, too. Which bucket it falls into is
//!   said by `Pace::bucket`; read beside the word it may be the one before or after, and so may the success.
//!
//! With [`Levels`] the word is changed under the lock only, but for a success that forgets the failures in a
//! row; and whoever has the lock first sees to it that no success does ([`Cell::claim`]). So no operation on a
//! window runs twice.

mod reading;

use std::sync::Arc;

#[cfg(feature = "std")]
pub(crate) use reading::View;

use crate::annex::{Annex, Ledger};
use crate::machine::{
    Admission, Effect, Ending, Levels, Machine, Nanos, NeedsNow, Outcome, Parked, Policy, Recorded,
    Recording, RejectReason, Rules, Settled, Ticket, Transition, Verdict, Word, finite, remaining,
};
use crate::pace::Pace;
use crate::stripe::Stripe;
#[cfg(feature = "std")]
use crate::sync::MutexGuard;
use crate::sync::{AtomicU64, Mutex, Ordering, lock};

/// A [`Machine`] that any number of threads may use at once.
///
/// Operations that may take the lock are handed `successes`: how to find out how many successes have been
/// counted. It is called where there is a window.
#[derive(Debug)]
pub(crate) struct Cell {
    word: AtomicU64,
    since: AtomicU64,
    policy: Policy,
    pace: Option<Box<Pace>>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    /// Without its moment, which is `since`.
    machine: Parked,
    /// None until there is something to write down: a healthy breaker has no need of it.
    annex: Option<Box<Annex>>,
}

impl Cell {
    /// A closed cell; `seed` is for the jitter, where the rules give none.
    pub(crate) fn new(rules: &Rules, seed: u64) -> Self {
        let policy = rules.policy;
        let levels = Levels::new(rules, seed);
        let (machine, since) = Machine::new().park();
        let word = Machine::new().word(&policy, levels.as_ref());
        Self {
            word: AtomicU64::new(word.to_bits()),
            since: AtomicU64::new(since),
            policy,
            pace: levels
                .as_ref()
                .and_then(|levels| Pace::new(&policy, levels)),
            inner: Mutex::new(Inner {
                machine,
                annex: levels.map(|levels| Box::new(Annex::new(levels))),
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
        if !word.is_waiting_for_timeout() {
            return None;
        }
        self.left_of_wait(word, self.policy.timeout, now)
    }

    /// What is left of the wait that this word tells of, where it is surely not over.
    #[inline]
    fn left_of_wait(&self, word: Word, wait: Nanos, now: Nanos) -> Option<Nanos> {
        let since = self.since.load(Ordering::Acquire);
        let left = remaining(wait, since, now);
        (since <= now && left > 0 && self.word() == word).then_some(left)
    }

    /// Asks for admission.
    pub(crate) fn admit(
        &self,
        now: Option<Nanos>,
        successes: impl Fn() -> u64,
    ) -> Result<Admission, NeedsNow> {
        let word = self.word();
        if word.admits_all() {
            return Ok(admitted(word));
        }
        if word.needs_now() {
            let now = now.ok_or(NeedsNow)?;
            if let Some(left) = self.reject_unasked(now) {
                return Ok(rejected(left, false));
            }
            if let Some(pace) = &self.pace {
                if word.admits_timed() && !pace.counts_hung_calls() {
                    return Ok(admitted(word));
                }
                if word.is_waiting()
                    && let Some(left) = self.left_of_wait(word, pace.wait(), now)
                {
                    return Ok(rejected(left, pace.is_shadow()));
                }
            }
        }
        self.locked(successes, |machine, levels| {
            machine.admit(&self.policy, levels, now)
        })
    }

    /// Whether this permit's success changes nothing: then it has been applied.
    #[inline(always)]
    pub(crate) fn success_changes_nothing(&self, permit: Word) -> bool {
        self.word().is_untouched_by_success_of(permit)
    }

    /// Settles a permit without the lock; none where only the machine can say what it does.
    #[inline(always)]
    pub(crate) fn settle_unasked(&self, permit: Word, outcome: Outcome) -> Option<Effect> {
        self.change_word(|word| word.settled(&self.policy, permit, outcome))
    }

    /// Whether settling takes a reading of the clock, whatever it does; others take one if it turns out
    /// that they change the state.
    #[inline]
    pub(crate) fn settling_needs_now(&self, outcome: Outcome) -> bool {
        self.pace
            .as_ref()
            .is_some_and(|pace| pace.settling_needs_now(outcome))
    }

    /// Whether this permit's success is only to be counted, in a breaker whose successes take the time: then
    /// it has been applied.
    #[inline(always)]
    pub(crate) fn success_is_usual(&self, ticket: Ticket, now: Nanos) -> bool {
        self.pace.as_ref().is_some_and(|pace| {
            self.word().is_quiet_for_success_of(ticket.word) && pace.is_usual(ticket.began, now)
        })
    }

    /// Settles a permit; a change of state that this makes is put in `made`. (Not handed back: an answer
    /// that has room for one is copied about, and there is hardly ever one.)
    pub(crate) fn settle(
        &self,
        ticket: Ticket,
        ending: Ending,
        now: Option<Nanos>,
        successes: impl Fn() -> u64,
        made: &mut Option<Transition>,
    ) -> Result<Effect, NeedsNow> {
        if let Some(effect) = self.settle_unasked(ticket.word, ending.outcome) {
            return Ok(effect);
        }
        if let (Some(now), Outcome::Success) = (now, ending.outcome)
            && self.success_is_usual(ticket, now)
        {
            return Ok(Effect::Applied);
        }
        if ending.retry_after.is_some() {
            self.make_room_for_retry_after();
        }
        let policy = &self.policy;
        let inner = &mut *lock(&self.inner);
        // As `locked`, in two steps; see `Machine::settle_up_to_change`.
        loop {
            let word = self.claim(inner);
            let mut machine = self.up_to_date(word, inner, &successes);
            let levels = inner.levels_mut();
            match machine.settle_up_to_change(policy, levels, ticket, ending, now)? {
                Settled::Done(effect) => {
                    if self.publish(word, &machine, inner) {
                        return Ok(effect);
                    }
                }
                Settled::Changes(change) => {
                    let transition = machine.make(policy, inner.levels_mut(), change);
                    if self.publish(word, &machine, inner) {
                        inner.note(&transition);
                        *made = Some(transition);
                        return Ok(Effect::Applied);
                    }
                }
            }
        }
    }

    /// Records a result without a permit.
    pub(crate) fn record(
        &self,
        recorded: Recorded,
        now: Option<Nanos>,
        successes: impl Fn() -> u64,
    ) -> Result<Recording, NeedsNow> {
        let outcome = recorded.outcome();
        let unasked = self.change_word(|word| Some((word.recorded(&self.policy, outcome)?, ())));
        if unasked.is_some() {
            return Ok(Recording::default());
        }
        self.locked(successes, |machine, levels| {
            machine.record(&self.policy, levels, recorded, now)
        })
    }

    /// Changes the word as `change` says, from whatever it is then; none where `change` cannot say.
    #[inline(always)]
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

    /// A stripe for a host to count in; see [`Ledger::host_stripe`](crate::annex::Ledger::host_stripe).
    pub(crate) fn host_stripe(&self) -> Arc<Stripe> {
        lock(&self.inner).annex().ledger().host_stripe()
    }

    /// Applies one of the machine's controls.
    pub(crate) fn control(
        &self,
        successes: impl Fn() -> u64,
        control: impl Fn(&mut Machine, &Policy, Option<&mut Levels>) -> Option<Transition>,
    ) -> Option<Transition> {
        // Controls are handed the time, and so never ask for it.
        self.locked(successes, |machine, levels| {
            Ok(control(machine, &self.policy, levels))
        })
        .unwrap_or_default()
    }

    /// The lock itself, for [`Engine::hold`](crate::engine::Engine::hold).
    #[cfg(feature = "std")]
    pub(crate) fn hold(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    /// Runs an operation on the machine, and publishes what it has become. Transitions are noted.
    fn locked<R: Changing>(
        &self,
        successes: impl Fn() -> u64,
        operation: impl Fn(&mut Machine, Option<&mut Levels>) -> Result<R, NeedsNow>,
    ) -> Result<R, NeedsNow> {
        let inner = &mut *lock(&self.inner);
        loop {
            let word = self.claim(inner);
            let mut machine = self.up_to_date(word, inner, &successes);
            let result = operation(&mut machine, inner.levels_mut())?;
            if self.publish(word, &machine, inner) {
                for transition in result.transitions().into_iter().flatten() {
                    inner.note(transition);
                }
                return Ok(result);
            }
        }
    }

    /// The word from which to go on. With levels, nobody changes it after that but who holds the lock.
    fn claim(&self, inner: &Inner) -> Word {
        let mut word = self.word();
        if inner.levels().is_some() {
            while let Some(claimed) = word.claimed() {
                word = match self.exchange(word, claimed) {
                    Ok(()) => claimed,
                    Err(now) => now,
                };
            }
        }
        word
    }

    /// Makes the machine's new state the one that all see; false if the word has changed since.
    fn publish(&self, word: Word, machine: &Machine, inner: &mut Inner) -> bool {
        let levels = inner.levels();
        let (parked, at) = machine.park();
        let waits = machine.open_since().is_some();
        let after = machine.word(&self.policy, levels);
        // Before the word, for those who reject without the lock.
        if waits {
            if let (Some(pace), Some(levels)) = (&self.pace, levels) {
                if word.is_waiting() && after != word {
                    // Nobody is to find one wait's length with the other's beginning.
                    let between = word.between_waits();
                    self.word.store(between.to_bits(), Ordering::Release);
                }
                pace.set_wait(Machine::wait(&self.policy, Some(levels)));
            }
            self.since.store(at, Ordering::Release);
        }
        if levels.is_none() {
            if self.exchange(word, after).is_err() {
                return false;
            }
        } else if after != word {
            // Nobody else changes the word of a breaker with levels.
            self.word.store(after.to_bits(), Ordering::Release);
        }
        if !waits && parked.remembers_moment() {
            self.since.store(at, Ordering::Release);
        }
        if let (Some(pace), Some(levels)) = (&self.pace, levels) {
            pace.set_bucket(levels.newest_bucket());
        }
        inner.machine = parked;
        true
    }

    /// Sees to it that a wait that a server asks for can be remembered: the first time, a breaker without
    /// levels gets some, and from then on its word is changed under the lock only.
    fn make_room_for_retry_after(&self) {
        let inner = &mut *lock(&self.inner);
        if let Some(levels) = inner.levels_mut() {
            levels.make_room_for_retry_after(&self.policy);
            return;
        }
        let levels = Levels::for_retry_after(&self.policy);
        loop {
            let word = self.word();
            let machine = self.machine_at(word, inner);
            if self
                .exchange(word, machine.word(&self.policy, Some(&levels)))
                .is_ok()
            {
                inner.machine = machine.park().0;
                inner.annex().levels = Some(levels);
                return;
            }
        }
    }

    /// The machine with the failures that were counted in the word since; its window may lag behind.
    fn machine(&self, inner: &Inner) -> Machine {
        self.machine_at(self.word(), inner)
    }

    fn machine_at(&self, word: Word, inner: &Inner) -> Machine {
        let mut machine = inner.machine.unpark(self.since.load(Ordering::Relaxed));
        machine.catch_up(word, None, 0);
        machine
    }

    /// The machine, its window too, with all that was counted since.
    fn up_to_date(&self, word: Word, inner: &mut Inner, successes: impl Fn() -> u64) -> Machine {
        let mut machine = self.machine_at(word, inner);
        if let Some(Annex {
            levels: Some(levels),
            ledger,
        }) = inner.annex.as_deref_mut()
        {
            let hosts = ledger.as_ref().map_or(0, |ledger| ledger.hosts_successes());
            machine.catch_up(word, Some(levels), successes() + hosts);
        }
        machine
    }
}

impl Inner {
    #[cold]
    fn note(&mut self, transition: &Transition) {
        self.annex().ledger().note(transition);
    }

    fn annex(&mut self) -> &mut Annex {
        self.annex.get_or_insert_default()
    }

    fn levels(&self) -> Option<&Levels> {
        self.annex.as_ref()?.levels.as_ref()
    }

    fn ledger(&self) -> Option<&Ledger> {
        self.annex.as_ref()?.ledger.as_deref()
    }

    fn levels_mut(&mut self) -> Option<&mut Levels> {
        self.annex.as_mut()?.levels.as_mut()
    }
}

/// What an operation answers: it may tell of changes of state.
trait Changing {
    fn transitions(&self) -> [Option<&Transition>; 2];
}

impl Changing for Admission {
    fn transitions(&self) -> [Option<&Transition>; 2] {
        [self.transition.as_ref(), None]
    }
}

impl Changing for Recording {
    fn transitions(&self) -> [Option<&Transition>; 2] {
        self.transitions.each_ref().map(Option::as_ref)
    }
}

impl Changing for Option<Transition> {
    fn transitions(&self) -> [Option<&Transition>; 2] {
        [self.as_ref(), None]
    }
}

const fn admitted(word: Word) -> Admission {
    Admission {
        verdict: Verdict::Admitted(word),
        transition: None,
    }
}

const fn rejected(left: Nanos, is_shadow: bool) -> Admission {
    Admission {
        verdict: Verdict::rejected(RejectReason::Open, finite(left), is_shadow),
        transition: None,
    }
}

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod tests;
