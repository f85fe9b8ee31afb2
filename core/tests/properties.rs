//! The properties P1 to P7 of SPEC.md, on random sequences of calls, failures and clock steps.
//!
//! A sequence that fails is shortened and kept in `properties.regressions` beside this file, from
//! where it is played again before all others. Commit that file.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k1s0_circuit_breaker::{
    CircuitBreaker, CircuitBreakerConfig, CircuitBreakerMetrics, CircuitBreakerState, Effect,
    ManualClock, Outcome, OwnedPermit, Rejection, Transition,
};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::FileFailurePersistence;

#[derive(Clone, Debug)]
enum Op {
    Acquire,
    Settle(Index, Outcome),
    Record(bool),
    Advance(Duration),
    StepBack(Duration),
    Control(u8),
}

#[derive(Clone, Copy, Debug)]
struct Shape {
    config: CircuitBreakerConfig,
    half_open_max_calls: u32,
    probe_timeout: Duration,
}

const WAIT: Duration = Duration::from_millis(10);
const PROBE_TIMEOUT: Duration = Duration::from_millis(30);

fn shape() -> impl Strategy<Value = Shape> {
    let timeout = prop_oneof![4 => Just(WAIT), 1 => Just(Duration::ZERO)];
    (1..4_u32, 1..4_u32, timeout, 1..4_u32).prop_map(
        |(failure_threshold, success_threshold, timeout, half_open_max_calls)| Shape {
            config: CircuitBreakerConfig {
                failure_threshold,
                success_threshold,
                timeout,
            },
            half_open_max_calls,
            probe_timeout: PROBE_TIMEOUT,
        },
    )
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
        Just(PROBE_TIMEOUT),
        (0..40_000_000_u64).prop_map(Duration::from_nanos),
    ];
    prop_oneof![
        8 => Just(Op::Acquire),
        8 => (any::<Index>(), outcome).prop_map(|(index, outcome)| Op::Settle(index, outcome)),
        1 => any::<bool>().prop_map(Op::Record),
        4 => step.clone().prop_map(Op::Advance),
        1 => step.prop_map(Op::StepBack),
    ]
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(op(), 0..80)
}

fn ops_and_controls() -> impl Strategy<Value = Vec<Op>> {
    let control = (0..5_u8).prop_map(Op::Control);
    prop::collection::vec(prop_oneof![12 => op(), 1 => control], 0..80)
}

/// What one step was answered.
#[derive(Debug, PartialEq)]
enum Answer {
    Acquired(Option<Rejection>),
    Settled(Effect, Option<Transition>),
    Nothing,
}

/// A breaker, its clock, and the permits that are out.
struct World {
    breaker: CircuitBreaker,
    clock: ManualClock,
    now: Duration,
    told: Arc<Mutex<Vec<Transition>>>,
    out: Vec<OwnedPermit>,
    /// The epochs of the permits that are out.
    epochs: Vec<u64>,
    admitted: u64,
    recorded: u64,
}

impl World {
    fn new(shape: Shape) -> Self {
        let clock = ManualClock::new();
        let told = Arc::new(Mutex::new(Vec::new()));
        let listener = Arc::clone(&told);
        let built = CircuitBreaker::builder(shape.config)
            .half_open_max_calls(shape.half_open_max_calls)
            .probe_timeout(shape.probe_timeout)
            .clock(clock.clone())
            .listener(move |event| {
                let mut told = listener.lock().unwrap_or_else(PoisonError::into_inner);
                told.push(event.transition);
            })
            .build();
        Self {
            breaker: match built {
                Ok(breaker) => breaker,
                Err(error) => unreachable!("{error}"),
            },
            clock,
            now: Duration::ZERO,
            told,
            out: Vec::new(),
            epochs: Vec::new(),
            admitted: 0,
            recorded: 0,
        }
    }

    fn play(&mut self, op: &Op) -> Answer {
        match op {
            Op::Acquire => return Answer::Acquired(self.acquire().err()),
            Op::Settle(index, outcome) if !self.out.is_empty() => {
                let settled = self.settle(index.index(self.out.len()), *outcome);
                return Answer::Settled(settled.0, settled.1);
            }
            Op::Settle(..) => {}
            Op::Record(success) => {
                self.recorded += 1;
                if *success {
                    self.breaker.record_success_sync();
                } else {
                    self.breaker.record_failure_sync();
                }
            }
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

    fn acquire(&mut self) -> Result<(), Rejection> {
        let permit = self.breaker.try_acquire_owned()?;
        self.admitted += 1;
        self.out.push(permit);
        self.epochs.push(self.metrics().epoch);
        Ok(())
    }

    fn settle(&mut self, index: usize, outcome: Outcome) -> (Effect, Option<Transition>) {
        self.epochs.swap_remove(index);
        let settlement = self.out.swap_remove(index).settle(outcome);
        (settlement.effect, settlement.transition)
    }

    fn set_clock(&mut self, now: Duration) {
        self.now = now;
        self.clock.set(now.as_nanos() as u64);
    }

    fn metrics(&self) -> CircuitBreakerMetrics {
        self.breaker.snapshot()
    }

    fn told(&self) -> Vec<Transition> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.clone()
    }
}

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    /// P1: never more unsettled probes than `half_open_max_calls`.
    #[test]
    fn p1_probes_are_never_more_than_slots(shape in shape(), ops in ops_and_controls()) {
        let mut world = World::new(shape);
        for op in &ops {
            world.play(op);
            let metrics = world.metrics();
            if metrics.state == CircuitBreakerState::HalfOpen && !metrics.forced {
                let probes = world.epochs.iter().filter(|epoch| **epoch == metrics.epoch).count();
                prop_assert_eq!(probes, usize::from(metrics.probes_in_flight));
            }
            prop_assert!(u32::from(metrics.probes_in_flight) <= shape.half_open_max_calls);
        }
    }

    /// P2: from any state, with calls arriving and every permit left hanging, a call is admitted
    /// within `wait + probe_timeout`.
    #[test]
    fn p2_a_call_is_admitted_in_time(shape in shape(), ops in ops()) {
        let mut world = World::new(shape);
        for op in &ops {
            world.play(op);
        }
        let begun = world.now;
        while let Err(rejection) = world.acquire() {
            let pause = rejection.retry_after.unwrap_or(shape.probe_timeout);
            world.set_clock(world.now + pause);
            let waited = world.now - begun;
            prop_assert!(waited <= shape.config.timeout + shape.probe_timeout, "{waited:?}");
        }
    }

    /// P3: a stale settlement changes no observable but its total.
    #[test]
    fn p3_a_stale_settlement_changes_only_its_total(
        shape in shape(),
        ops in ops_and_controls(),
        outcome in 0..4_usize,
    ) {
        let mut world = World::new(shape);
        for op in &ops {
            world.play(op);
        }
        let current = world.metrics().epoch;
        while let Some(index) = world.epochs.iter().position(|epoch| *epoch != current) {
            let (mut expected, told) = (world.metrics(), world.told());
            let settled = world.settle(index, Outcome::ALL[outcome]);
            prop_assert_eq!(settled, (Effect::Stale, None));
            expected.stale_count += 1;
            prop_assert_eq!(world.metrics(), expected);
            prop_assert_eq!(world.told(), told);
        }
    }

    /// P4: each transition's `from` is the one before's `to`; epochs are gap-free.
    #[test]
    fn p4_transitions_are_a_chain(shape in shape(), ops in ops_and_controls()) {
        let mut world = World::new(shape);
        for op in &ops {
            world.play(op);
        }
        let (mut state, mut epoch) = (CircuitBreakerState::Closed, 1);
        for transition in world.told() {
            prop_assert_eq!((transition.from, transition.epoch), (state, epoch + 1));
            (state, epoch) = (transition.to, transition.epoch);
        }
        let metrics = world.metrics();
        prop_assert_eq!(metrics.epoch, epoch);
        prop_assert_eq!(metrics.transition_count, epoch - 1);
    }

    /// P5: cancelling any set of calls opens nothing and closes nothing.
    #[test]
    fn p5_cancelling_decides_nothing(
        shape in shape(),
        ops in ops_and_controls(),
        which in prop::collection::vec(any::<Index>(), 0..20),
    ) {
        let mut world = World::new(shape);
        for op in &ops {
            world.play(op);
        }
        let (before, told) = (world.metrics(), world.told());
        for index in which {
            if !world.out.is_empty() {
                world.settle(index.index(world.out.len()), Outcome::Cancelled);
            }
        }
        let after = world.metrics();
        prop_assert_eq!((after.state, after.epoch), (before.state, before.epoch));
        prop_assert_eq!(after.consecutive_failures, before.consecutive_failures);
        prop_assert_eq!(world.told(), told);
    }

    /// P6: admitted = settled + in flight + expired. What is expired settles as stale, so until it
    /// does it is among the permits that are out.
    #[test]
    fn p6_no_call_is_lost(shape in shape(), ops in ops_and_controls()) {
        let mut world = World::new(shape);
        for op in &ops {
            world.play(op);
            let metrics = world.metrics();
            let settled = metrics.success_count
                + metrics.failure_count
                + metrics.ignored_count
                + metrics.cancelled_count
                + metrics.stale_count
                - world.recorded;
            prop_assert_eq!(world.admitted, settled + world.out.len() as u64);
        }
    }

    /// P7: the same operations at the same times give the same results.
    #[test]
    fn p7_the_same_sequence_gives_the_same_results(shape in shape(), ops in ops_and_controls()) {
        let (mut one, mut other) = (World::new(shape), World::new(shape));
        for op in &ops {
            prop_assert_eq!(one.play(op), other.play(op));
            prop_assert_eq!(one.metrics(), other.metrics());
        }
        prop_assert_eq!(one.told(), other.told());
    }
}
