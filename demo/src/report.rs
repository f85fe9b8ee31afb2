//! The figures of a run, and the table that shows them.

use std::time::Duration;

use k1s0_circuit_breaker::CircuitBreakerState as State;

use crate::client::{Answer, Call};
use crate::periods::Period;
use crate::run::{Books, Record, millis, seconds};
use crate::script::Script;
use crate::stats::percentile;
use crate::terminal::Style;
use crate::verdict::Finding;

/// The figures of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Figures {
    asked: usize,
    reached: usize,
    pub(crate) reached_sick: usize,
    good: usize,
    failed: usize,
    rejected: usize,
    /// The 50th and 99th percentile of the callers' wait in the outage.
    pub(crate) sick_waits: [Option<Duration>; 2],
    /// The same for the whole run.
    waits: [Option<Duration>; 2],
}

impl Figures {
    pub(crate) fn new(script: &Script, books: &Books) -> Self {
        let count = |answer| {
            books
                .calls
                .iter()
                .filter(|call| call.answer == answer)
                .count()
        };
        Self {
            asked: books.calls.len(),
            reached: books.visits.len(),
            reached_sick: books
                .visits
                .iter()
                .filter(|visit| script.is_sick(visit.arrived))
                .count(),
            good: count(Answer::Good),
            failed: count(Answer::Failed),
            rejected: count(Answer::Rejected),
            sick_waits: waits(books.calls.iter().filter(|call| script.is_sick(call.due))),
            waits: waits(&books.calls),
        }
    }
}

fn waits<'a>(calls: impl IntoIterator<Item = &'a Call>) -> [Option<Duration>; 2] {
    let mut waits: Vec<_> = calls.into_iter().map(Call::waited).collect();
    [50, 99].map(|percent| percentile(&mut waits, percent))
}

/// From the beginning of the outage to the first opening in it.
pub(crate) fn time_to_detect(script: &Script, periods: &[Period]) -> Option<Duration> {
    periods
        .iter()
        .find(|period| period.state == State::Open && script.is_sick(period.from))
        .map(|period| period.from - script.outage_begins)
}

/// From the end of the outage to the closing that lasts.
pub(crate) fn time_to_recover(script: &Script, periods: &[Period]) -> Option<Duration> {
    periods
        .last()
        .filter(|period| period.state == State::Closed && period.from >= script.outage_ends)
        .map(|period| period.from - script.outage_ends)
}

/// Prints the table and the findings.
pub(crate) fn print(record: &Record, periods: &[Period], findings: &[Finding], style: Style) {
    let script = &record.script;
    let with = Figures::new(script, &record.with);
    let without = Figures::new(script, &record.without);
    let row = |label: &str, with: String, without: String| {
        println!("{label:<52} {with:>12} {without:>12}");
    };
    let counts = |label: &str, with: usize, without: usize| {
        row(label, with.to_string(), without.to_string());
    };
    let only = |label: &str, value: String| row(label, value, String::new());
    let or_never = |time: Option<Duration>| time.map_or_else(|| "never".to_owned(), seconds);

    println!();
    let heading = format!("{:<52} {:>12} {:>12}", "", "with breaker", "without");
    println!("{}", style.bold(&heading));
    counts("requests that callers asked for", with.asked, without.asked);
    counts("  that reached the server", with.reached, without.reached);
    counts(
        "  that reached the server while it was sick",
        with.reached_sick,
        without.reached_sick,
    );
    counts("  answered well", with.good, without.good);
    counts(
        "  failed (503, or no answer within the deadline)",
        with.failed,
        without.failed,
    );
    counts(
        "  rejected at once by the breaker",
        with.rejected,
        without.rejected,
    );
    let names = ["p50", "p99"];
    for (index, name) in names.into_iter().enumerate() {
        row(
            &format!("wait until the caller knows, outage, {name}"),
            millis(with.sick_waits[index]),
            millis(without.sick_waits[index]),
        );
    }
    for (index, name) in names.into_iter().enumerate() {
        row(
            &format!("wait until the caller knows, whole run, {name}"),
            millis(with.waits[index]),
            millis(without.waits[index]),
        );
    }
    only(
        "time to detect the outage",
        or_never(time_to_detect(script, periods)),
    );
    only(
        "time to recover after the outage",
        or_never(time_to_recover(script, periods)),
    );
    let half_open = || {
        periods
            .iter()
            .filter(|period| period.state == State::HalfOpen)
    };
    let probes: usize = half_open().map(|period| period.arrivals).sum();
    only(
        "probes that reached the server (half-open periods)",
        format!("{probes} ({})", half_open().count()),
    );

    println!();
    for finding in findings {
        let mark = if finding.holds {
            style.good("ok    ")
        } else {
            style.bad("FAILED")
        };
        println!("{mark} {}", finding.claim);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: Script = Script::STANDARD;

    fn period(state: State, from: Duration) -> Period {
        Period {
            state,
            from,
            to: from,
            arrivals: 0,
            most_at_once: 0,
            on_their_way: 0,
        }
    }

    #[test]
    fn detection_counts_from_the_beginning_of_the_outage() {
        let late = SCRIPT.outage_begins + Duration::from_millis(300);
        let periods = [
            period(State::Open, Duration::from_secs(1)),
            period(State::Open, late),
            period(State::Open, late * 2),
        ];
        assert_eq!(
            time_to_detect(&SCRIPT, &periods),
            Some(Duration::from_millis(300))
        );
        assert_eq!(time_to_detect(&SCRIPT, &periods[..1]), None);
    }

    #[test]
    fn recovery_counts_from_the_end_of_the_outage_to_the_last_closing() {
        let end = SCRIPT.outage_ends + Duration::from_secs(2);
        let closed = period(State::Closed, end);
        assert_eq!(
            time_to_recover(&SCRIPT, &[closed]),
            Some(Duration::from_secs(2))
        );
        assert_eq!(
            time_to_recover(&SCRIPT, &[closed, period(State::Open, end)]),
            None
        );
        let early = period(State::Closed, SCRIPT.outage_begins);
        assert_eq!(time_to_recover(&SCRIPT, &[early]), None);
    }

    #[test]
    fn figures_count_by_answer_and_by_outage() {
        let at = |at: Duration, answer| Call {
            due: at,
            started: at,
            ended: at + Duration::from_millis(7),
            answer,
        };
        let sick = SCRIPT.outage_begins;
        let books = Books {
            calls: vec![
                at(Duration::ZERO, Answer::Good),
                at(sick, Answer::Failed),
                at(sick, Answer::Rejected),
            ],
            visits: [Duration::ZERO, sick]
                .map(|arrived| crate::server::Visit {
                    arrived,
                    left: None,
                })
                .to_vec(),
        };
        let figures = Figures::new(&SCRIPT, &books);
        assert_eq!(
            (figures.asked, figures.reached, figures.reached_sick),
            (3, 2, 1)
        );
        assert_eq!((figures.good, figures.failed, figures.rejected), (1, 1, 1));
        assert_eq!(figures.sick_waits, [Some(Duration::from_millis(7)); 2]);
    }
}
