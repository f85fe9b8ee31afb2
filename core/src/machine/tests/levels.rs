//! What a machine has beside its phase, at the ends of its ranges.

use super::POLICY;
use crate::machine::{
    BackoffRule, Levels, Machine, NEVER, Nanos, OFF, Outcome, Policy, Rate, Reason, Recorded,
    Rules, State, WHOLE, WindowRule,
};
use crate::window::{CallWindow, Content};

/// Waits that grow from `timeout`, without jitter.
fn growing(timeout: Nanos, multiplier: u32, max_timeout: Nanos) -> Rules {
    Rules {
        backoff: BackoffRule {
            multiplier,
            max_timeout,
            jitter: 0,
            jitter_seed: Some(0),
        },
        ..Policy { timeout, ..POLICY }.into()
    }
}

/// Only the rate opens, of no fewer calls than the window holds.
fn rated(ppm: u32, size: u32) -> Rules {
    Rules {
        failure_rate: Rate {
            ppm,
            minimum_calls: size,
        },
        window: WindowRule::Calls(size),
        ..Policy {
            failure_threshold: OFF,
            ..POLICY
        }
        .into()
    }
}

fn levels(rules: &Rules) -> Levels {
    Levels::new(rules, 0).expect("there are some")
}

/// The wait of an opening by hand.
fn trip(machine: &mut Machine, rules: &Rules, levels: &mut Levels) -> Nanos {
    machine.trip(&rules.policy, Some(levels), 0).expect("opens");
    Machine::wait(&rules.policy, Some(levels))
}

/// 13.3, for the steepest growth and for the slowest, for the longest limit and for none.
#[test]
#[cfg_attr(miri, ignore = "long, and nothing but arithmetic")]
fn after_ten_thousand_openings_the_wait_is_the_longest() {
    let hour = 3_600_000_000_000;
    for (timeout, multiplier, max_timeout, expected) in [
        (10, 2 * WHOLE, 1_000, 1_000),
        (10, 100 * WHOLE, hour, hour),
        (10, 100 * WHOLE, NEVER - 1, NEVER - 1),
        (10, 100 * WHOLE, NEVER, NEVER),
        (NEVER - 1, WHOLE + 1, NEVER, NEVER),
        (NEVER - 1, 100 * WHOLE, NEVER - 1, NEVER - 1),
        (NEVER, 2 * WHOLE, NEVER, NEVER),
        // 1.01 times, and what is cut off each time does not stop it.
        (1_000, WHOLE + WHOLE / 100, hour, hour),
        (1_000, WHOLE, hour, 1_000),
        (0, 100 * WHOLE, hour, 0),
    ] {
        let rules = growing(timeout, multiplier, max_timeout);
        let Some(mut levels) = Levels::new(&rules, 0) else {
            continue;
        };
        let mut machine = Machine::new();
        let mut before = 0;
        for opening in 1..=10_000 {
            let wait = trip(&mut machine, &rules, &mut levels);
            assert!(
                (before..=max_timeout).contains(&wait),
                "{wait} after {before}"
            );
            assert!(opening > 1 || wait == timeout);
            before = wait;
        }
        assert_eq!(before, expected, "{rules:?}");
        assert_eq!(levels.openings_in_a_row(), Some(10_000));
        // And a reset begins anew.
        machine.reset(&rules.policy, Some(&mut levels), 0);
        assert_eq!(trip(&mut machine, &rules, &mut levels), timeout);
    }
}

/// The first numbers of SplitMix64 from the seed 1234567, as its authors publish them.
const SEED: u64 = 1_234_567;
const DRAWN: [u64; 5] = [
    6_457_827_717_110_365_317,
    3_203_168_211_198_807_973,
    9_817_491_932_198_370_423,
    4_593_380_528_125_082_431,
    16_408_922_859_458_223_821,
];

/// 13.1b: w - s + floor(r * (2s + 1) / 2^64), in another order than the machine's: twice r * s, and r.
fn spread(wait: Nanos, jitter: u32, random: u64) -> Nanos {
    let s = u128::from(wait) * u128::from(jitter) / u128::from(WHOLE);
    let product = u128::from(random) * s;
    let low = u128::from(product as u64);
    let offset = 2 * (product >> 64) + ((2 * low + u128::from(random)) >> 64);
    let spread = u128::from(wait) - s + offset;
    u64::try_from(spread).map_or(NEVER - 1, |it| it.min(NEVER - 1))
}

#[test]
fn jitter_is_exact_up_to_the_longest_wait() {
    for timeout in [
        1,
        2,
        3,
        1_000,
        1 << 32,
        (1 << 63) - 1,
        1 << 63,
        NEVER - 2,
        NEVER - 1,
    ] {
        for jitter in [0, 1, 499_999, WHOLE / 2, WHOLE - 1, WHOLE] {
            let mut rules = growing(timeout, WHOLE, NEVER);
            rules.backoff.jitter = jitter;
            rules.backoff.jitter_seed = Some(SEED);
            let (mut machine, mut levels) = (Machine::new(), levels(&rules));
            for random in DRAWN {
                let wait = trip(&mut machine, &rules, &mut levels);
                let random = if jitter == 0 { 0 } else { random };
                assert_eq!(wait, spread(timeout, jitter, random), "{timeout} {jitter}");
            }
        }
    }
}

/// Full jitter on the shortest wait gives each of 0, 1 and 2; no wait, or one that never ends, is not spread.
#[test]
fn jitter_of_all_and_of_nothing() {
    let waits = |timeout| {
        let mut rules = growing(timeout, WHOLE, NEVER);
        rules.backoff.jitter = WHOLE;
        let (mut machine, mut levels) = (Machine::new(), levels(&rules));
        let mut waits: Vec<_> = (0..100)
            .map(|_| trip(&mut machine, &rules, &mut levels))
            .collect();
        waits.sort_unstable();
        waits.dedup();
        waits
    };
    assert_eq!(waits(1), [0, 1, 2]);
    assert_eq!(waits(0), [0]);
    assert_eq!(waits(NEVER), [NEVER]);
    // Above the middle, half of the waits would be longer than there are numbers.
    assert_eq!(waits(NEVER - 1).last(), Some(&(NEVER - 1)));
}

/// The window's last call decides, be it the 65,536th; what is one failure short of the rate does not open.
#[test]
fn the_largest_window_decides_at_its_last_call() {
    // A smaller one under miri, which takes minutes for as many calls.
    const SIZE: u64 = if cfg!(miri) {
        200
    } else {
        CallWindow::MAX_SIZE as u64
    };
    for (short, opens) in [(0, true), (1, false)] {
        let rules = rated(WHOLE / 2, SIZE as u32);
        let (policy, mut levels) = (rules.policy, levels(&rules));
        let mut machine = Machine::new();
        let failures = SIZE / 2 - short;
        for _ in 0..failures {
            let recording = machine
                .record(&policy, Some(&mut levels), Recorded::Failure, Some(0))
                .expect("now is given");
            assert_eq!(recording.transitions, [None, None]);
        }
        // All but one of the others were counted elsewhere.
        let counted = SIZE - failures - 1;
        let word = machine.word(&policy, Some(&levels));
        machine.catch_up(word, Some(&mut levels), counted);
        let permit = machine.word(&policy, Some(&levels));
        let settlement = machine
            .settle(
                &policy,
                Some(&mut levels),
                permit.into(),
                Outcome::Success.into(),
                Some(0),
            )
            .expect("now is given");
        let content = Content {
            calls: SIZE,
            failures,
            slow: 0,
        };
        match settlement.transition {
            Some(opened) => {
                assert!(opens);
                assert_eq!(opened.reason, Reason::FailureRate);
                assert_eq!(opened.evidence.window, content);
                assert_eq!(machine.automatic_state(), State::Open);
            }
            None => {
                assert!(!opens);
                assert_eq!(machine.window(Some(&levels), None), Ok(content));
                // Full, and good calls alone will not open it: they are counted elsewhere from now on.
                let word = machine.word(&policy, Some(&levels));
                assert!(word.is_clear());
                machine.catch_up(word, Some(&mut levels), counted + 1 + SIZE);
                let content = Content {
                    calls: SIZE,
                    ..Content::default()
                };
                assert_eq!(machine.window(Some(&levels), None), Ok(content));
            }
        }
    }
}
