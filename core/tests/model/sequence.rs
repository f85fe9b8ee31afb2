//! One random sequence, played on the breaker and on the model side by side.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k1s0_circuit_breaker::{
    CircuitBreaker, CircuitBreakerConfig, ManualClock, OwnedPermit, Transition as CoreTransition,
};
use k1s0_conformance::model::{Answer, Model, PermitId};
use k1s0_conformance::scenario::{Config, Ns};
use k1s0_conformance::vocabulary::{
    Control, Effect, Outcome, Reason, Recorded, RejectReason, State, Transition,
};

use crate::compare;
use crate::random::Random;

const MILLISECOND: u64 = 1_000_000;

/// How many sequences came by what.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    seen: [u64; Coverage::WHAT.len()],
}

impl Coverage {
    /// What a sequence may come by, and in how many of a hundred sequences it must.
    const WHAT: [(&'static str, u64); 14] = [
        ("open", 80),
        ("half-open", 60),
        ("closed by successes", 15),
        ("a probe failed", 25),
        ("probe timeout", 8),
        ("rejected for want of a slot", 25),
        ("stale settlement", 40),
        ("settled twice", 30),
        ("permit dropped", 50),
        ("forced", 40),
        ("automatic again", 20),
        ("reset", 30),
        ("a wait over to the nanosecond", 30),
        ("clock stepped back", 50),
    ];

    fn note(&mut self, what: &str) {
        match Self::WHAT.iter().position(|(name, _)| *name == what) {
            Some(index) => self.seen[index] = 1,
            None => panic!("{what} is not in the table"),
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (mine, other) in self.seen.iter_mut().zip(other.seen) {
            *mine += other;
        }
    }

    /// A generator that no longer reaches these proves nothing.
    pub(crate) fn assert_good(&self, sequences: u64) {
        for ((what, percent), seen) in Self::WHAT.iter().zip(self.seen) {
            assert!(
                seen * 100 >= sequences * percent,
                "only {seen} of {sequences} sequences came by: {what}"
            );
        }
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((what, _), seen) in Self::WHAT.iter().zip(self.seen) {
            writeln!(f, "{seen:>9} {what}")?;
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Clock(u64),
    Acquire,
    Settle(usize, Outcome),
    Drop(usize),
    Forget(usize),
    Record(Recorded),
    Control(Control),
}

/// One permit, as each side knows it.
struct Pair {
    breaker: OwnedPermit,
    model: PermitId,
}

struct Sides {
    breaker: CircuitBreaker,
    clock: ManualClock,
    told: Arc<Mutex<Vec<CoreTransition>>>,
    model: Model,
    now: u64,
    permits: Vec<Pair>,
    timeout: u64,
    probe_timeout: u64,
    coverage: Coverage,
}

/// Plays one sequence; the error is a readable trace.
pub(crate) fn play(seed: u64, steps: usize) -> Result<Coverage, String> {
    let mut random = Random::new(seed);
    let config = config(&mut random);
    let mut trace = Vec::new();
    let mut sides = Sides::new(&config)?;
    for _ in 0..steps {
        let step = sides.choose(&mut random);
        trace.push(step);
        if let Err(difference) = sides.play(step).and_then(|()| sides.look()) {
            let mut text = format!("{config:?}\n");
            for (number, step) in trace.iter().enumerate() {
                let _ = writeln!(text, "{:>3} {step:?}", number + 1);
            }
            return Err(text + &difference);
        }
    }
    Ok(sides.coverage)
}

fn config(random: &mut Random) -> Config {
    let waits: [u128; 7] = [
        0,
        1,
        1_000,
        30_000_000_000,
        u64::MAX as u128 - 1,
        u64::MAX as u128,
        1 << 70,
    ];
    let short = random.percent(80);
    Config {
        failure_threshold: Some(1 + random.below(3)),
        success_threshold: Some(1 + random.below(3)),
        half_open_max_calls: Some(1 + random.below(3)),
        timeout_ns: Some(Ns(if short { 1_000 } else { random.pick(&waits) })),
        probe_timeout_ns: Some(Ns(if short {
            u128::from(MILLISECOND)
        } else {
            random.pick(&[1_000_000, 5_000_000_000, u128::from(u64::MAX), 1 << 64])
        })),
        ..Config::default()
    }
}

impl Sides {
    fn new(config: &Config) -> Result<Self, String> {
        let told = Arc::new(Mutex::new(Vec::new()));
        let clock = ManualClock::new();
        let timeout = config.timeout().unwrap_or(0);
        let probe_timeout = config.probe_timeout().unwrap_or(0);
        let listener = Arc::clone(&told);
        let breaker = CircuitBreaker::builder(CircuitBreakerConfig {
            failure_threshold: config.failure_threshold.unwrap_or(0) as u32,
            success_threshold: config.success_threshold.unwrap_or(0) as u32,
            timeout: duration(timeout),
        })
        .half_open_max_calls(config.half_open_max_calls.unwrap_or(0) as u32)
        .probe_timeout(duration(probe_timeout))
        .clock(clock.clone())
        .listener(move |event| {
            let mut told = listener.lock().unwrap_or_else(PoisonError::into_inner);
            told.push(event.transition);
        })
        .build()
        .map_err(|error| error.to_string())?;
        Ok(Self {
            breaker,
            clock,
            told,
            model: Model::new(config).map_err(|refused| format!("{refused:?}"))?,
            now: 0,
            permits: Vec::new(),
            timeout: u64::try_from(timeout).unwrap_or(u64::MAX),
            probe_timeout: u64::try_from(probe_timeout).unwrap_or(u64::MAX),
            coverage: Coverage::default(),
        })
    }

    /// Steered by the model, so that the interesting is not rare.
    fn choose(&self, random: &mut Random) -> Step {
        let metrics = self.model.metrics(self.now);
        if metrics.remaining_wait.is_some_and(|wait| wait > 0) && random.percent(35) {
            return Step::Clock(self.near(random, metrics.remaining_wait.unwrap_or(0)));
        }
        if metrics.probes_in_flight > 0 && random.percent(12) {
            return Step::Clock(self.near(random, self.probe_timeout));
        }
        if metrics.forced && random.percent(12) {
            return Step::Control(Control::Automatic);
        }
        let permit = (!self.permits.is_empty()).then(|| random.below(self.permits.len() as u64));
        match (random.below(100), permit.map(|index| index as usize)) {
            (0..40, _) | (40..72, None) => Step::Acquire,
            (40..64, Some(index)) => {
                let failures = if metrics.state == State::HalfOpen {
                    20
                } else {
                    55
                };
                let outcome = if random.percent(failures) {
                    Outcome::Failure
                } else {
                    random.pick(&[
                        Outcome::Success,
                        Outcome::Success,
                        Outcome::Success,
                        Outcome::Ignored,
                        Outcome::Cancelled,
                    ])
                };
                Step::Settle(index, outcome)
            }
            (64..69, Some(index)) => Step::Drop(index),
            (69..72, Some(index)) => Step::Forget(index),
            (72..76, _) => Step::Record(Recorded::Success),
            (76..82, _) => Step::Record(Recorded::Failure),
            (82, _) => Step::Control(Control::Reset),
            (83..85, _) => Step::Control(Control::Trip),
            (85, _) => Step::Control(Control::ForceOpen),
            (86, _) => Step::Control(Control::ForceClosed),
            (87..89, _) => Step::Control(Control::Automatic),
            (89..95, _) => Step::Clock(self.now.saturating_add(random.below(2_000))),
            (95..99, _) => Step::Clock(self.now.saturating_sub(random.below(2_000))),
            _ => Step::Clock(random.pick(&[0, self.timeout, u64::MAX - 1, u64::MAX])),
        }
    }

    /// A time close to when a wait is over: most often to the nanosecond.
    fn near(&self, random: &mut Random, wait: u64) -> u64 {
        let over = self.now.saturating_add(wait);
        random.pick(&[over, over, over.saturating_add(1), over - over.min(1)])
    }

    fn play(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Clock(now) => {
                if now < self.now {
                    self.coverage.note("clock stepped back");
                }
                let just_over = self.model.state(now) == State::HalfOpen
                    && now.checked_sub(1).map(|before| self.model.state(before))
                        == Some(State::Open);
                if just_over {
                    self.coverage.note("a wait over to the nanosecond");
                }
                self.now = now;
                self.clock.set(now);
                Ok(())
            }
            Step::Acquire => self.acquire(),
            Step::Settle(index, outcome) => self.settle(index, outcome),
            Step::Drop(index) => {
                let pair = self.permits.swap_remove(index);
                self.model.settle(pair.model, Outcome::Cancelled, self.now);
                drop(pair.breaker);
                self.coverage.note("permit dropped");
                Ok(())
            }
            Step::Forget(index) => self.round_trip(index),
            Step::Record(recorded) => {
                self.model.record(recorded, self.now);
                match recorded {
                    Recorded::Success => self.breaker.record_success_sync(),
                    Recorded::Failure => self.breaker.record_failure_sync(),
                }
                Ok(())
            }
            Step::Control(control) => self.control(control),
        }
    }

    fn acquire(&mut self) -> Result<(), String> {
        match (
            self.breaker.try_acquire_owned(),
            self.model.acquire(self.now),
        ) {
            (Ok(breaker), Answer::Admitted(model)) => {
                self.permits.push(Pair { breaker, model });
                Ok(())
            }
            (Err(found), Answer::Rejected(expected)) => {
                if expected.reason == RejectReason::HalfOpen {
                    self.coverage.note("rejected for want of a slot");
                }
                same("rejection", &expected, &compare::rejection(found))
            }
            (found, expected) => Err(format!(
                "verdict: model {expected:?}, breaker {:?}",
                found.map_err(compare::rejection)
            )),
        }
    }

    /// A settled permit stays in the set, to be settled once more.
    fn settle(&mut self, index: usize, outcome: Outcome) -> Result<(), String> {
        let pair = &mut self.permits[index];
        let expected = self.model.settle(pair.model, outcome, self.now);
        let found = compare::settled(pair.breaker.settle(compare::outcome(outcome)));
        match expected.effect {
            Effect::Applied => {}
            Effect::Stale => self.coverage.note("stale settlement"),
            Effect::AlreadySettled => {
                self.coverage.note("settled twice");
                self.permits.swap_remove(index);
            }
        }
        same("settlement", &expected, &found)
    }

    /// A permit goes out as a word and comes back.
    fn round_trip(&mut self, index: usize) -> Result<(), String> {
        let pair = self.permits.swap_remove(index);
        if let Some(word) = pair.breaker.into_raw() {
            self.permits.push(Pair {
                breaker: self.breaker.permit_from_raw(word),
                model: pair.model,
            });
        }
        Ok(())
    }

    fn control(&mut self, control: Control) -> Result<(), String> {
        self.model.control(control, self.now);
        match control {
            Control::Reset => self.breaker.reset(),
            Control::Trip => drop(self.breaker.trip()),
            Control::ForceOpen => drop(self.breaker.force_open()),
            Control::ForceClosed => drop(self.breaker.force_closed()),
            Control::Automatic => drop(self.breaker.automatic()),
        }
        Ok(())
    }

    /// Compares everything that can be read.
    fn look(&mut self) -> Result<(), String> {
        let expected = self.model.transitions();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let found: Vec<_> = told.drain(..).map(compare::transition).collect();
        drop(told);
        same("transitions", &expected, &found)?;
        for transition in &expected {
            self.note_transition(transition);
        }
        let metrics = self.model.metrics(self.now);
        same(
            "metrics",
            &metrics,
            &compare::metrics(&self.breaker.snapshot()),
        )?;
        let state = compare::state(self.breaker.current_state());
        same("state", &metrics.state, &state)?;
        same("is_open", &(state == State::Open), &self.breaker.is_open())
    }

    fn note_transition(&mut self, transition: &Transition) {
        self.coverage.note(match transition.reason {
            Reason::FailureThreshold | Reason::Trip => "open",
            Reason::TimeoutElapsed => "half-open",
            Reason::SuccessThreshold => "closed by successes",
            Reason::ProbeFailed => "a probe failed",
            Reason::ProbeTimeout => "probe timeout",
            Reason::Reset => "reset",
            Reason::Forced => "forced",
            Reason::Automatic => "automatic again",
        });
    }
}

fn duration(ns: u128) -> Duration {
    Duration::new((ns / 1_000_000_000) as u64, (ns % 1_000_000_000) as u32)
}

fn same<T: PartialEq + fmt::Debug>(what: &str, expected: &T, found: &T) -> Result<(), String> {
    if expected == found {
        Ok(())
    } else {
        Err(format!(
            "{what}:\n  model   {expected:?}\n  breaker {found:?}"
        ))
    }
}
