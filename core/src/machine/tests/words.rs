//! The admission word: what it says, and that it decides as the machine does.

use super::{POLICY, half_open, opened, permit, settle};
use crate::machine::{Effect, Machine, Outcome, Phase, Policy, Word};

#[test]
fn the_word_says_whether_to_call_in() {
    let mut machine = Machine::new();
    assert!(machine.word(&POLICY, None).is_clear());
    let permit = permit(&mut machine, 0);
    settle(&mut machine, permit, Outcome::Failure, 0);
    assert!(!machine.word(&POLICY, None).is_clear());
    assert!(machine.word(&POLICY, None).admits_all());
    assert!(permit.is_clear() && machine.word(&POLICY, None).epoch() == permit.epoch());
    settle(&mut machine, permit, Outcome::Success, 0);
    assert!(machine.word(&POLICY, None).is_clear());
    machine.force_closed(None, 0);
    assert!(machine.word(&POLICY, None).is_clear() && machine.word(&POLICY, None).admits_all());
    machine.force_open(None, 0);
    assert!(!machine.word(&POLICY, None).is_clear() && !machine.word(&POLICY, None).admits_all());
    assert!(!machine.word(&POLICY, None).is_waiting());
    assert!(opened(0).word(&POLICY, None).is_waiting());
    let (machine, _) = half_open(100);
    assert!(!machine.word(&POLICY, None).admits_all() && !machine.word(&POLICY, None).is_waiting());
    assert_eq!(
        u64::from(machine.word(&POLICY, None).epoch()),
        machine.epoch()
    );
}

/// Words of different states and neighbouring epochs never coincide.
#[test]
fn a_word_belongs_to_one_epoch_and_phase() {
    let mut machine = Machine::new();
    let mut words = vec![machine.word(&POLICY, None)];
    for now in 0..50 {
        match now % 5 {
            0 => machine.trip(&POLICY, None, now),
            1 => machine.force_closed(None, now),
            2 => machine.force_open(None, now),
            3 => machine.automatic(None, now),
            _ => Some(machine.reset(&POLICY, None, now)),
        };
        assert!(!words.contains(&machine.word(&POLICY, None)));
        words.push(machine.word(&POLICY, None));
    }
}

#[test]
fn half_a_word_is_as_good_a_permit() {
    let mut machine = Machine::new();
    let permit = permit(&mut machine, 0);
    settle(&mut machine, permit, Outcome::Failure, 0);
    let half = Word::from_bits(machine.word(&POLICY, None).to_bits() & u64::from(u32::MAX));
    assert_ne!(half, machine.word(&POLICY, None));
    settle(&mut machine, half, Outcome::Success, 0);
    assert!(machine.word(&POLICY, None).is_untouched_by_success_of(half));
    machine.reset(&POLICY, None, 0);
    let late = machine
        .settle(&POLICY, None, half.into(), Outcome::Failure.into(), Some(0))
        .expect("now is given");
    assert_eq!(late.effect, Effect::Stale);
}

/// Where the word decides without the machine, the machine would have decided so too.
#[test]
fn the_word_and_the_machine_agree() {
    let closed = |failures| {
        let mut machine = Machine::new();
        machine.set_phase(Phase::Closed { failures });
        machine
    };
    let huge = Policy {
        failure_threshold: u32::MAX,
        ..POLICY
    };
    // The word can write down 2^28 - 2 failures, and says "many" beyond.
    let many = (1 << 28) - 1;
    let edges = [0, 1, 2, many - 2, many - 1, many, many + 1, u32::MAX - 1];
    let mut unasked = 0;
    for (policy, failures) in edges
        .map(|failures| (huge, failures))
        .into_iter()
        .chain([0, 1, 2].map(|failures| (POLICY, failures)))
    {
        for outcome in Outcome::ALL {
            let mut machine = closed(failures);
            let word = machine.word(&POLICY, None);
            let by_word = word.settled(&policy, word, outcome);
            let by_machine = machine
                .settle(&policy, None, word.into(), outcome.into(), Some(0))
                .expect("now is given");
            if let Some((after, effect)) = by_word {
                unasked += 1;
                assert_eq!(
                    (after, effect),
                    (machine.word(&POLICY, None), by_machine.effect)
                );
                assert_eq!(by_machine.transition, None);
                let mut caught_up = closed(failures);
                caught_up.catch_up(after, None, 0);
                assert_eq!(caught_up, machine);
            }
        }
    }
    // All four outcomes at five edges, but the failure at `many - 1`; the success at the three beyond;
    // and with the small threshold all four at 0 and 1, and three at 2.
    assert_eq!(unasked, 4 * 5 - 1 + 3 + 4 + 4 + 3);

    // Nothing is taken over from a word that cannot say, nor under a forced mode.
    let mut machine = closed(many + 1);
    machine.catch_up(closed(many).word(&POLICY, None), None, 0);
    assert_eq!(machine.consecutive_failures(), many + 1);
    let mut machine = closed(2);
    machine.force_closed(None, 0);
    machine.catch_up(machine.word(&POLICY, None), None, 0);
    machine.automatic(None, 0);
    assert_eq!(machine.consecutive_failures(), 2);
}

#[test]
fn the_word_decides_only_while_closed() {
    let settled = |machine: &Machine, outcome| {
        let word = machine.word(&POLICY, None);
        word.settled(&POLICY, word, outcome)
            .map(|(after, effect)| (after == word, effect))
    };
    let mut forced_closed = Machine::new();
    forced_closed.force_closed(None, 0);
    let mut forced_open = Machine::new();
    forced_open.force_open(None, 0);
    let (half_open, _permit) = half_open(100);
    assert!(half_open.word(&POLICY, None).needs_now() && opened(0).word(&POLICY, None).needs_now());
    assert!(
        !forced_open.word(&POLICY, None).needs_now()
            && !forced_closed.word(&POLICY, None).needs_now()
    );
    for outcome in Outcome::ALL {
        let counts = Some((true, Effect::Applied));
        assert_eq!(settled(&forced_closed, outcome), counts);
        for asked in [&forced_open, &half_open, &opened(0)] {
            assert_eq!(settled(asked, outcome), None);
        }
        let stale = Word::from_bits(0).settled(&POLICY, half_open.word(&POLICY, None), outcome);
        assert_eq!(stale, Some((Word::from_bits(0), Effect::Stale)));
    }
}
