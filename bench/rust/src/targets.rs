//! What was promised, one line each, and whether it is so.

use crate::cases::ours::{CALL, COARSE, MANY, ONE, WORD};
use crate::cases::references::{FETCH_ADD, INSTANT, TWO_EMPTY};
use crate::cases::windows::{CALLS, HEAVY, MANY_CALLS, TIME, TIME_COARSE};
use crate::measured::Measured;

/// A promise.
#[derive(Debug)]
pub(crate) struct Target {
    /// What is to hold.
    pub what: &'static str,
    limit: Limit,
    measure: fn(&Measured) -> Option<f64>,
}

#[derive(Clone, Copy, Debug)]
enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

/// Whether a promise was kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verdict {
    /// What was measured.
    pub measured: f64,
    /// Whether that is enough.
    pub reached: bool,
}

impl Target {
    /// None where this run did not measure it.
    pub(crate) fn judge(&self, measured: &Measured) -> Option<Verdict> {
        let value = (self.measure)(measured)?;
        Some(Verdict {
            measured: value,
            reached: match self.limit {
                Limit::AtMost(most) => value <= most,
                Limit::AtLeast(least) => value >= least,
            },
        })
    }

    /// The limit, in words.
    pub(crate) fn limit(&self) -> String {
        match self.limit {
            Limit::AtMost(most) => format!("at most {most}"),
            Limit::AtLeast(least) => format!("at least {least}"),
        }
    }
}

const fn most(what: &'static str, most: f64, measure: fn(&Measured) -> Option<f64>) -> Target {
    Target {
        what,
        limit: Limit::AtMost(most),
        measure,
    }
}

const fn least(what: &'static str, least: f64, measure: fn(&Measured) -> Option<f64>) -> Target {
    Target {
        what,
        limit: Limit::AtLeast(least),
        measure,
    }
}

/// Every promise.
#[rustfmt::skip]
pub(crate) const TARGETS: &[Target] = &[
    most("closed, success, sync: × one `fetch_add`", 0.7, |m| ratio(m, "success", CALL, FETCH_ADD)),
    most("closed, success, sync: instructions over the bare call", 30.0, |m| m.net_instructions(m.row(&key("success", CALL))?)),
    most("closed, success, sync: × the fastest thread-safe peer", 1.0, |m| against_peers(m, "success")),
    least("closed, success, sync: throughput of 2 threads, × 1 thread", 1.9, |m| throughput(m, "success", CALL)),
    most("closed, 10 % failures, sync: × one `fetch_add`", 1.2, |m| ratio(m, "failures", CALL, FETCH_ADD)),
    most("async, ready future: × one `fetch_add`, over the bare await", 1.5, |m| Some(m.net_nanos(m.row(&key("async", CALL))?) / m.nanos(FETCH_ADD)?)),
    most("open, rejected: × one `Instant::now()` (coarse clock)", 0.5, |m| ratio(m, "rejected", COARSE, INSTANT)),
    // One reading of the default clock is 1.0 by itself, so no breaker on it can be below; each of these peers reads one.
    most("open, rejected: × the fastest thread-safe peer (precise clocks)", 1.15, |m| against_peers(m, "rejected")),
    least("open, rejected: throughput of 2 threads, × 1 thread", 1.9, |m| throughput(m, "rejected", COARSE)),
    most("C ABI, acquire + success: × two empty calls into a shared object", 1.6, |m| ratio(m, "abi", crate::cases::abi::TWO_CALLS, TWO_EMPTY)),
    most("admission word from C: × the same in Rust", 1.5, |m| Some(m.nanos(&key("abi", crate::cases::abi::WORD))? / m.nanos(&key("success", WORD))?)),
    most("bytes per breaker, new, without a name", 128.0, |m| bytes(m, CALL)),
    most("window of 100 calls, success: × one `fetch_add`", 0.9, |m| ratio(m, "success", CALLS, FETCH_ADD)),
    least("window of 100 calls, success: throughput of 2 threads, × 1 thread", 1.9, |m| throughput(m, "success", CALLS)),
    most("window of 100 calls, 10 % failures: × one `fetch_add`", 3.5, |m| ratio(m, "failures", CALLS, FETCH_ADD)),
    most("window of 100 calls, 10 % failures: × recloser", 1.0, |m| against_recloser(m, CALLS)),
    most("window of 65,536 calls, success: × the instructions with 100", 1.0, |m| with_more_calls(m, "success")),
    most("window of 65,536 calls, 10 % failures: × the instructions with 100", 1.05, |m| with_more_calls(m, "failures")),
    most("window of 10 x 1 s, success: × one `Instant::now()`", 1.35, |m| ratio(m, "success", TIME, INSTANT)),
    most("window of 10 x 1 s, success, coarse clock: × one `fetch_add`", 3.0, |m| ratio(m, "success", TIME_COARSE, FETCH_ADD)),
    least("window of 10 x 1 s, success: throughput of 2 threads, × 1 thread", 1.9, |m| throughput(m, "success", TIME)),
    most("bytes per breaker, new, window of 100 calls", 200.0, |m| bytes(m, CALLS)),
    most("bytes per breaker, new, window of 10,000 calls", 2_600.0, |m| bytes(m, HEAVY)),
    most("100,000 breakers in turn: × the instructions with 1", 1.0, scale),
    most("after 10^8 calls and 200,000 transitions: × a new breaker", 1.05, age),
];

fn key(group: &str, name: &str) -> String {
    format!("{group}/{name}")
}

fn ratio(measured: &Measured, group: &str, name: &str, reference: &str) -> Option<f64> {
    Some(measured.nanos(&key(group, name))? / measured.nanos(reference)?)
}

fn throughput(measured: &Measured, group: &str, name: &str) -> Option<f64> {
    measured.row(&key(group, name))?.figure.throughput()
}

/// Ours, over the least of the peers.
fn against_peers(measured: &Measured, group: &str) -> Option<f64> {
    let ours = measured.nanos(&key(group, CALL))?;
    let peers = measured
        .rows
        .iter()
        .filter(|it| it.group.key() == group && !it.name.starts_with("k1s0"));
    let best = peers.map(|it| it.figure.alone).min_by(f64::total_cmp)?;
    Some(ours / best)
}

fn bytes(measured: &Measured, name: &str) -> Option<f64> {
    Some(measured.memory.iter().find(|it| it.name == name)?.new)
}

#[cfg(feature = "peers")]
fn against_recloser(measured: &Measured, name: &str) -> Option<f64> {
    let recloser = measured.nanos(&key("failures", crate::cases::peers::RECLOSER))?;
    Some(measured.nanos(&key("failures", name))? / recloser)
}

#[cfg(not(feature = "peers"))]
const fn against_recloser(_measured: &Measured, _name: &str) -> Option<f64> {
    None
}

fn with_more_calls(measured: &Measured, group: &str) -> Option<f64> {
    let instructions = |name| measured.row(&key(group, name))?.instructions;
    Some(instructions(MANY_CALLS)? / instructions(CALLS)?)
}

/// What a call executes does not grow with their number; what it waits for, caches decide.
fn scale(measured: &Measured) -> Option<f64> {
    let instructions = |name| measured.row(&key("many", name))?.instructions;
    Some(instructions(MANY)? / instructions(ONE)?)
}

fn age(measured: &Measured) -> Option<f64> {
    Some(measured.ages.last()?.nanos / measured.ages.first()?.nanos)
}
