//! The properties P1 to P7 of SPEC.md, on random sequences of calls, failures and clock steps, over all levels.
//!
//! A sequence that fails is shortened and kept in `properties.regressions` beside this file, from
//! where it is played again before all others. Commit that file.

#[path = "properties/world.rs"]
mod world;

use k1s0_circuit_breaker::{CircuitBreakerState, Effect, Outcome, Reason, RejectReason};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::FileFailurePersistence;
use world::{Acquired, PROBE_TIMEOUT, Shape, World, ops, ops_and_controls, shape};

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
        loop {
            let pause = match world.acquire() {
                Acquired::Admitted => break,
                Acquired::Rejected(rejection) => rejection.retry_after,
                // Nobody tells it when; one that had been rejected would have been told this.
                Acquired::Shadowed => world.metrics().remaining_wait,
            };
            world.set_clock(world.now + pause.unwrap_or(PROBE_TIMEOUT));
            let waited = world.now - begun;
            prop_assert!(waited <= shape.longest_wait(&ops) + PROBE_TIMEOUT, "{waited:?}");
        }
    }

    /// P3: a stale settlement changes no observable but its total; one of a call that would have been
    /// rejected, none at all (14.1).
    #[test]
    fn p3_a_stale_settlement_changes_only_its_total(
        shape in shape(),
        ops in ops_and_controls(),
        outcome in 0..4_usize,
    ) {
        let outcome = Outcome::ALL[outcome];
        let mut world = World::new(shape);
        for op in &ops {
            world.play(op);
        }
        let current = world.metrics().epoch;
        while let Some(index) = world.epochs.iter().position(|epoch| *epoch != current) {
            let (mut expected, told) = (world.metrics(), world.told());
            let settled = world.settle(index, outcome);
            prop_assert_eq!(settled, (Effect::Stale, None));
            expected.stale_count += 1;
            prop_assert_eq!(world.metrics(), expected);
            prop_assert_eq!(world.told(), told);
        }
        let (expected, told) = (world.metrics(), world.told());
        for mut permit in world.shadowed.drain(..) {
            prop_assert_eq!(permit.settle(outcome).effect, Effect::Shadowed);
        }
        prop_assert_eq!(world.metrics(), expected);
        prop_assert_eq!(world.told(), told);
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

    /// P5: cancelling any set of calls opens nothing, but for calls that were slow (12.3), and closes nothing.
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
        for index in which {
            if world.out.is_empty() {
                break;
            }
            let before = world.metrics();
            let (_, made) = world.settle(index.index(world.out.len()), Outcome::Cancelled);
            let after = world.metrics();
            if let Some(opened) = made {
                prop_assert!(matches!(opened.reason, Reason::SlowCallRate | Reason::FailureRate));
                prop_assert_eq!(after.slow_count, before.slow_count + 1);
                prop_assert_eq!(before.state, CircuitBreakerState::Closed);
                prop_assert_eq!(after.state == CircuitBreakerState::Closed, false);
            } else {
                prop_assert_eq!((after.state, after.epoch), (before.state, before.epoch));
                prop_assert_eq!(after.consecutive_failures, before.consecutive_failures);
                prop_assert!(after.window_failures <= before.window_failures);
            }
            prop_assert!(shape.slow.is_some() || after.slow_count == 0);
        }
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
            // And what was not admitted is told once, as the one or the other.
            prop_assert_eq!(world.shadowed.len() as u64, metrics.would_reject_count);
            prop_assert!(metrics.rejected_count == 0 || !shape.shadow);
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

    /// 14.1: in shadow mode the same is decided, at the same times; only that nothing is rejected.
    #[test]
    fn shadow_mode_decides_as_ever(shape in shape(), ops in ops_and_controls()) {
        let mut world = World::new(Shape { shadow: false, ..shape });
        let mut shadow = World::new(Shape { shadow: true, ..shape });
        for op in &ops {
            world.play(op);
            shadow.play(op);
            let (expected, seen) = (world.metrics(), shadow.metrics());
            for reason in RejectReason::ALL {
                prop_assert_eq!(seen.would_reject_for(reason), expected.rejected_for(reason));
            }
            prop_assert_eq!((seen.state, seen.remaining_wait), (expected.state, expected.remaining_wait));
            prop_assert_eq!(seen.probes_in_flight, expected.probes_in_flight);
            prop_assert_eq!(seen.window_calls, expected.window_calls);
            prop_assert_eq!(Outcome::ALL.map(|it| seen.calls(it)), Outcome::ALL.map(|it| expected.calls(it)));
        }
        prop_assert_eq!(shadow.told(), world.told());
    }
}
