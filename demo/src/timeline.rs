//! The live timeline: one line per half second, and one per change of the breaker's state.

use std::sync::Arc;
use std::time::Duration;

use k1s0_circuit_breaker::CircuitBreakerState as State;
use tokio::time::{Instant, interval_at};

use crate::client::{Answer, Call};
use crate::run::{Side, millis};
use crate::script::{RATE, Script};
use crate::server::Visit;
use crate::stats::percentile;
use crate::terminal::Style;
use crate::watch::Watched;

/// How much time a line stands for.
pub(crate) const STEP: Duration = Duration::from_millis(500);
/// The length of a bar that stands for every request.
const BAR: usize = 6;

/// What one side did during one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    reached: usize,
    failed: usize,
    rejected: usize,
    p99: Option<Duration>,
}

impl Step {
    fn new(visits: &[Visit], calls: &[Call]) -> Self {
        let count = |answer| calls.iter().filter(|call| call.answer == answer).count();
        let mut waits: Vec<_> = calls.iter().map(Call::waited).collect();
        Self {
            reached: visits.len(),
            failed: count(Answer::Failed),
            rejected: count(Answer::Rejected),
            p99: percentile(&mut waits, 99),
        }
    }

    /// The requests that reached the server, as a bar.
    fn bar(&self) -> String {
        let whole = STEP.as_secs_f64() * f64::from(RATE);
        let length = (self.reached as f64 / whole * BAR as f64).ceil() as usize;
        "#".repeat(length.min(BAR))
    }
}

/// How far the books have been read.
#[derive(Default)]
struct Reader {
    visits: usize,
    calls: usize,
}

impl Reader {
    fn step(&mut self, side: &Side) -> Step {
        let visits = side.upstream.visits_from(self.visits);
        let calls = side.client.calls_from(self.calls);
        self.visits += visits.len();
        self.calls += calls.len();
        Step::new(&visits, &calls)
    }
}

/// Prints until the run is over.
pub(crate) async fn print(
    script: Script,
    origin: Instant,
    style: Style,
    with: Arc<Side>,
    without: Arc<Side>,
    watched: Arc<Watched>,
) {
    println!("{}", style.bold(HEADINGS[0]));
    println!("{}", style.bold(HEADINGS[1]));
    let (mut reader, mut plain_reader) = (Reader::default(), Reader::default());
    let mut changes = 0;
    let mut ticks = interval_at(origin + STEP, STEP);
    loop {
        ticks.tick().await;
        let now = origin.elapsed();
        for change in watched.changes_from(changes) {
            changes += 1;
            let text = format!(
                "{:>5.2} s       -> {} ({})",
                change.at.as_secs_f64(),
                change.to.label(),
                change.reason.name()
            );
            println!("{}", style.state(change.to, &text));
        }
        let line = line(
            style,
            now,
            script.is_sick(now.saturating_sub(STEP / 2)),
            watched.breaker.current_state(),
            &reader.step(&with),
            &plain_reader.step(&without),
        );
        println!("{line}");
        if now >= script.ends {
            break;
        }
    }
}

const HEADINGS: [&str; 2] = [
    "each 0.5 s    | with the breaker                       | without",
    "  time server | state     reached    fail  rej     p99 | reached    fail     p99",
];

fn line(
    style: Style,
    now: Duration,
    sick: bool,
    state: State,
    with: &Step,
    without: &Step,
) -> String {
    let server = if sick {
        style.bad("SICK")
    } else {
        style.faint("well")
    };
    format!(
        "{:>5.1} s  {server} | {} {:>3} {:<BAR$} {:>4} {:>4} {:>7} | {:>3} {:<BAR$} {:>4} {:>7}",
        now.as_secs_f64(),
        style.state(state, &format!("{:<9}", state.label())),
        with.reached,
        with.bar(),
        with.failed,
        with.rejected,
        millis(with.p99),
        without.reached,
        without.bar(),
        without.failed,
        millis(without.p99),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(answer: Answer, waited: u64) -> Call {
        Call {
            due: Duration::ZERO,
            started: Duration::ZERO,
            ended: Duration::from_millis(waited),
            answer,
        }
    }

    #[test]
    fn a_step_counts_by_answer() {
        let visit = Visit {
            arrived: Duration::ZERO,
            left: None,
        };
        let step = Step::new(
            &[visit; 3],
            &[
                call(Answer::Good, 5),
                call(Answer::Failed, 250),
                call(Answer::Rejected, 0),
                call(Answer::Rejected, 0),
            ],
        );
        assert_eq!((step.reached, step.failed, step.rejected), (3, 1, 2));
        assert_eq!(step.p99, Some(Duration::from_millis(250)));
        assert_eq!(step.bar(), "#");
    }

    #[test]
    fn lines_stand_under_their_headings() {
        let step = Step::new(&[], &[call(Answer::Good, 5)]);
        let line = line(Style::PLAIN, STEP, true, State::HalfOpen, &step, &step);
        assert_eq!(line.len(), HEADINGS[1].len());
        assert!(line.len() <= 80, "a terminal may be that narrow");
        for (at, _) in HEADINGS[1].match_indices('|') {
            assert_eq!(&line[at..=at], "|", "{line}");
        }
    }
}
