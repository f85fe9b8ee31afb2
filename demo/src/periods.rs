//! What the guarded server saw in each period of the breaker's life, by the server's own book.

use std::time::Duration;

use k1s0_circuit_breaker::CircuitBreakerState as State;

use crate::client::Answer;
use crate::run::Books;
use crate::server::Visit;
use crate::watch::Change;

/// One period in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) state: State,
    pub(crate) from: Duration,
    pub(crate) to: Duration,
    /// Requests that reached the server in this period.
    pub(crate) arrivals: usize,
    /// How many of them were there at once.
    pub(crate) most_at_once: usize,
    /// How many requests were on their way to the server when the period began: sent by the client
    /// before, and not in the server's book yet. So many may arrive without having been let through
    /// in this period.
    pub(crate) on_their_way: usize,
}

/// Cuts a run into periods.
pub(crate) fn periods(changes: &[Change], books: &Books, ends: Duration) -> Vec<Period> {
    let begin = Change {
        to: State::Closed,
        reason: k1s0_circuit_breaker::Reason::Reset,
        at: Duration::ZERO,
        told: Duration::ZERO,
    };
    let changes: Vec<_> = std::iter::once(begin)
        .chain(changes.iter().copied())
        .collect();
    let until = changes.iter().skip(1).map(|change| change.at).chain([ends]);
    changes
        .iter()
        .zip(until)
        .map(|(change, to)| period(change, to, books))
        .collect()
}

fn period(change: &Change, to: Duration, books: &Books) -> Period {
    let from = change.at;
    let arrived: Vec<_> = books
        .visits
        .iter()
        .filter(|visit| (from..to).contains(&visit.arrived))
        .collect();
    // `told`, not `at`: what was let through until the very change counts as sent before it.
    let sent_before = books
        .calls
        .iter()
        .filter(|call| call.answer != Answer::Rejected && call.started <= change.told)
        .count();
    let arrived_before = books
        .visits
        .iter()
        .filter(|visit| visit.arrived < from)
        .count();
    Period {
        state: change.to,
        from,
        to,
        arrivals: arrived.len(),
        most_at_once: most_at_once(&arrived),
        on_their_way: sent_before.saturating_sub(arrived_before),
    }
}

/// The largest number of visits that overlapped.
fn most_at_once(visits: &[&Visit]) -> usize {
    visits
        .iter()
        .map(|visit| {
            let here = |other: &&&Visit| {
                other.arrived <= visit.arrived && other.left.is_none_or(|left| left > visit.arrived)
            };
            visits.iter().filter(here).count()
        })
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use k1s0_circuit_breaker::Reason;

    use super::*;
    use crate::client::Call;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn visit(arrived: u64, left: Option<u64>) -> Visit {
        Visit {
            arrived: ms(arrived),
            left: left.map(ms),
        }
    }

    fn call(started: u64, answer: Answer) -> Call {
        Call {
            due: ms(started),
            started: ms(started),
            ended: ms(started + 1),
            answer,
        }
    }

    fn change(to: State, at: u64) -> Change {
        Change {
            to,
            reason: Reason::Trip,
            at: ms(at),
            told: ms(at),
        }
    }

    #[test]
    fn without_a_change_all_is_one_closed_period() {
        let books = Books {
            calls: vec![call(1, Answer::Good)],
            visits: vec![visit(2, Some(3))],
        };
        let all = periods(&[], &books, ms(10));
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].state, all[0].arrivals), (State::Closed, 1));
        assert_eq!((all[0].from, all[0].to), (ms(0), ms(10)));
    }

    #[test]
    fn arrivals_belong_to_the_period_they_fall_in() {
        let books = Books {
            // The second is sent before the opening and arrives after it; the third is rejected.
            calls: vec![
                call(10, Answer::Failed),
                call(19, Answer::Failed),
                call(25, Answer::Rejected),
                call(40, Answer::Failed),
            ],
            visits: vec![
                visit(11, Some(12)),
                visit(21, Some(30)),
                visit(41, Some(49)),
            ],
        };
        let all = periods(
            &[
                change(State::Open, 20),
                change(State::HalfOpen, 39),
                change(State::Open, 50),
            ],
            &books,
            ms(60),
        );
        let counts: Vec<_> = all
            .iter()
            .map(|p| (p.state, p.arrivals, p.on_their_way))
            .collect();
        assert_eq!(
            counts,
            [
                (State::Closed, 1, 0),
                (State::Open, 1, 1),
                (State::HalfOpen, 1, 0),
                (State::Open, 0, 0),
            ]
        );
    }

    #[test]
    fn overlapping_visits_are_counted() {
        let (a, b, c) = (visit(1, Some(5)), visit(4, None), visit(5, Some(6)));
        assert_eq!(most_at_once(&[]), 0);
        assert_eq!(most_at_once(&[&a]), 1);
        assert_eq!(most_at_once(&[&a, &b, &c]), 2);
    }
}
