//! The operations, on a cell and on the plain machine that explains them.

use std::sync::Arc;

use crate::cell::Cell;
use crate::machine::{
    Effect, Ending, Levels, Machine, Nanos, NeedsNow, Outcome, Policy, Recorded, Rules, State,
    Transition, Verdict, Word,
};
use crate::sync::{AtomicU64, Ordering};
use crate::window::Content;

/// One thing that a thread does. Permits are named by their place in the moment's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Admit,
    Settle(usize, Outcome),
    /// A failure with which the server asked for a wait.
    FailAsking(usize, Nanos),
    Record(Recorded),
    Reset,
    Trip,
    ForceOpen,
    ForceClosed,
    Automatic,
    Read,
}

/// What it answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Whether it was admitted and in which epoch, and the transition.
    Admission(Result<u32, Option<Nanos>>, Option<Transition>),
    /// Only because nothing is to be rejected.
    Shadowed(Option<Transition>),
    Settlement(Effect, Option<Transition>),
    Recording([Option<Transition>; 2]),
    Control(Option<Transition>),
    Read(State),
}

impl Answer {
    /// Whether this is all that there is to say of a success that was decided without the lock.
    pub(super) fn is_nothing_but_applied(self) -> bool {
        matches!(
            self,
            Self::Settlement(Effect::Applied, None) | Self::Recording([None, None])
        )
    }
}

/// Everything that can be seen afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct After {
    pub(super) word: Word,
    pub(super) epoch: u64,
    pub(super) state: State,
    pub(super) failures: u32,
    pub(super) probes: u16,
    pub(super) wait: Option<Nanos>,
    pub(super) window: Content,
    pub(super) openings: Option<u64>,
}

/// Operations on a cell, and on the plain machine that explains them.
pub(super) trait Home {
    fn word(&self) -> Word;
    fn run(&mut self, op: Op, permits: &[Word], now: Nanos) -> Answer;
    fn after(&self, now: Nanos) -> After;
}

#[derive(Clone)]
pub(super) struct Shared {
    cell: Arc<Cell>,
    /// What the stripes of a breaker hold: every success, counted after it has been decided. None where no
    /// window asks for it.
    successes: Option<Arc<AtomicU64>>,
}

impl Shared {
    pub(super) fn new(rules: &Rules) -> Self {
        Self {
            cell: Arc::new(Cell::new(rules, 0)),
            successes: rules.has_window().then(Arc::default),
        }
    }

    fn counted(&self) -> u64 {
        let Some(successes) = &self.successes else {
            return 0;
        };
        successes.load(Ordering::Relaxed)
    }

    fn count(&self) {
        if let Some(successes) = &self.successes {
            successes.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The same steps as `shared.rs`.
    fn settle(&self, permit: Word, ending: Ending, now: Nanos) -> (Effect, Option<Transition>) {
        let Self { cell, .. } = self;
        let success = ending.outcome == Outcome::Success;
        let mut reading = None;
        if success {
            if cell.success_changes_nothing(permit) {
                return (Effect::Applied, None);
            }
            if permit.was_quiet() {
                if cell.success_is_usual(permit.into(), now) {
                    return (Effect::Applied, None);
                }
                reading = Some(now);
            }
        }
        if let Some(effect) = cell.settle_unasked(permit, ending.outcome) {
            return (effect, None);
        }
        if cell.settling_needs_now(ending.outcome) {
            reading = Some(now);
        }
        let mut made = None;
        let mut settle =
            |reading| cell.settle(permit.into(), ending, reading, || self.counted(), &mut made);
        let effect = settle(reading)
            .or_else(|NeedsNow| settle(Some(now)))
            .expect("decides once it has a reading");
        (effect, made)
    }
}

impl Home for Shared {
    fn word(&self) -> Word {
        self.cell.word()
    }

    fn run(&mut self, op: Op, permits: &[Word], now: Nanos) -> Answer {
        let this = &*self;
        let cell = &this.cell;
        let counted = || this.counted();
        // The same steps as `shared.rs`: without the clock first, then with it.
        fn decide<R>(now: Nanos, decision: impl Fn(Option<Nanos>) -> Result<R, NeedsNow>) -> R {
            decision(None)
                .or_else(|NeedsNow| decision(Some(now)))
                .expect("decides once it has a reading")
        }
        match op {
            Op::Admit => {
                if let Some(word) = cell.admit_unasked() {
                    return Answer::Admission(Ok(word.epoch()), None);
                }
                let admission = decide(now, |now| cell.admit(now, counted));
                answer_admission(admission.verdict, admission.transition)
            }
            Op::Settle(..) | Op::FailAsking(..) => {
                let (index, ending) = ending(op).expect("a settlement");
                let (effect, transition) = this.settle(permits[index], ending, now);
                if (effect, ending.outcome) == (Effect::Applied, Outcome::Success) {
                    this.count();
                }
                Answer::Settlement(effect, transition)
            }
            Op::Record(recorded) => {
                let recording = decide(now, |now| cell.record(recorded, now, counted));
                if recorded == Recorded::Success {
                    this.count();
                }
                Answer::Recording(recording.transitions)
            }
            Op::Reset | Op::Trip | Op::ForceOpen | Op::ForceClosed | Op::Automatic => {
                Answer::Control(cell.control(counted, |machine, policy, levels| {
                    control(machine, policy, levels, op, now)
                }))
            }
            Op::Read => Answer::Read(decide(now, |now| cell.state(now))),
        }
    }

    fn after(&self, now: Nanos) -> After {
        let view = self
            .cell
            .view(Some(now), || self.counted())
            .expect("now is given");
        let openings = crate::sync::lock(&self.cell.inner)
            .levels()
            .and_then(Levels::openings_in_a_row);
        After {
            word: self.cell.word(),
            epoch: view.epoch,
            state: view.state,
            failures: view.consecutive_failures,
            probes: view.probes_in_flight,
            wait: view.remaining_wait,
            window: view.window,
            openings,
        }
    }
}

#[derive(Clone)]
pub(super) struct Plain {
    machine: Machine,
    policy: Policy,
    levels: Option<Levels>,
    /// Successes that are in the window, or were not to be put there.
    counted: u64,
}

impl Plain {
    pub(super) fn new(rules: &Rules) -> Self {
        Self {
            machine: Machine::new(),
            policy: rules.policy,
            levels: Levels::new(rules, 0),
            counted: 0,
        }
    }

    /// The same with room for a wait that a server asks for, where there is none.
    pub(super) fn with_room(&self) -> Option<Self> {
        self.levels.is_none().then(|| Self {
            levels: Some(Levels::for_retry_after(&self.policy)),
            ..self.clone()
        })
    }

    /// The first half of a success that a cell decides without its lock: what it does but for being counted.
    /// False where only the machine can say.
    pub(super) fn decide(&mut self, op: Op, permits: &[Word], now: Nanos) -> bool {
        let word = self.word();
        let after = match op {
            Op::Settle(index, Outcome::Success) => {
                let permit = permits[index];
                let levels = self.levels.as_ref();
                let slow = levels.and_then(Levels::slow_call_duration);
                let newest = levels.and_then(Levels::newest_bucket);
                if permit.epoch() != word.epoch() {
                    return false;
                }
                if word.is_quiet_for_success_of(permit) {
                    return slow.is_none_or(|slow| now < slow) && newest.is_none_or(|it| it <= now);
                }
                match word.settled(&self.policy, permit, Outcome::Success) {
                    Some((after, Effect::Applied)) => after,
                    _ => return false,
                }
            }
            Op::Record(Recorded::Success) => match word.recorded(&self.policy, Outcome::Success) {
                Some(after) => after,
                None => return false,
            },
            _ => return false,
        };
        self.machine.catch_up(after, None, 0);
        true
    }

    /// The second half of it. It enters the window where that is then; false where that would be in a
    /// stretch of time before its own, which nobody may do.
    pub(super) fn count(&mut self, now: Nanos) -> bool {
        let word = self.word();
        if let Some(levels) = &self.levels
            && let (Some(newest), Some(width)) = (levels.newest_bucket(), levels.bucket_width())
            && now >= newest + width
        {
            return false;
        }
        self.counted += 1;
        self.machine
            .catch_up(word, self.levels.as_mut(), self.counted);
        true
    }
}

impl Home for Plain {
    fn word(&self) -> Word {
        self.machine.word(&self.policy, self.levels.as_ref())
    }

    fn run(&mut self, op: Op, permits: &[Word], now: Nanos) -> Answer {
        let now_given = Some(now);
        if let Op::FailAsking(index, _) = op
            && self
                .word()
                .settled(&self.policy, permits[index], Outcome::Failure)
                .is_none()
            && let Some(roomy) = self.with_room()
        {
            *self = roomy;
        }
        let Self {
            machine,
            policy,
            levels,
            counted,
        } = self;
        let levels = levels.as_mut();
        match op {
            Op::Admit => {
                let admission = machine
                    .admit(policy, levels, now_given)
                    .expect("now is given");
                answer_admission(admission.verdict, admission.transition)
            }
            Op::Settle(..) | Op::FailAsking(..) => {
                let (index, ending) = ending(op).expect("a settlement");
                let settlement = machine
                    .settle(policy, levels, permits[index].into(), ending, now_given)
                    .expect("now is given");
                let effect = settlement.effect;
                *counted +=
                    u64::from((effect, ending.outcome) == (Effect::Applied, Outcome::Success));
                Answer::Settlement(effect, settlement.transition)
            }
            Op::Record(recorded) => {
                let recording = machine.record(policy, levels, recorded, now_given);
                *counted += u64::from(recorded == Recorded::Success);
                Answer::Recording(recording.expect("now is given").transitions)
            }
            Op::Reset | Op::Trip | Op::ForceOpen | Op::ForceClosed | Op::Automatic => {
                Answer::Control(control(machine, policy, levels, op, now))
            }
            Op::Read => Answer::Read(
                machine
                    .state(policy, levels.as_deref(), now_given)
                    .expect("now is given"),
            ),
        }
    }

    fn after(&self, now: Nanos) -> After {
        let Self {
            machine,
            policy,
            levels,
            ..
        } = self;
        let levels = levels.as_ref();
        let now = Some(now);
        After {
            word: machine.word(policy, levels),
            epoch: machine.epoch(),
            state: machine.state(policy, levels, now).expect("now is given"),
            failures: machine.consecutive_failures(),
            probes: machine.probes_in_flight(),
            wait: machine
                .remaining_wait(policy, levels, now)
                .expect("now is given"),
            window: machine.window(levels, now).expect("now is given"),
            openings: levels.and_then(Levels::openings_in_a_row),
        }
    }
}

fn ending(op: Op) -> Option<(usize, Ending)> {
    match op {
        Op::Settle(index, outcome) => Some((index, outcome.into())),
        Op::FailAsking(index, asked) => Some((
            index,
            Ending {
                outcome: Outcome::Failure,
                retry_after: Some(asked),
            },
        )),
        _ => None,
    }
}

fn control(
    machine: &mut Machine,
    policy: &Policy,
    levels: Option<&mut Levels>,
    op: Op,
    now: Nanos,
) -> Option<Transition> {
    match op {
        Op::Reset => Some(machine.reset(policy, levels, now)),
        Op::Trip => machine.trip(policy, levels, now),
        Op::ForceOpen => machine.force_open(levels, now),
        Op::ForceClosed => machine.force_closed(levels, now),
        Op::Automatic => machine.automatic(levels, now),
        _ => None,
    }
}

fn answer_admission(verdict: Verdict, transition: Option<Transition>) -> Answer {
    let verdict = match verdict {
        Verdict::Admitted(word) => Ok(word.epoch()),
        Verdict::Rejected { retry_after, .. } => Err(retry_after),
        Verdict::Shadowed { .. } => return Answer::Shadowed(transition),
    };
    Answer::Admission(verdict, transition)
}
