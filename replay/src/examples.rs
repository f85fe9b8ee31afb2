//! Two traces to try configurations on. They are committed, and made by this: equal on every machine.

use std::fmt::Write as _;

use k1s0_circuit_breaker::Outcome;

const MICRO: u64 = 1_000;
const MILLI: u64 = 1_000 * MICRO;
const SECOND: u64 = 1_000 * MILLI;

/// A trace: its file's name, and what makes its text.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// In `replay/traces`.
    pub file: &'static str,
    /// Makes it.
    pub make: fn() -> String,
}

/// All of them.
pub const EXAMPLES: [Example; 2] = [
    Example {
        file: "outage.jsonl",
        make: outage,
    },
    Example {
        file: "brown-out.jsonl",
        make: brown_out,
    },
];

/// 40 calls a second for 100 s. From 40 s on the service answers nobody for 20 s: every call ends after 1 s, by
/// its caller's timeout.
fn outage() -> String {
    let mut random = Random(1);
    lines((0..4_000).map(|call| {
        let at = begin(call, 25 * MILLI, &mut random);
        let (duration, outcome) = usual(&mut random);
        if (40 * SECOND..60 * SECOND).contains(&at) {
            (at, SECOND, Outcome::Failure)
        } else {
            (at, duration, outcome)
        }
    }))
}

/// 35 calls a second for 120 s. From 30 s on, for a minute, 15 % of them fail, and 25 % of the others take 0.8 to
/// 2 s.
fn brown_out() -> String {
    let mut random = Random(2);
    lines((0..4_200).map(|call| {
        let at = begin(call, SECOND / 35, &mut random);
        let (duration, outcome) = usual(&mut random);
        let (fails, slow) = (random.below(100) < 15, random.below(100) < 25);
        let slowly = (800_000 + random.below(1_200_000)) * MICRO;
        if !(30 * SECOND..90 * SECOND).contains(&at) {
            (at, duration, outcome)
        } else if fails {
            (at, duration, Outcome::Failure)
        } else if slow {
            (at, slowly, outcome)
        } else {
            (at, duration, outcome)
        }
    }))
}

/// One call in each stretch of time, somewhere in it.
fn begin(call: u64, apart: u64, random: &mut Random) -> u64 {
    (call * apart + random.below(apart)) / MICRO * MICRO
}

/// How a call goes on a good day: 20 to 120 ms, most of them short; one in 500 fails, one in 100 ends with what
/// says nothing of the service.
fn usual(random: &mut Random) -> (u64, Outcome) {
    let duration = 20 * MILLI + random.below(100) * random.below(1_000) * MICRO;
    let outcome = match random.below(500) {
        0 => Outcome::Failure,
        1..6 => Outcome::Ignored,
        _ => Outcome::Success,
    };
    (duration, outcome)
}

/// In the order in which a recorder writes them: as they end.
fn lines(calls: impl Iterator<Item = (u64, u64, Outcome)>) -> String {
    let mut calls: Vec<_> = calls.collect();
    calls.sort_by_key(|(at, duration, _)| at + duration);
    calls
        .iter()
        .fold(String::new(), |mut text, (at, duration, outcome)| {
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                r#"{{"t_ns":{at},"duration_ns":{duration},"outcome":"{outcome}"}}"#
            );
            text
        })
}

/// SplitMix64.
struct Random(u64);

impl Random {
    /// Less than `end`; evenly enough for an example.
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_committed_traces_are_what_is_made_now() {
        for Example { file, make } in EXAMPLES {
            let path = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("traces")
                .join(file);
            let committed = fs::read_to_string(&path).unwrap();
            assert!(committed == make(), "{file}: run cargo xtask generate");
            assert!(committed.len() < 300_000, "{file} is {}", committed.len());
        }
    }
}
