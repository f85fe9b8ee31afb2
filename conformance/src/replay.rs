//! Plays a scenario on a face and says where it went another way.

use std::fmt;

use serde_json::Value;

use crate::scenario::{Expected, ExpectedTransition, Op, Scenario, Step, Through, nanoseconds};
use crate::subject::{Called, Face, Subject};
use crate::vocabulary::{CallResult, Metrics, Rejection, Settled, State, Transition, Verdict};

/// Where and how a face went another way than its scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The scenario's name.
    pub scenario: String,
    /// The number of the step, from 1; 0 is the making of the breaker.
    pub step: usize,
    /// What was done.
    pub did: String,
    /// Why the expectation holds.
    pub because: Option<String>,
    /// What was expected, and what was found.
    pub difference: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, step {}: {}", self.scenario, self.step, self.did)?;
        write!(f, "\n  {}", self.difference)?;
        match &self.because {
            Some(because) => write!(f, "\n  because {because}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

/// Plays a scenario through one entry point of a face.
///
/// # Errors
///
/// [`Failure`] at the first step that went another way.
pub fn replay(scenario: &Scenario, face: &dyn Face) -> Result<(), Failure> {
    let making = |difference| Failure {
        scenario: scenario.name.clone(),
        step: 0,
        did: format!("make {:?}", scenario.config),
        because: None,
        difference,
    };
    match (face.make(&scenario.config), &scenario.refused) {
        (Ok(mut subject), None) => replay_steps(scenario, &mut *subject),
        (Ok(_), Some(expected)) => Err(making(format!("not refused; expected {expected:?}"))),
        (Err(refused), None) => Err(making(format!("refused: {refused:?}"))),
        (Err(refused), Some(expected)) => {
            let value = expected.value.as_ref().unwrap_or(&refused.value);
            let same = refused.field == expected.field
                && refused.value == *value
                && refused.range == expected.range;
            same.then_some(())
                .ok_or_else(|| making(format!("expected {expected:?}, found {refused:?}")))
        }
    }
}

/// Plays the steps of a scenario on a breaker.
///
/// # Errors
///
/// [`Failure`] at the first step that went another way.
pub fn replay_steps(scenario: &Scenario, subject: &mut dyn Subject) -> Result<(), Failure> {
    let mut player = Player {
        subject,
        now: 0,
        told: Vec::new(),
        last: None,
    };
    for (index, step) in scenario.steps.iter().enumerate() {
        player.play(step).map_err(|difference| Failure {
            scenario: scenario.name.clone(),
            step: index + 1,
            did: serde_json::to_string(&step.op).unwrap_or_else(|_| format!("{:?}", step.op)),
            because: step.because.clone(),
            difference,
        })?;
    }
    Ok(())
}

struct Player<'a> {
    subject: &'a mut dyn Subject,
    now: u64,
    /// Transitions that no step has looked at yet.
    told: Vec<Transition>,
    /// The state and epoch that the last transition led to.
    last: Option<(State, u64)>,
}

impl Player<'_> {
    fn play(&mut self, step: &Step) -> Result<(), String> {
        let settled = self.act(&step.op)?;
        let fresh = self.subject.transitions();
        self.in_order(&fresh)?;
        if let Some(settled) = settled {
            // 7.5: what the settlement says it made is what the listener was told.
            same(&settled.transition.as_slice(), &fresh.as_slice())?;
        }
        self.told.extend(fresh);
        if let Op::Transitions { expect } = &step.op {
            let expected: Result<Vec<_>, _> = expect.iter().map(transition).collect();
            same(&expected?, &std::mem::take(&mut self.told))?;
        }
        Ok(())
    }

    fn act(&mut self, op: &Op) -> Result<Option<Settled>, String> {
        match op {
            Op::Advance { by } => self.set_clock(u128::from(self.now) + by.nanoseconds())?,
            Op::SetClock { to } => self.set_clock(to.nanoseconds())?,
            Op::Acquire { permit, expect } => {
                same(&verdict(expect)?, &self.subject.acquire(permit))?;
            }
            Op::Settle {
                permit,
                outcome,
                retry_after_ms,
                retry_after_ns,
                expect,
            } => {
                // 2.4: what 64 bits cannot say is never.
                let retry_after = nanoseconds(*retry_after_ms, *retry_after_ns)
                    .map(|ns| u64::try_from(ns).unwrap_or(u64::MAX));
                let settled = self.subject.settle(permit, *outcome, retry_after);
                if let Some(settled) = settled {
                    same(expect, &settled.effect)?;
                }
                return Ok(settled);
            }
            Op::Drop { permit } => self.subject.drop_permit(permit),
            Op::Call {
                result,
                takes_ms,
                takes_ns,
                times,
                expect,
            } => {
                let expected = match verdict(expect)? {
                    Verdict::Admitted => Called::Ran,
                    Verdict::Rejected(rejection) => Called::Rejected(rejection),
                };
                let takes = reading(nanoseconds(*takes_ms, *takes_ns).unwrap_or(0))?;
                for time in 1..=*times {
                    self.call(*result, takes, &expected)
                        .map_err(|difference| match times {
                            1 => difference,
                            _ => format!("time {time} of {times}: {difference}"),
                        })?;
                }
            }
            Op::Record { outcome, times } => {
                for _ in 0..*times {
                    self.subject.record(*outcome);
                }
            }
            Op::Tick => self.subject.tick(),
            Op::Control { control } => self.subject.control(*control),
            Op::State { expect } => same(expect, &self.subject.state())?,
            Op::Metrics { expect } => {
                let found = self.subject.metrics();
                for (name, expected) in expect {
                    metric(&found, name, expected)?;
                }
            }
            Op::Transitions { .. } => {}
            Op::ClockReads { expect } => {
                if let Some(reads) = self.subject.clock_reads() {
                    same(expect, &reads)?;
                }
            }
        }
        Ok(None)
    }

    fn set_clock(&mut self, now: u128) -> Result<(), String> {
        self.now = on_the_clock(now)?;
        self.subject.set_clock(self.now);
        Ok(())
    }

    /// One guarded call; the clock goes on only where its function ran.
    fn call(&mut self, result: CallResult, takes: u64, expected: &Called) -> Result<(), String> {
        let after = on_the_clock(u128::from(self.now) + u128::from(takes))?;
        let called = self.subject.call(result, takes);
        if called == Called::Ran {
            self.now = after;
        }
        same(expected, &called)
    }

    /// P4: each `from` is the `to` before it, and epochs have no gaps.
    fn in_order(&mut self, transitions: &[Transition]) -> Result<(), String> {
        for transition in transitions {
            let (from, epoch) = self.last.unwrap_or((State::Closed, 1));
            if (transition.from, transition.epoch) != (from, epoch + 1) {
                return Err(format!(
                    "told out of order: {transition:?} after epoch {epoch}, {from:?}"
                ));
            }
            self.last = Some((transition.to, transition.epoch));
        }
        Ok(())
    }
}

fn on_the_clock(now: u128) -> Result<u64, String> {
    u64::try_from(now).map_err(|_| format!("{now} ns is beyond every clock"))
}

fn same<T: PartialEq + fmt::Debug>(expected: &T, found: &T) -> Result<(), String> {
    if expected == found {
        Ok(())
    } else {
        Err(format!("expected {expected:?}, found {found:?}"))
    }
}

fn verdict(expected: &Expected) -> Result<Verdict, String> {
    Ok(match expected {
        Expected::Through(Through::Admitted | Through::Ran) => Verdict::Admitted,
        Expected::Rejected {
            rejected,
            retry_after_ms,
            retry_after_ns,
        } => Verdict::Rejected(Rejection {
            reason: *rejected,
            retry_after: nanoseconds(*retry_after_ms, *retry_after_ns)
                .map(reading)
                .transpose()?,
        }),
    })
}

fn transition(expected: &ExpectedTransition) -> Result<Transition, String> {
    Ok(Transition {
        from: expected.from,
        to: expected.to,
        epoch: expected.epoch,
        reason: expected.reason,
        at: reading(nanoseconds(expected.at_ms, expected.at_ns).unwrap_or(0))?,
    })
}

fn reading(ns: u128) -> Result<u64, String> {
    u64::try_from(ns).map_err(|_| format!("{ns} ns is more than 64 bits"))
}

fn metric(found: &Metrics, name: &str, expected: &Value) -> Result<(), String> {
    let values = serde_json::to_value(found).map_err(|error| error.to_string())?;
    let (value, expected) = match name {
        "remaining_wait_ms" | "remaining_wait_ns" => {
            let wait = match expected {
                Value::Null => Value::Null,
                Value::String(ns) => Value::from(ns.parse::<u64>().map_err(|e| e.to_string())?),
                ms => Value::from(ms.as_u64().unwrap_or(0) * 1_000_000),
            };
            (values.get("remaining_wait"), wait)
        }
        // 1 and 1.0 are the same rate.
        "success_rate" => (
            values.get(name),
            expected.as_f64().map_or(Value::Null, Value::from),
        ),
        _ => (values.get(name), expected.clone()),
    };
    match value {
        Some(value) if *value == expected => Ok(()),
        Some(value) => Err(format!("{name}: expected {expected}, found {value}")),
        None => Err(format!("there is no metric {name}")),
    }
}
