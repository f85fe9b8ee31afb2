//! Words that no admission gave, or that were settled before: SPEC 7.2a. Only hosts that hold bare
//! words can come by them, so there is no scenario for it.

use k1s0_circuit_breaker::machine::Word;
use k1s0_circuit_breaker::{
    CircuitBreaker, CircuitBreakerConfig, Effect, ManualClock, Outcome, Settlement,
};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use std::sync::atomic::Ordering;
use std::time::Duration;

fn breaker(clock: &ManualClock) -> CircuitBreaker {
    let built = CircuitBreaker::builder(CircuitBreakerConfig {
        failure_threshold: 1,
        success_threshold: 1,
        timeout: Duration::from_secs(1),
    })
    .clock(clock.clone())
    .build();
    match built {
        Ok(breaker) => breaker,
        Err(error) => unreachable!("{error}"),
    }
}

fn half_open(clock: &ManualClock) -> CircuitBreaker {
    let breaker = breaker(clock);
    breaker.record_failure_sync();
    clock.advance(Duration::from_secs(1));
    breaker
}

/// Settles the word with every outcome; none of them may do anything.
fn has_no_effect(breaker: &CircuitBreaker, word: u64) {
    let before = breaker.snapshot();
    for outcome in Outcome::ALL {
        assert_eq!(
            breaker
                .permit_from_ticket(Word::from_bits(word))
                .settle(outcome),
            Settlement {
                effect: Effect::AlreadySettled,
                transition: None,
            }
        );
    }
    assert_eq!(breaker.snapshot(), before);
}

#[test]
fn a_copy_of_a_settled_probes_word_has_no_effect() {
    let breaker = half_open(&ManualClock::new());
    let ticket = breaker.try_acquire_owned().unwrap().into_ticket().unwrap();
    breaker.permit_from_ticket(ticket).ignore();
    has_no_effect(&breaker, ticket.word.to_bits());
}

#[test]
fn a_word_read_while_half_open_takes_no_slot() {
    let breaker = half_open(&ManualClock::new());
    breaker.try_acquire_owned().unwrap().ignore();
    has_no_effect(&breaker, breaker.admission_word().load(Ordering::Acquire));
}

#[test]
fn a_word_read_while_open_has_no_effect() {
    let breaker = breaker(&ManualClock::new());
    breaker.record_failure_sync();
    has_no_effect(&breaker, breaker.admission_word().load(Ordering::Acquire));
}

#[test]
fn a_zeroed_word_is_stale() {
    let breaker = breaker(&ManualClock::new());
    let settlement = breaker.permit_from_ticket(Word::from_bits(0)).failure();
    assert_eq!(settlement.effect, Effect::Stale);
    assert_eq!(breaker.current_state(), "Closed");
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    /// Words come from other languages' memory: whatever they hold, nothing breaks, and only the
    /// epoch decides whether one counts.
    #[test]
    fn any_word_is_safe(word in any::<u64>(), outcome in 0..4_usize) {
        let breaker = breaker(&ManualClock::new());
        let epoch = word << 4 >> 5;
        let settlement = breaker.permit_from_ticket(Word::from_bits(word)).settle(Outcome::ALL[outcome]);
        let expected = match (epoch, word as u32) {
            (1, _) => Effect::Applied,
            (_, 1) => Effect::Shadowed,
            _ => Effect::Stale,
        };
        prop_assert_eq!(settlement.effect, expected);
    }
}
