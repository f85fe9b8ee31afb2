//! A breaker without a clock, a name or listeners: what the faces of other languages stand on.
//!
//! [`CircuitBreaker`](crate::CircuitBreaker) is such a face, for Rust. A face hands in the time, where
//! it is asked for; it is given transitions back, and tells its own listeners (DESIGN 3, 4).

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};

use crate::cell::{Cell, Inner};
use crate::counters::{self, Counters, HostCounters};
pub use crate::counters::{Lease, Leases, with_leases};
pub use crate::event::InOrder;
use crate::explain::Explanation;
use crate::machine::{
    Admission, Effect, Ending, Levels, Machine, Nanos, NeedsNow, Outcome, Policy, Recorded,
    Recording, RejectReason, Rules, Settlement, State, Ticket, Transition, Verdict, Word,
};
use crate::metrics::CircuitBreakerMetrics;
use crate::stripe::HeldTable;
use crate::sync::{AtomicU64, MutexGuard};

/// A breaker that is driven: time comes in with each operation, transitions come out.
///
/// Any number of threads may use it at once. Every operation takes `now` in nanoseconds, or none;
/// where it cannot decide without, it answers [`NeedsNow`] and has changed nothing (SPEC 2.1).
#[derive(Debug)]
pub struct Engine {
    cell: Cell,
    counters: Counters,
}

impl Engine {
    /// A closed breaker; [`Settings::rules`](crate::config::Settings::rules) makes the rules. Where they
    /// have jitter and no seed for it, one is drawn.
    pub fn new(rules: &Rules) -> Self {
        Self {
            cell: Cell::new(rules, random_seed()),
            counters: Counters::new(),
        }
    }

    /// The admission word, for a host that reads it in place (DESIGN 5, [`Word`]). Read only.
    pub const fn admission_word(&self) -> &AtomicU64 {
        self.cell.word_cell()
    }

    /// The admission word, read.
    #[inline]
    pub fn word(&self) -> Word {
        self.cell.word()
    }

    /// A success counter for a host that settles healthy calls by itself.
    pub fn host_counters(&self) -> HostCounters {
        HostCounters::new(self.cell.host_stripe())
    }

    /// Admits where nothing has to be decided (SPEC 4.1, 10.3); none means ask [`admit`](Self::admit).
    #[inline(always)]
    pub fn admit_unasked(&self) -> Option<Word> {
        self.cell.admit_unasked()
    }

    /// Whether settling so will take a reading of the clock, as far as can be told. A word that
    /// [`settle_unasked`](Self::settle_unasked) settles takes none.
    #[inline]
    pub fn settling_needs_now(&self, outcome: Outcome) -> bool {
        self.cell.settling_needs_now(outcome)
    }

    /// Whether an admission will take a reading of the clock, as far as can be told.
    pub fn admission_needs_now(&self) -> bool {
        self.cell.word().needs_now()
    }

    /// Rejects where the wait is surely not over: what is left of it ([`NEVER`](crate::machine::NEVER)
    /// where it never ends). None means ask [`admit`](Self::admit).
    #[inline]
    pub fn reject_unasked(&self, now: Nanos) -> Option<Nanos> {
        let left = self.cell.reject_unasked(now)?;
        self.counters.rejected(RejectReason::Open);
        Some(left)
    }

    /// Asks for admission (SPEC 4.1, 5, 6.1).
    ///
    /// # Errors
    ///
    /// [`NeedsNow`] while open or half-open, and while closed where the call's duration will matter.
    pub fn admit(&self, now: Option<Nanos>) -> Result<Admission, NeedsNow> {
        let admission = self.cell.admit(now, || self.counters.successes())?;
        match admission.verdict {
            // What is not rejected for once is counted in the same place: a breaker does one or the other.
            Verdict::Rejected { reason, .. } | Verdict::Shadowed { reason } => {
                self.counters.rejected(reason);
            }
            Verdict::Admitted(_) => {}
        }
        Ok(admission)
    }

    /// Settles a permit as a success where that changes nothing but a counter; false means ask
    /// [`settle`](Self::settle).
    #[inline(always)]
    pub fn succeed_unasked(&self, permit: Word) -> bool {
        let nothing_changes = self.cell.success_changes_nothing(permit);
        if nothing_changes {
            self.counters.success();
        }
        nothing_changes
    }

    /// Whether a success of this permit changes nothing but a counter. It is then settled, and is to
    /// be counted: the two halves of [`succeed_unasked`](Self::succeed_unasked), for a face whose entries are so thin
    /// that what may panic or allocate is kept out of them.
    #[inline(always)]
    pub fn success_changes_nothing(&self, permit: Word) -> bool {
        self.cell.success_changes_nothing(permit)
    }

    /// Counts a success if that takes no more than an addition; false means nothing was done, and
    /// [`count_success`](Self::count_success) is to do it.
    #[inline(always)]
    pub fn count_success_at_once(&self) -> bool {
        self.counters.success_at_once()
    }

    /// As [`count_success_at_once`](Self::count_success_at_once), for a face that knows its thread's leases
    /// from [`with_leases`].
    #[inline(always)]
    pub fn count_success_in(&self, leases: &Leases) -> bool {
        self.counters.success_in(leases)
    }

    /// Where the calling thread counts this breaker's successes, for a host that does it in place. None where the
    /// thread keeps no lease: beyond two million breakers, and while it is ending.
    pub fn lease(&self) -> Option<Lease> {
        self.counters.lease()
    }

    /// Counts a success.
    pub fn count_success(&self) {
        self.counters.success();
    }

    /// Settles a permit (SPEC 7). Each is to be settled once; a host that copies words sees to it.
    ///
    /// # Errors
    ///
    /// [`NeedsNow`] where the outcome changes the state, has a place in a window of time, or the call's
    /// duration matters.
    pub fn settle(
        &self,
        ticket: Ticket,
        ending: Ending,
        now: Option<Nanos>,
    ) -> Result<Settlement, NeedsNow> {
        let mut transition = None;
        let effect = self.settle_into(ticket, ending, now, &mut transition)?;
        Ok(Settlement { effect, transition })
    }

    /// As [`settle`](Self::settle): a change of state that it makes is put in `made`, which is left alone where
    /// it makes none. It costs less where that is rare.
    ///
    /// # Errors
    ///
    /// As [`settle`](Self::settle).
    pub fn settle_into(
        &self,
        ticket: Ticket,
        ending: Ending,
        now: Option<Nanos>,
        made: &mut Option<Transition>,
    ) -> Result<Effect, NeedsNow> {
        let successes = || self.counters.successes();
        let effect = self.cell.settle(ticket, ending, now, successes, made)?;
        self.counters.settled(ending.outcome, effect);
        Ok(effect)
    }

    /// Settles a permit without the clock where that changes no state; none means ask
    /// [`settle`](Self::settle).
    #[inline(always)]
    pub fn settle_unasked(&self, permit: Word, outcome: Outcome) -> Option<Effect> {
        let effect = self.cell.settle_unasked(permit, outcome)?;
        self.counters.settled(outcome, effect);
        Some(effect)
    }

    /// Settles a permit as a success at `now` where that is only to be counted; false means ask
    /// [`settle`](Self::settle). For breakers whose successes take the time.
    #[inline(always)]
    pub fn succeed_at(&self, ticket: Ticket, now: Nanos) -> bool {
        let usual = self.cell.success_is_usual(ticket, now);
        if usual {
            self.counters.success();
        }
        usual
    }

    /// Records a result that no permit was taken for (SPEC 8.1).
    ///
    /// # Errors
    ///
    /// [`NeedsNow`] while open, where the result changes the state, and where it has a place in a window of
    /// time.
    pub fn record(&self, recorded: Recorded, now: Option<Nanos>) -> Result<Recording, NeedsNow> {
        let successes = || self.counters.successes();
        let recording = self.cell.record(recorded, now, successes)?;
        self.counters.settled(recorded.outcome(), Effect::Applied);
        Ok(recording)
    }

    /// See [`Machine::reset`] (SPEC 10.1).
    pub fn reset(&self, now: Nanos) -> Option<Transition> {
        self.control(|machine, policy, levels| Some(machine.reset(policy, levels, now)))
    }

    /// See [`Machine::trip`] (SPEC 10.2).
    pub fn trip(&self, now: Nanos) -> Option<Transition> {
        self.control(|machine, policy, levels| machine.trip(policy, levels, now))
    }

    /// See [`Machine::force_open`] (SPEC 10.3).
    pub fn force_open(&self, now: Nanos) -> Option<Transition> {
        self.control(|machine, _policy, levels| machine.force_open(levels, now))
    }

    /// See [`Machine::force_closed`] (SPEC 10.3).
    pub fn force_closed(&self, now: Nanos) -> Option<Transition> {
        self.control(|machine, _policy, levels| machine.force_closed(levels, now))
    }

    /// See [`Machine::automatic`] (SPEC 10.4).
    pub fn automatic(&self, now: Nanos) -> Option<Transition> {
        self.control(|machine, _policy, levels| machine.automatic(levels, now))
    }

    /// See [`Machine::tick`] (SPEC 12.5).
    pub fn tick(&self, now: Nanos) -> Option<Transition> {
        self.control(|machine, policy, levels| machine.tick(policy, levels, now))
    }

    fn control(
        &self,
        control: impl Fn(&mut Machine, &Policy, Option<&mut Levels>) -> Option<Transition>,
    ) -> Option<Transition> {
        self.cell.control(|| self.counters.successes(), control)
    }

    /// The state at `now`; changes nothing (SPEC 9.1).
    ///
    /// # Errors
    ///
    /// [`NeedsNow`] while open.
    pub fn state(&self, now: Option<Nanos>) -> Result<State, NeedsNow> {
        self.cell.state(now)
    }

    /// State and totals at `now` (SPEC 9.2).
    ///
    /// # Errors
    ///
    /// [`NeedsNow`] while open, and while closed with a window of time.
    pub fn snapshot(&self, now: Option<Nanos>) -> Result<CircuitBreakerMetrics, NeedsNow> {
        let view = self.cell.view(now, || self.counters.successes())?;
        let mut counts = view.hosts;
        self.counters.sum(&mut counts);
        Ok(CircuitBreakerMetrics::new(view, counts))
    }

    /// What it is doing, why, and what would change that. Takes the lock once.
    ///
    /// ```
    /// use k1s0_circuit_breaker::config::Settings;
    /// use k1s0_circuit_breaker::engine::Engine;
    /// use k1s0_circuit_breaker::explain::Need;
    /// use k1s0_circuit_breaker::machine::Recorded;
    ///
    /// let engine = Engine::new(&Settings::default().rules()?);
    /// engine.record(Recorded::Failure, None).expect("closed");
    /// let explanation = engine.explain(None).expect("nothing has happened yet");
    /// assert_eq!(explanation.needs, [Need::Failures { more: 4 }]);
    /// # Ok::<(), k1s0_circuit_breaker::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`NeedsNow`] once there has been a transition, and while closed with a window of time.
    pub fn explain(&self, now: Option<Nanos>) -> Result<Explanation, NeedsNow> {
        self.cell.explained(now, || self.counters.successes())
    }

    /// The last transitions, at most 32, the oldest first.
    pub fn recent_transitions(&self) -> Vec<Transition> {
        self.cell.recent_transitions()
    }

    /// Keeps everybody out of this breaker's lock until the answer is dropped; who needs the lock
    /// waits. What goes on without it, goes on: admission and success while healthy, rejections.
    ///
    /// For a face that must survive `fork`: a child inherits locks, but not the threads that would
    /// release them. Take [`hold_counters`] last.
    pub fn hold(&self) -> Held<'_> {
        Held {
            _guard: self.cell.hold(),
        }
    }

    /// Whether there is nothing to remember: closed, no failure pending, nothing forced, no failure and nothing
    /// slow among the last calls of a window. What a window of time holds is not looked at, as it goes by itself;
    /// nor are earlier openings.
    pub fn is_idle(&self) -> bool {
        self.cell.is_idle()
    }
}

/// From what the standard library seeds its hash maps with: other in every process, and every time.
fn random_seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// One breaker's lock, held; from [`Engine::hold`].
#[must_use = "it holds until it is dropped"]
pub struct Held<'a> {
    _guard: MutexGuard<'a, Inner>,
}

/// The lock of the table that all breakers' counters stand in, held; from [`hold_counters`].
#[must_use = "it holds until it is dropped"]
pub struct HeldCounters {
    _guard: HeldTable<'static>,
}

/// Keeps everybody from making and dropping breakers, from reading totals, and threads from their
/// first count of a breaker, until the answer is dropped; see [`Engine::hold`].
pub fn hold_counters() -> HeldCounters {
    HeldCounters {
        _guard: counters::hold(),
    }
}

impl fmt::Debug for Held<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").finish_non_exhaustive()
    }
}

impl fmt::Debug for HeldCounters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldCounters").finish_non_exhaustive()
    }
}
