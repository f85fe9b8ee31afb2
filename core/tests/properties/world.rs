//! A breaker, its clock and the permits that are out, and what is done with them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k1s0_circuit_breaker::{
    CircuitBreaker, CircuitBreakerConfig, CircuitBreakerMetrics, Effect, ManualClock, Outcome,
    OwnedPermit, Rejection, Transition, WindowSize,
};
use proptest::prelude::*;
use proptest::sample::Index;

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Acquire,
    Settle(Index, Outcome),
    /// A failure with which the server asks for a wait.
    FailAsking(Index, Duration),
    Record(bool),
    Tick,
    Advance(Duration),
    StepBack(Duration),
    Control(u8),
}

/// A configuration: some have nothing beyond failures in a row, some have every level at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) config: CircuitBreakerConfig,
    pub(crate) half_open_max_calls: u32,
    pub(crate) rate: Option<RateShape>,
    pub(crate) slow: Option<SlowShape>,
    pub(crate) backoff: Option<BackoffShape>,
    pub(crate) shadow: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct RateShape {
    part: f64,
    minimum_calls: u32,
    window: WindowSize,
    /// Whether failures in a row open as well.
    alone: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct SlowShape {
    part: f64,
    count_hung_calls: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct BackoffShape {
    multiplier: f64,
    jitter: f64,
    seed: u64,
}

pub(crate) const WAIT: Duration = Duration::from_millis(10);
pub(crate) const PROBE_TIMEOUT: Duration = Duration::from_millis(30);
const SLOW: Duration = Duration::from_millis(16);
const MAX_TIMEOUT: Duration = Duration::from_millis(70);
/// No window of calls is smaller, so that every minimum fits.
const MINIMUM: u32 = 4;

impl Shape {
    /// No wait of this sequence is longer than this.
    pub(crate) fn longest_wait(&self, ops: &[Op]) -> Duration {
        let asked = ops.iter().any(|op| matches!(op, Op::FailAsking(..)));
        match self.backoff {
            Some(backoff) => MAX_TIMEOUT.mul_f64(1.0 + backoff.jitter) + Duration::from_micros(1),
            None if asked => MAX_TIMEOUT,
            None => self.config.timeout,
        }
    }
}

pub(crate) fn shape() -> impl Strategy<Value = Shape> {
    let timeout = prop_oneof![4 => Just(WAIT), 1 => Just(Duration::ZERO)];
    let config = (1..4_u32, 1..4_u32, timeout).prop_map(
        |(failure_threshold, success_threshold, timeout)| CircuitBreakerConfig {
            failure_threshold,
            success_threshold,
            timeout,
        },
    );
    let window = prop_oneof![
        (u64::from(MINIMUM)..9).prop_map(WindowSize::Calls),
        (50..101_u64).prop_map(|ms| WindowSize::time(Duration::from_millis(ms))),
    ];
    let rate = (part(), 1..=MINIMUM, window, any::<bool>()).prop_map(
        |(part, minimum_calls, window, alone)| RateShape {
            part,
            minimum_calls,
            window,
            alone,
        },
    );
    let slow = (part(), any::<bool>()).prop_map(|(part, count_hung_calls)| SlowShape {
        part,
        count_hung_calls,
    });
    let backoff =
        (1.0..5.0, 0.0..=1.0, any::<u64>()).prop_map(|(multiplier, jitter, seed)| BackoffShape {
            multiplier,
            jitter,
            seed,
        });
    let levels = (
        prop::option::of(rate),
        prop::option::of(slow),
        prop::option::of(backoff),
        prop::bool::weighted(0.2),
    );
    (config, 1..4_u32, levels).prop_map(
        |(config, half_open_max_calls, (rate, slow, backoff, shadow))| Shape {
            config,
            half_open_max_calls,
            rate,
            slow,
            backoff,
            shadow,
        },
    )
}

fn part() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.25), Just(0.5), Just(1.0), 0.01..1.0]
}

/// One step. No control is among them: those have their own strategy below.
fn op() -> impl Strategy<Value = Op> {
    let outcome = prop_oneof![
        3 => Just(Outcome::Success),
        4 => Just(Outcome::Failure),
        1 => Just(Outcome::Ignored),
        1 => Just(Outcome::Cancelled),
    ];
    let step = prop_oneof![
        Just(WAIT),
        Just(WAIT - Duration::from_nanos(1)),
        Just(Duration::from_nanos(1)),
        Just(SLOW),
        Just(PROBE_TIMEOUT),
        (0..40_000_000_u64).prop_map(Duration::from_nanos),
    ];
    prop_oneof![
        16 => Just(Op::Acquire),
        16 => (any::<Index>(), outcome).prop_map(|(index, outcome)| Op::Settle(index, outcome)),
        1 => (any::<Index>(), step.clone()).prop_map(|(index, asked)| Op::FailAsking(index, asked)),
        2 => any::<bool>().prop_map(Op::Record),
        1 => Just(Op::Tick),
        8 => step.clone().prop_map(Op::Advance),
        2 => step.prop_map(Op::StepBack),
    ]
}

pub(crate) fn ops() -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(op(), 0..80)
}

pub(crate) fn ops_and_controls() -> impl Strategy<Value = Vec<Op>> {
    let control = (0..5_u8).prop_map(Op::Control);
    prop::collection::vec(prop_oneof![12 => op(), 1 => control], 0..80)
}

/// What one step was answered.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    Acquired(Acquired),
    Settled(Effect, Option<Transition>),
    Ticked(Option<Transition>),
    Nothing,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Acquired {
    Admitted,
    Rejected(Rejection),
    /// It would have been rejected.
    Shadowed,
}

/// See the [module](self).
pub(crate) struct World {
    pub(crate) breaker: CircuitBreaker,
    clock: ManualClock,
    pub(crate) now: Duration,
    told: Arc<Mutex<Vec<Transition>>>,
    pub(crate) out: Vec<OwnedPermit>,
    /// The epochs of the permits that are out.
    pub(crate) epochs: Vec<u64>,
    /// Permits of calls that would have been rejected.
    pub(crate) shadowed: Vec<OwnedPermit>,
    pub(crate) admitted: u64,
    pub(crate) recorded: u64,
}

impl World {
    pub(crate) fn new(shape: Shape) -> Self {
        let clock = ManualClock::new();
        let told = Arc::new(Mutex::new(Vec::new()));
        let listener = Arc::clone(&told);
        let mut builder = CircuitBreaker::builder(shape.config)
            .half_open_max_calls(shape.half_open_max_calls)
            .probe_timeout(PROBE_TIMEOUT)
            .max_timeout(MAX_TIMEOUT)
            .shadow(shape.shadow)
            .clock(clock.clone())
            .listener(move |event| {
                let mut told = listener.lock().unwrap_or_else(PoisonError::into_inner);
                told.push(event.transition);
            });
        if let Some(rate) = shape.rate {
            builder = builder
                .failure_rate(rate.part)
                .minimum_calls(rate.minimum_calls)
                .window(rate.window);
            if rate.alone {
                builder = builder.failure_threshold_off();
            }
        }
        if let Some(slow) = shape.slow {
            builder = builder
                .slow_call_duration(SLOW)
                .slow_call_rate(slow.part)
                .slow_minimum_calls(MINIMUM)
                .count_hung_calls(slow.count_hung_calls);
        }
        if let Some(backoff) = shape.backoff {
            builder = builder
                .backoff_multiplier(backoff.multiplier)
                .jitter(backoff.jitter)
                .jitter_seed(backoff.seed);
        }
        Self {
            breaker: match builder.build() {
                Ok(breaker) => breaker,
                Err(error) => unreachable!("{error}"),
            },
            clock,
            now: Duration::ZERO,
            told,
            out: Vec::new(),
            epochs: Vec::new(),
            shadowed: Vec::new(),
            admitted: 0,
            recorded: 0,
        }
    }

    pub(crate) fn play(&mut self, op: &Op) -> Answer {
        match op {
            Op::Acquire => return Answer::Acquired(self.acquire()),
            Op::Settle(index, outcome) if !self.out.is_empty() => {
                let settled = self.settle(index.index(self.out.len()), *outcome);
                return Answer::Settled(settled.0, settled.1);
            }
            Op::FailAsking(index, asked) if !self.out.is_empty() => {
                let index = index.index(self.out.len());
                self.epochs.swap_remove(index);
                let settlement = self
                    .out
                    .swap_remove(index)
                    .settle_with_retry_after(Outcome::Failure, *asked);
                return Answer::Settled(settlement.effect, settlement.transition);
            }
            Op::Settle(..) | Op::FailAsking(..) => {}
            Op::Record(success) => {
                self.recorded += 1;
                if *success {
                    self.breaker.record_success_sync();
                } else {
                    self.breaker.record_failure_sync();
                }
            }
            Op::Tick => return Answer::Ticked(self.breaker.tick()),
            Op::Advance(by) => self.set_clock(self.now + *by),
            Op::StepBack(by) => self.set_clock(self.now.saturating_sub(*by)),
            Op::Control(control) => match control {
                0 => self.breaker.reset(),
                1 => drop(self.breaker.trip()),
                2 => drop(self.breaker.force_open()),
                3 => drop(self.breaker.force_closed()),
                _ => drop(self.breaker.automatic()),
            },
        }
        Answer::Nothing
    }

    pub(crate) fn acquire(&mut self) -> Acquired {
        let would_reject = self.metrics().would_reject_count;
        let permit = match self.breaker.try_acquire_owned() {
            Ok(permit) => permit,
            Err(rejection) => return Acquired::Rejected(rejection),
        };
        let metrics = self.metrics();
        if metrics.would_reject_count > would_reject {
            self.shadowed.push(permit);
            return Acquired::Shadowed;
        }
        self.admitted += 1;
        self.out.push(permit);
        self.epochs.push(metrics.epoch);
        Acquired::Admitted
    }

    pub(crate) fn settle(
        &mut self,
        index: usize,
        outcome: Outcome,
    ) -> (Effect, Option<Transition>) {
        self.epochs.swap_remove(index);
        let settlement = self.out.swap_remove(index).settle(outcome);
        (settlement.effect, settlement.transition)
    }

    pub(crate) fn set_clock(&mut self, now: Duration) {
        self.now = now;
        self.clock.set(now.as_nanos() as u64);
    }

    pub(crate) fn metrics(&self) -> CircuitBreakerMetrics {
        self.breaker.snapshot()
    }

    pub(crate) fn told(&self) -> Vec<Transition> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.clone()
    }
}
