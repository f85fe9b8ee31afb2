//! Fractions and durations that no scenario can write down.

use std::time::Duration;

use super::{NEVER, Settings, WindowSize};
use crate::error::ConfigError;
use crate::machine::WHOLE;

fn refused(change: impl Fn(&mut Settings)) -> Option<ConfigError> {
    let mut settings = Settings {
        slow_call_duration: Some(Duration::from_secs(1)),
        ..Settings::default()
    };
    change(&mut settings);
    settings.rules().err()
}

/// What a field is set to, whether or not it counts otherwise.
type Set = fn(&mut Settings, f64);

const FRACTIONS: [(&str, Set, &str); 4] = [
    (
        "failure_rate",
        |it, fraction| it.failure_rate = Some(fraction),
        "more than 0, at most 1",
    ),
    (
        "slow_call_rate",
        |it, fraction| it.slow_call_rate = fraction,
        "more than 0, at most 1",
    ),
    (
        "backoff_multiplier",
        |it, fraction| it.backoff_multiplier = fraction,
        "1 to 100",
    ),
    ("jitter", |it, fraction| it.jitter = fraction, "0 to 1"),
];

/// 3.3a: the range is asked of the number itself, and what is no number is in no range.
#[test]
fn what_is_no_fraction_is_refused_by_name() {
    for (field, set, range) in FRACTIONS {
        for fraction in [
            f64::NAN,
            -f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MAX,
            f64::MIN,
            -1.0,
            -f64::MIN_POSITIVE,
            100.000_001,
        ] {
            let error = refused(|it| set(it, fraction)).expect("out of range");
            assert_eq!((error.field(), error.range()), (field, range), "{fraction}");
            assert_eq!(error.value(), fraction.to_string());
        }
    }
    // As near to a whole as can be, and too much.
    for (field, set, _) in [FRACTIONS[0], FRACTIONS[1], FRACTIONS[3]] {
        let error = refused(|it| set(it, 1.0_f64.next_up())).expect("out of range");
        assert_eq!(error.field(), field);
        assert_eq!(refused(|it| set(it, 1.0)), None);
    }
}

/// A rate that would be held as nothing is refused as nothing is; a jitter so small is none.
#[test]
fn what_is_held_as_nothing() {
    for (field, set, _) in &FRACTIONS[..2] {
        for nothing in [0.0, -0.0, f64::MIN_POSITIVE, 4.9e-7] {
            let error = refused(|it| set(it, nothing)).expect("nothing");
            assert_eq!(error.field(), *field);
        }
        assert_eq!(refused(|it| set(it, 5e-7)), None);
    }
    for none in [0.0, -0.0, f64::MIN_POSITIVE, 4.9e-7] {
        let settings = Settings {
            jitter: none,
            ..Settings::default()
        };
        assert_eq!(settings.rules().map(|it| it.backoff.jitter), Ok(0));
    }
}

#[test]
fn fractions_are_held_to_the_nearest_millionth() {
    let held = |jitter| {
        let settings = Settings {
            jitter,
            ..Settings::default()
        };
        settings.rules().map(|it| it.backoff.jitter)
    };
    for (fraction, expected) in [
        (1.0, WHOLE),
        (0.5, WHOLE / 2),
        (0.333_333_333, 333_333),
        (0.666_666_666, 666_667),
        (1.0_f64.next_down(), WHOLE),
    ] {
        assert_eq!(held(fraction), Ok(expected), "{fraction}");
    }
}

/// 3.1c: where none is given, the longest wait is ten minutes, or the timeout where that is longer.
#[test]
fn the_longest_wait_is_never_shorter_than_the_timeout() {
    let ten_minutes = 600_000_000_000;
    let held = |timeout, max_timeout| {
        let settings = Settings {
            timeout,
            max_timeout,
            ..Settings::default()
        };
        settings.rules().map(|it| it.backoff.max_timeout)
    };
    for (timeout, expected) in [
        (Duration::ZERO, ten_minutes),
        (Duration::from_nanos(ten_minutes - 1), ten_minutes),
        (Duration::from_nanos(ten_minutes), ten_minutes),
        (Duration::from_nanos(ten_minutes + 1), ten_minutes + 1),
        (Duration::MAX, NEVER),
    ] {
        assert_eq!(held(timeout, None), Ok(expected));
        assert_eq!(held(timeout, Some(Duration::MAX)), Ok(NEVER));
        assert_eq!(
            held(timeout, Some(timeout)).ok(),
            Some(super::nanos(timeout))
        );
    }
    let timeout = Duration::from_secs(1);
    let error = held(timeout, Some(timeout - Duration::from_nanos(1))).expect_err("too short");
    assert_eq!(
        (error.field(), error.range()),
        ("max_timeout", "timeout or more")
    );
}

/// The narrowest bucket that can be configured is a tenth of a millisecond, and no window is cut to nothing.
#[test]
fn the_shortest_window_has_buckets() {
    let settings = Settings {
        failure_rate: Some(0.5),
        window: WindowSize::Time {
            length: super::MIN_WINDOW,
            buckets: 100,
        },
        ..Settings::default()
    };
    let expected = crate::machine::WindowRule::Time {
        width: 100_000,
        buckets: 100,
    };
    assert_eq!(settings.rules().map(|it| it.window), Ok(expected));
}
