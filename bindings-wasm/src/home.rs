//! A machine's home for one thread: the word that it publishes, what is counted, the last transitions.
//!
//! As core's own home, the cell, but without a lock: what can be told from the word is done by the word, and the machine
//! catches up with it when it is next asked.

use alloc::boxed::Box;
use alloc::collections::VecDeque;

#[cfg(feature = "explain")]
use breaker::explain::Explanation;
use breaker::machine::{
    Admission, Effect, Ending, Levels, Machine, Nanos, NeedsNow, Outcome, Policy, Recorded,
    RejectReason, Rules, State, Ticket, Transition, Verdict, Word,
};

use crate::numbers::Control;
use crate::rows::{Changes, Metrics};

/// One breaker. The first two fields are the host's to read, and the second also to add to (DESIGN 5).
#[repr(C)]
pub(crate) struct Breaker {
    /// The admission word.
    word: Word,
    /// Successes: those that were settled here, and those that the host has counted by itself.
    successes: u64,
    policy: Policy,
    machine: Machine,
    /// Apart: hundreds of bytes, and most breakers have none.
    levels: Option<Box<Levels>>,
    /// By outcome; successes are counted above.
    settled: [u64; Outcome::ALL.len()],
    rejected: [u64; RejectReason::ALL.len()],
    stale: u64,
    /// Made at the first transition.
    ledger: Option<Box<Ledger>>,
}

#[derive(Default)]
struct Ledger {
    changes: Changes,
    history: VecDeque<Transition>,
}

/// What an operation on the machine answers, and the transitions that it made.
pub(crate) type Answered<T> = Result<(T, [Option<Transition>; 2]), NeedsNow>;

impl Breaker {
    pub(crate) fn new(rules: &Rules, seed: u64) -> Self {
        let levels = Levels::new(rules, seed);
        let machine = Machine::new();
        Self {
            word: machine.word(&rules.policy, levels.as_ref()),
            successes: 0,
            policy: rules.policy,
            machine,
            levels: levels.map(Box::new),
            settled: [0; Outcome::ALL.len()],
            rejected: [0; RejectReason::ALL.len()],
            stale: 0,
            ledger: None,
        }
    }

    /// The permit, where nothing has to be decided.
    #[inline]
    pub(crate) fn admit_unasked(&self) -> Option<Word> {
        self.word.admits_all().then_some(self.word)
    }

    /// Whether an admission takes the time.
    #[inline]
    pub(crate) const fn admission_needs_now(&self) -> bool {
        self.word.needs_now()
    }

    /// Rejects where the wait goes on, surely: what is left of it. None means ask `admit`.
    #[inline]
    pub(crate) fn reject_unasked(&mut self, now: Nanos) -> Option<Nanos> {
        if !self.word.is_waiting_for_timeout() {
            return None;
        }
        let levels = self.levels.as_deref();
        let left = self
            .machine
            .left_of_running_wait(&self.policy, levels, now)?;
        self.rejected[RejectReason::Open as usize] += 1;
        Some(left)
    }

    pub(crate) fn admit(&mut self, now: Option<Nanos>) -> Answered<Verdict> {
        if let Some(word) = self.admit_unasked() {
            return Ok((Verdict::Admitted(word), [None, None]));
        }
        if self.admission_needs_now() && now.is_none() {
            return Err(NeedsNow);
        }
        if self.word.admits_timed() && !self.counts_hung_calls() {
            return Ok((Verdict::Admitted(self.word), [None, None]));
        }
        let Admission {
            verdict,
            transition,
        } = self.ask(|machine, policy, levels| machine.admit(policy, levels, now))?;
        match verdict {
            Verdict::Rejected { reason, .. } | Verdict::Shadowed { reason } => {
                self.rejected[reason as usize] += 1;
            }
            Verdict::Admitted(_) => {}
        }
        Ok((verdict, self.noted([transition, None])))
    }

    /// Settles a permit as a success where that is one more success and nothing else.
    #[inline]
    pub(crate) fn succeed_unasked(&mut self, permit: Word) -> bool {
        let nothing_changes = self.word.is_untouched_by_success_of(permit);
        if nothing_changes {
            self.successes += 1;
        }
        nothing_changes
    }

    pub(crate) fn settle(
        &mut self,
        ticket: Ticket,
        ending: Ending,
        now: Option<Nanos>,
    ) -> Answered<Effect> {
        if let Outcome::Success = ending.outcome
            && self.word.is_quiet_for_success_of(ticket.word)
        {
            // Its place in a window of time, or its duration, matters.
            let now = now.ok_or(NeedsNow)?;
            let levels = self.levels.as_deref();
            if levels.is_some_and(|levels| levels.is_usual_success(ticket.began, now)) {
                self.successes += 1;
                return Ok((Effect::Applied, [None, None]));
            }
        }
        if let Some((word, effect)) = self.word.settled(&self.policy, ticket.word, ending.outcome) {
            self.word = word;
            self.count(ending.outcome, effect);
            return Ok((effect, [None, None]));
        }
        if ending.retry_after.is_some() {
            self.make_room_for_retry_after();
        }
        let settlement = self
            .ask(|machine, policy, levels| machine.settle(policy, levels, ticket, ending, now))?;
        self.count(ending.outcome, settlement.effect);
        Ok((settlement.effect, self.noted([settlement.transition, None])))
    }

    pub(crate) fn record(&mut self, recorded: Recorded, now: Option<Nanos>) -> Answered<()> {
        let outcome = recorded.outcome();
        let transitions = match self.word.recorded(&self.policy, outcome) {
            Some(word) => {
                self.word = word;
                [None, None]
            }
            None => {
                self.ask(|machine, policy, levels| machine.record(policy, levels, recorded, now))?
                    .transitions
            }
        };
        self.count(outcome, Effect::Applied);
        Ok(((), self.noted(transitions)))
    }

    pub(crate) fn control(&mut self, control: Control, now: Nanos) -> Option<Transition> {
        // Controls are handed the time, and so never ask for it.
        let made = self.ask(|machine, policy, levels| {
            Ok(match control {
                Control::Reset => Some(machine.reset(policy, levels, now)),
                Control::Trip => machine.trip(policy, levels, now),
                Control::ForceOpen => machine.force_open(levels, now),
                Control::ForceClosed => machine.force_closed(levels, now),
                Control::Automatic => machine.automatic(levels, now),
                Control::Tick => machine.tick(policy, levels, now),
            })
        });
        let [made, _] = self.noted([made.unwrap_or_default(), None]);
        made
    }

    pub(crate) fn state(&self, now: Option<Nanos>) -> Result<State, NeedsNow> {
        self.machine
            .state(&self.policy, self.levels.as_deref(), now)
    }

    pub(crate) fn metrics(&mut self, now: Option<Nanos>) -> Result<Metrics, NeedsNow> {
        self.catch_up();
        let (machine, policy, levels) = (&self.machine, &self.policy, self.levels.as_deref());
        let mut settled = self.settled;
        settled[Outcome::Success as usize] = self.successes;
        let none = [0; RejectReason::ALL.len()];
        let (rejected, would_reject) = if levels.is_some_and(Levels::is_shadow) {
            (none, self.rejected)
        } else {
            (self.rejected, none)
        };
        Ok(Metrics {
            settled,
            rejected,
            would_reject,
            slow: levels.map_or(0, Levels::slow_total),
            stale: self.stale,
            transitions: machine.transitions(),
            state: machine.state(policy, levels, now)?,
            epoch: machine.epoch(),
            consecutive_failures: machine.consecutive_failures(),
            probes_in_flight: machine.probes_in_flight(),
            remaining_wait: machine.remaining_wait(policy, levels, now)?,
            forced: machine.is_forced(),
            window: machine.window(levels, now)?,
            changes: self.ledger.as_ref().map_or([[0; 3]; 3], |it| it.changes),
        })
    }

    /// The last transitions, the oldest first.
    pub(crate) fn history(&self) -> impl Iterator<Item = &Transition> {
        self.ledger.iter().flat_map(|ledger| &ledger.history)
    }

    /// Whether there is nothing to remember.
    pub(crate) fn is_idle(&mut self) -> bool {
        self.catch_up();
        let levels = self.levels.as_deref();
        self.machine.is_at_rest() && !levels.is_some_and(Levels::remembers_bad_calls)
    }

    fn counts_hung_calls(&self) -> bool {
        self.levels
            .as_deref()
            .is_some_and(Levels::counts_hung_calls)
    }

    #[cfg(feature = "explain")]
    pub(crate) fn explain(&mut self, now: Option<Nanos>) -> Result<Explanation, NeedsNow> {
        self.catch_up();
        let history: VecDeque<_> = self.history().copied().collect();
        Explanation::of(
            &self.machine,
            &self.policy,
            self.levels.as_deref(),
            history,
            now,
        )
    }

    /// Has the machine decide, and publishes what it has become.
    fn ask<R>(
        &mut self,
        operation: impl FnOnce(&mut Machine, &Policy, Option<&mut Levels>) -> Result<R, NeedsNow>,
    ) -> Result<R, NeedsNow> {
        self.catch_up();
        let answer = operation(&mut self.machine, &self.policy, self.levels.as_deref_mut())?;
        self.word = self.machine.word(&self.policy, self.levels.as_deref());
        Ok(answer)
    }

    /// Takes note of what was done by the word, and of what the host has counted.
    fn catch_up(&mut self) {
        self.machine
            .catch_up(self.word, self.levels.as_deref_mut(), self.successes);
    }

    /// A wait that a server asks for must be remembered; a breaker that had no need of levels gets some.
    fn make_room_for_retry_after(&mut self) {
        self.catch_up();
        let policy = &self.policy;
        self.levels
            .get_or_insert_with(|| Box::new(Levels::for_retry_after(policy)))
            .make_room_for_retry_after(policy);
        self.word = self.machine.word(policy, self.levels.as_deref());
    }

    fn count(&mut self, outcome: Outcome, effect: Effect) {
        match (effect, outcome) {
            (Effect::Applied, Outcome::Success) => self.successes += 1,
            (Effect::Applied, _) => self.settled[outcome as usize] += 1,
            (Effect::Stale, _) => self.stale += 1,
            (Effect::AlreadySettled | Effect::Shadowed, _) => {}
        }
    }

    /// The same transitions, now remembered.
    fn noted(&mut self, transitions: [Option<Transition>; 2]) -> [Option<Transition>; 2] {
        for transition in transitions.iter().flatten() {
            let ledger = self.ledger.get_or_insert_default();
            ledger.changes[transition.from as usize][transition.to as usize] += 1;
            if ledger.history.len() == Transition::REMEMBERED {
                ledger.history.pop_front();
            }
            ledger.history.push_back(*transition);
        }
        transitions
    }
}
