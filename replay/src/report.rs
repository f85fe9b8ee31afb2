//! What came of it, side by side.

mod timeline;

use std::fmt::Write as _;

use k1s0_circuit_breaker::machine::Nanos;
use k1s0_circuit_breaker::{CircuitBreakerState as State, Evidence, Outcome, Transition};

use crate::config::Config;
use crate::length::Seconds;
use crate::replay::Told;
use crate::trace::Trace;

/// How many reopenings of one outage are told by their times.
const REOPENINGS: usize = 6;

/// Everything that is printed about a trace and what each configuration made of it.
pub fn report(file: &str, trace: &Trace, told: &[(Config, Told)]) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut text, file, trace, told);
    text
}

fn write(out: &mut String, file: &str, trace: &Trace, told: &[(Config, Told)]) -> std::fmt::Result {
    let length = trace.end() - trace.start();
    let count = |outcome| trace.count(Some(outcome));
    writeln!(
        out,
        "{file}: {} calls in {}: {} success, {} failure, {} ignored, {} cancelled, {} rejected",
        trace.calls().len(),
        Seconds(length.into(), 1),
        count(Outcome::Success),
        count(Outcome::Failure),
        count(Outcome::Ignored),
        count(Outcome::Cancelled),
        trace.count(None),
    )?;
    if trace.count(None) > 0 {
        writeln!(
            out,
            "Calls that were rejected when this was recorded have no outcome: they are offered, and where they are \
             admitted, settled as ignored."
        )?;
    }
    if told.iter().any(|(config, _)| config.rules.shadow) {
        writeln!(out, "In shadow mode \"rejected\" means: would have been.")?;
    }
    writeln!(out)?;
    table(out, trace, told)?;
    writeln!(out)?;
    timeline::write(out, trace, told)?;
    for (config, told) in told {
        writeln!(out, "\n{}", config.name)?;
        write_outages(out, told, trace.start())?;
    }
    Ok(())
}

/// A row of the table: what it is called, and what it says of one configuration.
type Row = (&'static str, fn(&Told, Nanos) -> String);

const ROWS: [Row; 12] = [
    ("opened", |told, _| {
        times(told.changes(State::Closed, State::Open))
    }),
    ("  for the first time at", |told, start| {
        let first = told.transitions.iter().find(|it| it.to == State::Open);
        first.map_or_else(|| "-".to_owned(), |first| since(start, first.at))
    }),
    ("reopened by probes", |told, _| {
        times(told.changes(State::HalfOpen, State::Open))
    }),
    ("time open", |told, _| time(told, State::Open)),
    ("time half-open", |told, _| time(told, State::HalfOpen)),
    ("calls admitted", |told, _| told.admitted.to_string()),
    ("calls rejected", |told, _| told.rejections().to_string()),
    ("failures let through", |told, _| {
        told.failures_let_through.to_string()
    }),
    ("failures spared", |told, _| {
        told.failures_spared.to_string()
    }),
    ("  which had taken", |told, _| {
        Seconds(told.time_spared, 1).to_string()
    }),
    ("successes lost", |told, _| told.successes_lost.to_string()),
    ("other calls rejected", |told, _| {
        (told.rejections() - told.failures_spared - told.successes_lost).to_string()
    }),
];

fn times(number: usize) -> String {
    match number {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        number => format!("{number} times"),
    }
}

fn time(told: &Told, state: State) -> String {
    Seconds(told.time_in[state as usize].into(), 1).to_string()
}

/// A moment of the trace.
fn since(start: Nanos, at: Nanos) -> String {
    Seconds(u128::from(at.saturating_sub(start)), 3).to_string()
}

fn table(out: &mut String, trace: &Trace, told: &[(Config, Told)]) -> std::fmt::Result {
    let label = ROWS.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
    let columns: Vec<(&str, Vec<String>)> = told
        .iter()
        .map(|(config, told)| {
            let cells = ROWS.iter().map(|(_, cell)| cell(told, trace.start()));
            (config.name.as_str(), cells.collect())
        })
        .collect();
    let widths: Vec<usize> = columns
        .iter()
        .map(|(name, cells)| {
            let cells = cells.iter().map(|cell| cell.chars().count());
            cells.chain([name.chars().count()]).max().unwrap_or(0)
        })
        .collect();
    write!(out, "{:label$}", "")?;
    for ((name, _), width) in columns.iter().zip(&widths) {
        write!(out, "   {name:>width$}")?;
    }
    writeln!(out)?;
    for (row, (name, _)) in ROWS.iter().enumerate() {
        write!(out, "{name:label$}")?;
        for ((_, cells), width) in columns.iter().zip(&widths) {
            write!(out, "   {:>width$}", cells[row])?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// One line for each time that it opened while closed, with all that came of it.
fn write_outages(out: &mut String, told: &Told, start: Nanos) -> std::fmt::Result {
    if told.transitions.is_empty() {
        return writeln!(out, "  never opens");
    }
    let mut reopened: Vec<&Transition> = Vec::new();
    let mut open = false;
    for transition in &told.transitions {
        match (transition.from, transition.to) {
            (State::Closed, State::Open) => {
                let reason = transition.reason;
                write!(out, "  opens at {}: {reason}", since(start, transition.at))?;
                write!(out, " ({})", counted(&transition.evidence))?;
                open = true;
            }
            (State::HalfOpen, State::Open) => reopened.push(transition),
            (_, State::Closed) => {
                write_reopened(out, &reopened, start)?;
                writeln!(out, "; closes at {}", since(start, transition.at))?;
                reopened.clear();
                open = false;
            }
            _ => {}
        }
    }
    if open {
        write_reopened(out, &reopened, start)?;
        writeln!(out, "; does not close again")?;
    }
    Ok(())
}

fn write_reopened(out: &mut String, reopened: &[&Transition], start: Nanos) -> std::fmt::Result {
    for (number, transition) in reopened.iter().enumerate().take(REOPENINGS) {
        let word = if number == 0 { "; reopens at " } else { ", " };
        write!(out, "{word}{}", since(start, transition.at))?;
        let next = reopened.get(number + 1);
        let last = number + 1 == REOPENINGS;
        if last || next.is_none_or(|next| next.reason != transition.reason) {
            write!(out, " ({})", transition.reason)?;
        }
    }
    match reopened {
        [.., last] if reopened.len() > REOPENINGS => write!(
            out,
            " and {} times more until {}",
            reopened.len() - REOPENINGS,
            since(start, last.at)
        ),
        _ => Ok(()),
    }
}

/// What opened it.
fn counted(evidence: &Evidence) -> String {
    let mut text = match evidence.consecutive_failures {
        0 => String::new(),
        1 => "1 failure in a row".to_owned(),
        failures => format!("{failures} failures in a row"),
    };
    let window = evidence.window;
    if window.calls > 0 {
        let between = if text.is_empty() { "" } else { "; " };
        let _ = write!(
            text,
            "{between}{} of {} calls failed, {} were slow",
            window.failures, window.calls, window.slow
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::replay;

    #[test]
    fn everything_is_told_side_by_side() {
        let mut lines: Vec<String> = (0..10)
            .map(|call| {
                let outcome = if call < 6 { "failure" } else { "success" };
                let at = 100 + call;
                format!(r#"{{"t_ns":{at}000000000,"duration_ns":500000000,"outcome":"{outcome}"}}"#)
            })
            .collect();
        lines.push(r#"{"t_ns":110000000000,"outcome":"rejected"}"#.to_owned());
        let trace = Trace::read(lines.join("\n").as_bytes()).unwrap();
        let configs = Config::parse_all(&[
            "name=quick,failure_threshold=2,success_threshold=1,timeout=2s".to_owned(),
            "name=never,failure_threshold=100,shadow=true".to_owned(),
        ])
        .unwrap();
        let told: Vec<_> = configs
            .into_iter()
            .map(|config| {
                let told = replay(&trace, &config);
                (config, told)
            })
            .collect();
        let text = report("trace.jsonl", &trace, &told);
        let expected = "\
trace.jsonl: 11 calls in 10.0 s: 4 success, 6 failure, 0 ignored, 0 cancelled, 1 rejected
Calls that were rejected when this was recorded have no outcome: they are offered, and where they are admitted, settled as ignored.
In shadow mode \"rejected\" means: would have been.

                            quick   never
opened                       once   never
  for the first time at   1.500 s       -
reopened by probes           once   never
time open                   5.0 s   0.0 s
time half-open              1.0 s   0.0 s
calls admitted                  7      11
calls rejected                  4       0
failures let through            3       6
failures spared                 3       0
  which had taken           1.5 s   0.0 s
successes lost                  1       0
other calls rejected            0       0

each sign is 0.166 s; failed: tenths of the calls that failed; . closed   # open   ~ half-open
failed   9     9     9     9     9     9     .     .     .     .    .
quick    .........################~~################~~~..............
never    ............................................................

quick
  opens at 1.500 s: failure_threshold (2 failures in a row); reopens at 4.500 s (probe_failed); closes at 7.500 s

never
  never opens
";
        assert_eq!(text, expected, "\n{text}");
    }

    #[test]
    fn many_reopenings_are_counted() {
        let lines: Vec<_> = (0..12)
            .map(|second| second * 1_000_000_000_u64)
            .map(|at| format!(r#"{{"t_ns":{at},"duration_ns":0,"outcome":"failure"}}"#))
            .collect();
        let trace = Trace::read(lines.join("\n").as_bytes()).unwrap();
        let config = Config::parse("failure_threshold=1,timeout=1s", 1).unwrap();
        let told = replay(&trace, &config);
        let text = report("t", &trace, &[(config, told)]);
        assert!(
            text.ends_with(
                "\n1\n  opens at 0.000 s: failure_threshold (1 failure in a row); \
                 reopens at 1.000 s, 2.000 s, 3.000 s, 4.000 s, 5.000 s, 6.000 s (probe_failed) \
                 and 5 times more until 11.000 s; does not close again\n"
            ),
            "{text}"
        );
    }
}
