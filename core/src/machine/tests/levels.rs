//! What a machine has beside its phase, at the ends of its ranges.

use super::POLICY;
use crate::machine::{
    BackoffRule, Levels, Machine, NEVER, Nanos, OFF, Outcome, Policy, Rate, Reason, Recorded,
    Rules, SlowRule, State, Ticket, Verdict, WHOLE, WindowRule,
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

/// A wait of 2^64 - 1 ns would be one that never ends, and is a nanosecond less.
#[test]
fn jitter_makes_no_wait_endless() {
    // What is drawn first from this seed is the largest number; of half of all numbers, all of it is as much.
    let mut rules = growing(1 << 63, WHOLE, NEVER);
    rules.backoff.jitter = WHOLE;
    rules.backoff.jitter_seed = Some(0x3162_8AF6_7B21_31AB);
    assert_eq!(spread(1 << 63, WHOLE, u64::MAX), NEVER - 1);
    let wait = trip(&mut Machine::new(), &rules, &mut levels(&rules));
    assert_eq!(wait, NEVER - 1);
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

/// 11.1a: without a rate there is no window, whatever else there is.
#[test]
fn without_a_rate_nothing_is_kept() {
    let rules = growing(10, 2 * WHOLE, 100);
    let (mut machine, mut levels) = (Machine::new(), levels(&rules));
    for recorded in [Recorded::Failure, Recorded::Success] {
        machine
            .record(&rules.policy, Some(&mut levels), recorded, None)
            .expect("nothing asks for the time");
        assert_eq!(machine.window(Some(&levels), None), Ok(Content::default()));
    }
    let time = Rules {
        window: WindowRule::Time {
            width: 10,
            buckets: 10,
        },
        ..rules
    };
    let levels = self::levels(&time);
    assert!(!levels.has_time_window());
    assert_eq!(
        (levels.bucket_width(), levels.newest_bucket()),
        (None, None)
    );
}

/// Where the buckets lie, for those who put successes in the newest one without asking.
#[test]
fn a_window_of_time_says_where_its_newest_bucket_is() {
    let mut rules = rated(WHOLE, 100);
    rules.window = WindowRule::Time {
        width: 10,
        buckets: 10,
    };
    let (mut machine, mut levels) = (Machine::new(), levels(&rules));
    assert_eq!(
        (levels.bucket_width(), levels.newest_bucket()),
        (Some(10), None)
    );
    for (now, newest) in [(7, 0), (25, 20), (29, 20), (18, 20), (230, 230), (9, 0)] {
        machine
            .record(
                &rules.policy,
                Some(&mut levels),
                Recorded::Success,
                Some(now),
            )
            .expect("now is given");
        assert_eq!(levels.newest_bucket(), Some(newest));
    }
    assert_eq!(self::levels(&rated(WHOLE, 100)).newest_bucket(), None);
}

/// 12.5: at its last moment in time a call is not hung yet, and is judged when it ends; a step later it is.
#[test]
fn a_call_is_hung_or_slow_and_never_both() {
    let rules = Rules {
        slow: Some(SlowRule {
            duration: 16,
            rate: Rate {
                ppm: WHOLE,
                minimum_calls: 100,
            },
            count_hung_calls: true,
        }),
        ..rated(WHOLE, 100)
    };
    // A step is 1 ns: a call that began at 4 is hung when 5 + 16 <= now.
    for (now, hung) in [(19, 0), (20, 0), (21, 1), (300, 1)] {
        for outcome in [Outcome::Success, Outcome::Cancelled, Outcome::Failure] {
            let (mut machine, mut levels) = (Machine::new(), levels(&rules));
            let levels = &mut levels;
            let admission = machine
                .admit(&rules.policy, Some(levels), Some(4))
                .expect("now is given");
            assert!(matches!(admission.verdict, Verdict::Admitted(_)));
            assert_eq!(machine.tick(&rules.policy, Some(levels), now), None);
            assert_eq!(levels.slow_total(), hung, "at {now}");
            let ticket = Ticket {
                word: machine.word(&rules.policy, Some(levels)),
                began: 4,
            };
            machine
                .settle(
                    &rules.policy,
                    Some(levels),
                    ticket,
                    outcome.into(),
                    Some(now),
                )
                .expect("now is given");
            // Slow in either case, once: but for the one that ended early enough.
            assert_eq!(
                levels.slow_total(),
                u64::from(now > 19),
                "{outcome} at {now}"
            );
            // It is not found again.
            machine.tick(&rules.policy, Some(levels), now + 1_000);
            assert_eq!(levels.slow_total(), u64::from(now > 19));
        }
    }
}

/// 12.5c: after a step back of the clock a call of before it is not watched, and its end is no end of another.
#[test]
fn a_call_from_before_a_step_back_ends_nobody_elses() {
    let rules = Rules {
        slow: Some(SlowRule {
            duration: 16,
            rate: Rate {
                ppm: WHOLE,
                minimum_calls: 100,
            },
            count_hung_calls: true,
        }),
        ..rated(WHOLE, 100)
    };
    let (mut machine, mut levels) = (Machine::new(), levels(&rules));
    let levels = &mut levels;
    // Admitted at 100, before the clock stepped back; and at 82 after that.
    for now in [100, 70, 82] {
        machine
            .admit(&rules.policy, Some(levels), Some(now))
            .expect("now is given");
    }
    // The one of 70 is found hung at 87, that of 82 is not yet at 98. Then the first of all ends.
    machine.tick(&rules.policy, Some(levels), 98);
    assert_eq!(levels.slow_total(), 1);
    let ticket = Ticket {
        word: machine.word(&rules.policy, Some(levels)),
        began: 100,
    };
    machine
        .settle(
            &rules.policy,
            Some(levels),
            ticket,
            Outcome::Ignored.into(),
            Some(98),
        )
        .expect("now is given");
    machine.tick(&rules.policy, Some(levels), 99);
    assert_eq!(levels.slow_total(), 2);
}
