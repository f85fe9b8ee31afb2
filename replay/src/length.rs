//! Lengths of time, as people write and read them.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

/// The units, the longer spellings first where one ends in another.
const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// What [`parse`] takes, in words.
pub const FORM: &str = "a length of time such as 250ms, 1.5s, 2m or never";

/// Reads `250ms`, `1.5s`, `2m`, `never`; none where it is nothing of the kind. What is finer than a nanosecond is cut off.
pub fn parse(text: &str) -> Option<Duration> {
    if text == "never" {
        return Some(Duration::MAX);
    }
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let (number, unit) = UNITS.iter().find_map(|(name, unit)| {
        let number = text.strip_suffix(name)?;
        // So that `5ms` is not five `m`, and then an `s`.
        number
            .ends_with(|last: char| last.is_ascii_digit())
            .then_some((number, *unit))
    })?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    // Eighteen digits are finer than any unit here, and far from overflow.
    let digits = |text: &str| -> Option<u128> {
        let good = (1..=18).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit());
        if good { text.parse().ok() } else { None }
    };
    let scale = 10_u128.pow(fraction.len().try_into().ok()?);
    let nanos = digits(whole)? * unit + digits(fraction)? * unit / scale;
    let seconds = u64::try_from(nanos / 1_000_000_000).ok()?;
    Some(Duration::new(seconds, (nanos % 1_000_000_000) as u32))
}

/// Nanoseconds, printed as seconds with so many decimals; what is finer is cut off.
#[derive(Clone, Copy, Debug)]
pub struct Seconds(pub u128, pub u32);

impl Display for Seconds {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(nanos, decimals) = *self;
        let scale = 10_u128.pow(decimals);
        let parts = nanos / (1_000_000_000 / scale);
        let (whole, part) = (parts / scale, parts % scale);
        let width = decimals as usize;
        f.pad(&match decimals {
            0 => format!("{whole} s"),
            _ => format!("{whole}.{part:0width$} s"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_people_write_them() {
        for (text, nanos) in [
            ("0", 0),
            ("0s", 0),
            ("7ns", 7),
            ("1.5us", 1_500),
            ("2µs", 2_000),
            ("250ms", 250_000_000),
            ("30s", 30_000_000_000),
            ("2m", 120_000_000_000),
            ("1.5min", 90_000_000_000),
            ("24h", 86_400_000_000_000),
            ("0.0000000019s", 1),
        ] {
            assert_eq!(parse(text), Some(Duration::from_nanos(nanos)), "{text}");
        }
        assert_eq!(parse("never"), Some(Duration::MAX));
        assert_eq!(parse("999999999999999999h"), None);
    }

    #[test]
    fn nothing_else() {
        for text in [
            "",
            "30",
            "s",
            ".5s",
            "1.s",
            "1.2.3s",
            "-1s",
            "+1s",
            "1 s",
            "1d",
            "1e3s",
            "ms",
            "1mss",
            "1234567890123456789s",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn seconds_are_cut() {
        assert_eq!(Seconds(1_999_999_999, 3).to_string(), "1.999 s");
        assert_eq!(Seconds(2_050_000_000, 1).to_string(), "2.0 s");
        assert_eq!(Seconds(2_050_000_000, 0).to_string(), "2 s");
        assert_eq!(format!("{:>8}", Seconds(0, 1)), "   0.0 s");
    }
}
