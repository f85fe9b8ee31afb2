//! One random sequence, played on the breaker and on the model side by side.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k1s0_circuit_breaker::{
    CircuitBreaker, ManualClock, OwnedPermit, Transition as CoreTransition,
};
use k1s0_conformance::model::{Answer, Model, PermitId};
use k1s0_conformance::scenario::{Config, Ns, Threshold};
use k1s0_conformance::vocabulary::{
    Control, Effect, Metrics, Outcome, Reason, Recorded, RejectReason, State, Transition,
};

use crate::random::Random;
use crate::{compare, configure};

const MILLISECOND: u64 = 1_000_000;

/// How many sequences came by what.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    seen: [u64; Coverage::WHAT.len()],
}

impl Coverage {
    /// What a sequence may come by, and in how many of a hundred sequences it must.
    const WHAT: [(&'static str, u64); 26] = [
        ("open", 70),
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
        ("opened by its failure rate", 12),
        ("opened by its slow call rate", 4),
        ("a window of calls full", 3),
        ("a window of time with samples", 15),
        ("a slow call", 10),
        ("a slow probe", 2),
        ("a tick that opens", 1),
        ("a wait longer than the timeout", 8),
        ("a wait spread by jitter", 5),
        ("a wait that the server asked for", 2),
        ("a shadow permit settled", 5),
        ("many successes in a row", 30),
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
    Settle(usize, Outcome, Option<u64>),
    /// So many healthy calls, one after the other.
    Successes(u64),
    Tick,
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
    /// 0 where there is none; so is `bucket`.
    slow: u64,
    bucket: u64,
    window_calls: Option<u64>,
    jitter: bool,
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
    let mut config = Config {
        failure_threshold: Some(Threshold::Count(1 + random.below(3))),
        success_threshold: Some(1 + random.below(3)),
        half_open_max_calls: Some(1 + random.below(3)),
        timeout_ns: Some(Ns(if short { 1_000 } else { random.pick(&waits) })),
        probe_timeout_ns: Some(Ns(if short {
            u128::from(MILLISECOND)
        } else {
            random.pick(&[1_000_000, 5_000_000_000, u128::from(u64::MAX), 1 << 64])
        })),
        ..Config::default()
    };
    if random.percent(60) {
        levels(&mut config, random, short);
    }
    config
}

/// The levels from window on: each of them in some of these configurations, alone and with others.
fn levels(config: &mut Config, random: &mut Random, short: bool) {
    let rate = random.percent(70);
    let slow = random.percent(50);
    if rate || slow {
        config.failure_threshold = Some(if random.percent(60) {
            Threshold::Off
        } else {
            Threshold::Count(2 + random.below(6))
        });
        let mut minimum = 1 + random.below(6);
        if random.percent(50) {
            let calls = random.pick(&[1, 2, 3, 5, 8, 10, 63, 64, 65, 130]);
            config.window_calls = Some(calls);
            minimum = minimum.min(calls);
        } else {
            // Buckets of about the time that the clock moves by.
            config.window_time_ns = Some(Ns(10_000_000 + u128::from(random.below(9))));
            config.window_buckets = Some(10 + random.below(5));
        }
        config.minimum_calls = Some(minimum);
        config.slow_minimum_calls = Some(minimum);
    }
    if rate {
        config.failure_rate = Some(random.pick(&[0.000_001, 0.1, 1.0 / 3.0, 0.5, 0.75, 1.0]));
    }
    if slow {
        let width = random.pick(&[1, 15, 16, 400, 1_700]);
        config.slow_call_duration_ns = Some(Ns(width));
        config.slow_call_rate = Some(random.pick(&[0.1, 0.5, 0.8, 1.0]));
        config.count_hung_calls = Some(random.percent(50));
    }
    if random.percent(40) && short {
        config.backoff_multiplier = Some(random.pick(&[1.0, 1.5, 2.0, 100.0]));
        config.max_timeout_ns = Some(Ns(random.pick(&[1_000, 1_500, 5_000, 1_000_000])));
    }
    if random.percent(25) {
        config.jitter = Some(random.pick(&[0.1, 0.5, 1.0]));
        config.jitter_seed = Some(random.below(u64::MAX));
    }
    config.shadow = random.percent(20).then_some(true);
}

impl Sides {
    fn new(config: &Config) -> Result<Self, String> {
        let told = Arc::new(Mutex::new(Vec::new()));
        let clock = ManualClock::new();
        let listener = Arc::clone(&told);
        let breaker = configure::builder(config)
            .map_err(|error| error.to_string())?
            .clock(clock.clone())
            .listener(move |event| {
                let mut told = listener.lock().unwrap_or_else(PoisonError::into_inner);
                told.push(event.transition);
            })
            .build()
            .map_err(|error| error.to_string())?;
        let ns = |ns: Option<u128>| ns.map_or(0, |ns| u64::try_from(ns).unwrap_or(u64::MAX));
        Ok(Self {
            breaker,
            clock,
            told,
            model: Model::new(config).map_err(|refused| format!("{refused:?}"))?,
            now: 0,
            permits: Vec::new(),
            timeout: ns(config.timeout()),
            probe_timeout: ns(config.probe_timeout()),
            slow: ns(config.slow_call_duration()),
            bucket: ns(config.window_time()) / config.window_buckets.unwrap_or(10),
            window_calls: config
                .window_calls
                .filter(|_| config.failure_rate.is_some()),
            jitter: config.jitter.is_some(),
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
        if self.slow > 0 && random.percent(10) {
            return Step::Tick;
        }
        if self.slow > 0 && random.percent(12) {
            // To the nanosecond, and to where hung calls are found.
            let by = random.pick(&[0, 1, self.slow / 16, self.slow / 8]);
            return Step::Clock(self.near(random, self.slow.saturating_add(by)));
        }
        if self.bucket > 0 && random.percent(8) {
            let buckets = random.pick(&[0, 1, 1, 3, 9, 10, 15]);
            return Step::Clock(self.near(random, self.bucket * buckets));
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
                let asked = random.percent(15);
                let asks = [1, 999, 1_001, 40_000, u64::MAX - 1, u64::MAX];
                let retry_after = asked.then(|| random.pick(&asks));
                Step::Settle(index, outcome, retry_after)
            }
            (64..69, Some(index)) => Step::Drop(index),
            (69..72, Some(index)) => Step::Forget(index),
            (72, _) => Step::Successes(random.pick(&[1, 2, 5, 9, 64, 129])),
            (73..76, _) => Step::Record(Recorded::Success),
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
            Step::Settle(index, outcome, retry_after) => self.settle(index, outcome, retry_after),
            Step::Successes(number) => {
                self.coverage.note("many successes in a row");
                (0..number).try_for_each(|_| self.success())
            }
            Step::Tick => {
                self.model.tick(self.now);
                if self.breaker.tick().is_some() {
                    self.coverage.note("a tick that opens");
                }
                Ok(())
            }
            Step::Drop(index) => {
                let pair = self.permits.swap_remove(index);
                self.model
                    .settle(pair.model, Outcome::Cancelled, None, self.now);
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

    /// A guarded call.
    fn success(&mut self) -> Result<(), String> {
        let found = self.breaker.call_sync(|| Ok::<(), ()>(()));
        match (found, self.model.acquire(self.now)) {
            (Ok(()), Answer::Admitted(id)) => {
                self.model.settle(id, Outcome::Success, None, self.now);
                Ok(())
            }
            (Err(error), Answer::Rejected(_)) if error.is_open() => Ok(()),
            (found, expected) => Err(format!("call: model {expected:?}, breaker {found:?}")),
        }
    }

    /// A settled permit stays in the set, to be settled once more.
    fn settle(
        &mut self,
        index: usize,
        outcome: Outcome,
        retry_after: Option<u64>,
    ) -> Result<(), String> {
        let pair = &mut self.permits[index];
        let was_half_open = self.model.state(self.now) == State::HalfOpen;
        let slow_before = self.model.metrics(self.now).slow;
        let expected = self
            .model
            .settle(pair.model, outcome, retry_after, self.now);
        let how = compare::outcome(outcome);
        let found = compare::settled(match retry_after {
            None => pair.breaker.settle(how),
            Some(u64::MAX) => pair.breaker.settle_with_retry_after(how, Duration::MAX),
            Some(ns) => {
                let asked = Duration::from_nanos(ns);
                pair.breaker.settle_with_retry_after(how, asked)
            }
        });
        match expected.effect {
            Effect::Applied => {}
            Effect::Stale => self.coverage.note("stale settlement"),
            Effect::Shadowed => self.coverage.note("a shadow permit settled"),
            Effect::AlreadySettled => {
                self.coverage.note("settled twice");
                self.permits.swap_remove(index);
            }
        }
        let metrics = self.model.metrics(self.now);
        if metrics.slow > slow_before {
            self.coverage.note(if was_half_open {
                "a slow probe"
            } else {
                "a slow call"
            });
        }
        if expected.transition.is_some() && retry_after.is_some() && outcome == Outcome::Failure {
            self.coverage.note("a wait that the server asked for");
        }
        same("settlement", &expected, &found)
    }

    /// A permit goes out as a ticket and comes back.
    fn round_trip(&mut self, index: usize) -> Result<(), String> {
        let pair = self.permits.swap_remove(index);
        if let Some(ticket) = pair.breaker.into_ticket() {
            self.permits.push(Pair {
                breaker: self.breaker.permit_from_ticket(ticket),
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
        self.note_levels(&metrics);
        same(
            "metrics",
            &metrics,
            &compare::metrics(&self.breaker.snapshot()),
        )?;
        let state = compare::state(self.breaker.current_state());
        same("state", &metrics.state, &state)?;
        same("is_open", &(state == State::Open), &self.breaker.is_open())
    }

    fn note_levels(&mut self, metrics: &Metrics) {
        if self.window_calls == Some(metrics.window_calls) {
            self.coverage.note("a window of calls full");
        }
        if self.bucket > 0 && metrics.window_calls > 0 {
            self.coverage.note("a window of time with samples");
        }
        if let Some(wait) = metrics.remaining_wait {
            if wait > self.timeout {
                self.coverage.note("a wait longer than the timeout");
            }
            if self.jitter {
                self.coverage.note("a wait spread by jitter");
            }
        }
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
            Reason::FailureRate => "opened by its failure rate",
            Reason::SlowCallRate => "opened by its slow call rate",
        });
    }
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
