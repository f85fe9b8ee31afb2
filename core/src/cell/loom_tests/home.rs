//! The operations, on a cell and on the plain machine that explains them.

use std::sync::Arc;

use super::POLICY;
use crate::cell::Cell;
use crate::machine::{
    Effect, Levels, Machine, Nanos, NeedsNow, Outcome, Recorded, State, Transition, Verdict, Word,
};

/// One thing that a thread does. Permits are named by their place in the moment's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Admit,
    Settle(usize, Outcome),
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
    Settlement(Effect, Option<Transition>),
    Recording([Option<Transition>; 2]),
    Control(Option<Transition>),
    Read(State),
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
}

/// Operations on a cell, and on the plain machine that explains them.
pub(super) trait Home {
    fn word(&self) -> Word;
    fn run(&mut self, op: Op, permits: &[Word], now: Nanos) -> Answer;
}

pub(super) struct Shared(pub(super) Arc<Cell>);

impl Home for Shared {
    fn word(&self) -> Word {
        self.0.word()
    }

    fn run(&mut self, op: Op, permits: &[Word], now: Nanos) -> Answer {
        let Self(cell) = self;
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
                let admission = decide(now, |now| cell.admit(now, none_counted));
                answer_admission(admission.verdict, admission.transition)
            }
            Op::Settle(index, outcome) => {
                let permit = permits[index];
                if outcome == Outcome::Success && cell.success_changes_nothing(permit) {
                    return Answer::Settlement(Effect::Applied, None);
                }
                let (effect, transition) = decide(now, |now| {
                    let mut made = None;
                    let (ticket, ending) = (permit.into(), outcome.into());
                    let effect = cell.settle(ticket, ending, now, none_counted, &mut made)?;
                    Ok((effect, made))
                });
                Answer::Settlement(effect, transition)
            }
            Op::Record(recorded) => Answer::Recording(
                decide(now, |now| cell.record(recorded, now, none_counted)).transitions,
            ),
            Op::Reset | Op::Trip | Op::ForceOpen | Op::ForceClosed | Op::Automatic => {
                Answer::Control(cell.control(none_counted, |machine, _policy, levels| {
                    control(machine, levels, op, now)
                }))
            }
            Op::Read => Answer::Read(decide(now, |now| cell.state(now))),
        }
    }
}

#[derive(Clone, Default)]
pub(super) struct Plain(pub(super) Machine);

impl Home for Plain {
    fn word(&self) -> Word {
        self.0.word(&POLICY, None)
    }

    fn run(&mut self, op: Op, permits: &[Word], now: Nanos) -> Answer {
        let now_given = Some(now);
        let Self(machine) = self;
        match op {
            Op::Admit => {
                let admission = machine
                    .admit(&POLICY, None, now_given)
                    .expect("now is given");
                answer_admission(admission.verdict, admission.transition)
            }
            Op::Settle(index, outcome) => {
                let settlement = machine
                    .settle(
                        &POLICY,
                        None,
                        permits[index].into(),
                        outcome.into(),
                        now_given,
                    )
                    .expect("now is given");
                Answer::Settlement(settlement.effect, settlement.transition)
            }
            Op::Record(recorded) => {
                let recording = machine.record(&POLICY, None, recorded, now_given);
                Answer::Recording(recording.expect("now is given").transitions)
            }
            Op::Reset | Op::Trip | Op::ForceOpen | Op::ForceClosed | Op::Automatic => {
                Answer::Control(control(machine, None, op, now))
            }
            Op::Read => Answer::Read(
                machine
                    .state(&POLICY, None, now_given)
                    .expect("now is given"),
            ),
        }
    }
}

/// None of these cells has a window.
pub(super) fn none_counted() -> u64 {
    0
}

fn control(
    machine: &mut Machine,
    levels: Option<&mut Levels>,
    op: Op,
    now: Nanos,
) -> Option<Transition> {
    match op {
        Op::Reset => Some(machine.reset(&POLICY, levels, now)),
        Op::Trip => machine.trip(&POLICY, levels, now),
        Op::ForceOpen => machine.force_open(levels, now),
        Op::ForceClosed => machine.force_closed(levels, now),
        Op::Automatic => machine.automatic(levels, now),
        Op::Admit | Op::Settle(..) | Op::Record(_) | Op::Read => None,
    }
}

fn answer_admission(verdict: Verdict, transition: Option<Transition>) -> Answer {
    let verdict = match verdict {
        Verdict::Admitted(word) => Ok(word.epoch()),
        Verdict::Rejected { retry_after, .. } => Err(retry_after),
        Verdict::Shadowed { .. } => unreachable!("no shadow mode here"),
    };
    Answer::Admission(verdict, transition)
}
