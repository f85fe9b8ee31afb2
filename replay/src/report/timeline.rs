//! A line of signs for the trace, and one for each configuration.

use std::fmt::Write as _;

use k1s0_circuit_breaker::machine::Nanos;
use k1s0_circuit_breaker::{CircuitBreakerState as State, Outcome};

use crate::config::Config;
use crate::length::Seconds;
use crate::replay::Told;
use crate::trace::Trace;

/// How many signs a line has.
const SIGNS: usize = 60;

/// From nothing to nearly all.
const TENTHS: &[u8; 10] = b".123456789";

pub(super) fn write(out: &mut String, trace: &Trace, told: &[(Config, Told)]) -> std::fmt::Result {
    let scale = Scale::of(trace);
    let names = told.iter().map(|(config, _)| config.name.chars().count());
    let label = names.chain(["failed".len()]).max().unwrap_or(0);
    writeln!(
        out,
        "each sign is {}; failed: tenths of the calls that failed; . closed   # open   ~ half-open",
        Seconds(scale.length / SIGNS as u128, 3)
    )?;
    writeln!(
        out,
        "{:label$}   {}",
        "failed",
        failed(trace, scale).trim_end()
    )?;
    for (config, told) in told {
        writeln!(out, "{:label$}   {}", config.name, states(told, scale))?;
    }
    Ok(())
}

/// Which moment is in which sign.
#[derive(Clone, Copy)]
struct Scale {
    start: Nanos,
    /// At least 1.
    length: u128,
}

impl Scale {
    fn of(trace: &Trace) -> Self {
        Self {
            start: trace.start(),
            length: u128::from(trace.end() - trace.start()).max(1),
        }
    }

    fn sign(self, at: Nanos) -> usize {
        let since = u128::from(at.saturating_sub(self.start));
        ((since * SIGNS as u128 / self.length) as usize).min(SIGNS - 1)
    }
}

/// How large a part of the calls that began then failed; a blank where none began.
fn failed(trace: &Trace, scale: Scale) -> String {
    let mut counts = [(0_usize, 0_usize); SIGNS];
    for call in trace.calls() {
        let (calls, failures) = &mut counts[scale.sign(call.at)];
        *calls += 1;
        *failures += usize::from(call.outcome == Some(Outcome::Failure));
    }
    let sign = |(calls, failures): &(usize, usize)| match (failures * 10).checked_div(*calls) {
        None => ' ',
        // Fewer than a tenth is not nothing.
        Some(0) if *failures > 0 => '1',
        Some(tenths) => char::from(TENTHS[tenths.min(9)]),
    };
    counts.iter().map(sign).collect()
}

/// Open in any part of the time is open; else, half-open is half-open.
fn states(told: &Told, scale: Scale) -> String {
    let mut signs = ['.'; SIGNS];
    let (mut state, mut from) = (State::Closed, 0);
    let ends = told.transitions.iter().map(|it| (scale.sign(it.at), it.to));
    for (to, next) in ends.chain([(SIGNS - 1, State::Closed)]) {
        for sign in &mut signs[from..=to] {
            *sign = match (state, *sign) {
                (State::Open, _) => '#',
                (State::HalfOpen, '.') => '~',
                (_, sign) => sign,
            };
        }
        (state, from) = (next, to);
    }
    signs.iter().collect()
}
