//! The replay itself.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use k1s0_circuit_breaker::machine::{
    Ending, Levels, Machine, Nanos, Policy, Ticket, Verdict, Word,
};
use k1s0_circuit_breaker::{CircuitBreakerState as State, Outcome, RejectReason, Transition};

use crate::config::Config;
use crate::trace::{Call, Trace};

/// What one configuration made of a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Every change of state, in order.
    pub transitions: Vec<Transition>,
    /// Calls that were admitted.
    pub admitted: u64,
    /// Calls that were rejected, or would have been in shadow mode, by the number of the reason.
    pub rejected: [u64; RejectReason::ALL.len()],
    /// Admitted calls whose recorded outcome is failure.
    pub failures_let_through: u64,
    /// Rejected calls whose recorded outcome is failure.
    pub failures_spared: u64,
    /// How long those took together when they were recorded.
    pub time_spared: u128,
    /// Rejected calls whose recorded outcome is success.
    pub successes_lost: u64,
    /// How long it was in each state, by the state's number, from the first call's beginning to the last one's end. It
    /// is open until the call that comes after the wait.
    pub time_in: [Nanos; State::ALL.len()],
}

impl Told {
    /// Calls that were rejected, for whatever reason.
    pub fn rejections(&self) -> u64 {
        self.rejected.iter().sum()
    }

    /// How often it went from this state to that one.
    pub fn changes(&self, from: State, to: State) -> usize {
        let transitions = self.transitions.iter();
        transitions
            .filter(|it| (it.from, it.to) == (from, to))
            .count()
    }
}

/// Replays a trace through a configuration.
pub fn replay(trace: &Trace, config: &Config) -> Told {
    let mut run = Run::new(config);
    for call in trace.calls() {
        run.settle_until(call.at);
        run.offer(call);
    }
    run.settle_until(Nanos::MAX);
    run.told.time_in = time_in(&run.told.transitions, trace.start(), trace.end());
    run.told
}

struct Run {
    machine: Machine,
    policy: Policy,
    levels: Option<Levels>,
    in_flight: BinaryHeap<Reverse<InFlight>>,
    told: Told,
}

/// An admitted call; what ends first comes first, and of those that end at once, what was admitted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct InFlight {
    ends: Nanos,
    number: u64,
    began: Nanos,
    permit: u64,
    outcome: u8,
}

impl Run {
    fn new(config: &Config) -> Self {
        Self {
            machine: Machine::new(),
            policy: config.rules.policy,
            levels: Levels::new(&config.rules, 0),
            in_flight: BinaryHeap::new(),
            told: Told::default(),
        }
    }

    /// A call asks for admission.
    fn offer(&mut self, call: &Call) {
        let admission = self
            .machine
            .admit(&self.policy, self.levels.as_mut(), Some(call.at));
        // It has the time.
        let Ok(admission) = admission else { return };
        self.told.transitions.extend(admission.transition);
        match admission.verdict {
            Verdict::Admitted(permit) => {
                // Nobody knows how a call would have ended that was rejected then.
                let outcome = call.outcome.unwrap_or(Outcome::Ignored);
                self.in_flight.push(Reverse(InFlight {
                    ends: call.end(),
                    number: self.told.admitted,
                    began: call.at,
                    permit: permit.to_bits(),
                    outcome: outcome as u8,
                }));
                self.told.admitted += 1;
                self.told.failures_let_through += u64::from(outcome == Outcome::Failure);
            }
            Verdict::Rejected { reason, .. } | Verdict::Shadowed { reason } => {
                self.told.rejected[reason as usize] += 1;
                match call.outcome {
                    Some(Outcome::Failure) => {
                        self.told.failures_spared += 1;
                        self.told.time_spared += u128::from(call.duration);
                    }
                    Some(Outcome::Success) => self.told.successes_lost += 1,
                    _ => {}
                }
            }
        }
    }

    /// Settles everything that ends at `now` or before.
    fn settle_until(&mut self, now: Nanos) {
        while let Some(Reverse(first)) = self.in_flight.peek().copied()
            && first.ends <= now
        {
            self.in_flight.pop();
            let ticket = Ticket {
                word: Word::from_bits(first.permit),
                began: first.began,
            };
            let ending = Ending::from(Outcome::ALL[usize::from(first.outcome)]);
            let settlement = self.machine.settle(
                &self.policy,
                self.levels.as_mut(),
                ticket,
                ending,
                Some(first.ends),
            );
            if let Ok(settlement) = settlement {
                self.told.transitions.extend(settlement.transition);
            }
        }
    }
}

/// How long each state lasted between `start` and `end`.
fn time_in(transitions: &[Transition], start: Nanos, end: Nanos) -> [Nanos; State::ALL.len()] {
    let mut time = [0; State::ALL.len()];
    let (mut state, mut since) = (State::Closed, start);
    for transition in transitions {
        time[state as usize] += transition.at - since;
        (state, since) = (transition.to, transition.at);
    }
    time[state as usize] += end - since;
    time
}

#[cfg(test)]
mod tests {
    use k1s0_circuit_breaker::Reason;

    use super::*;

    /// Milliseconds, each call `at duration outcome`.
    fn trace(calls: &[(u64, u64, &str)]) -> Trace {
        let lines: Vec<_> = calls
            .iter()
            .map(|(at, duration, outcome)| {
                let (at, duration) = (at * 1_000_000, duration * 1_000_000);
                format!(r#"{{"t_ns":{at},"duration_ns":{duration},"outcome":"{outcome}"}}"#)
            })
            .collect();
        Trace::read(lines.join("\n").as_bytes()).unwrap()
    }

    fn told(calls: &[(u64, u64, &str)], config: &str) -> Told {
        replay(&trace(calls), &Config::parse(config, 1).unwrap())
    }

    /// In milliseconds.
    fn changes(told: &Told) -> Vec<(u64, State, Reason)> {
        let transitions = told.transitions.iter();
        transitions
            .map(|it| (it.at / 1_000_000, it.to, it.reason))
            .collect()
    }

    #[test]
    fn failures_open_it_and_probes_close_it() {
        let told = told(
            &[
                (0, 10, "success"),
                (5, 20, "failure"),  // ends at 25
                (6, 14, "failure"),  // ends at 20, first
                (25, 30, "failure"), // open since 25: spared
                (30, 7, "success"),  // lost
                (31, 7, "cancelled"),
                (125, 10, "success"), // the wait of 100 is over: a probe
                (130, 40, "failure"), // no slot: spared
                (135, 5, "success"),  // the probe has just closed it
            ],
            "failure_threshold=2,success_threshold=1,timeout=100ms",
        );
        assert_eq!(
            changes(&told),
            [
                (25, State::Open, Reason::FailureThreshold),
                (125, State::HalfOpen, Reason::TimeoutElapsed),
                (135, State::Closed, Reason::SuccessThreshold),
            ]
        );
        assert_eq!(told.admitted, 5);
        assert_eq!(told.rejected, [3, 1, 0]);
        assert_eq!(told.failures_let_through, 2);
        assert_eq!((told.failures_spared, told.time_spared), (2, 70_000_000));
        assert_eq!(told.successes_lost, 1);
        // The trace ends at 170, with a call that was rejected here.
        assert_eq!(told.time_in, [25 + 35, 100, 10].map(|ms| ms * 1_000_000));
    }

    #[test]
    fn a_call_is_settled_when_it_ends_and_not_when_it_begins() {
        // Three begin before the first has failed: their failures are late.
        let told = told(
            &[
                (0, 50, "failure"),
                (1, 60, "failure"),
                (2, 70, "failure"),
                (49, 1, "failure"), // ends with the first, and was admitted after it
            ],
            "failure_threshold=1,timeout=1h",
        );
        assert_eq!(
            changes(&told),
            [(50, State::Open, Reason::FailureThreshold)]
        );
        assert_eq!((told.admitted, told.rejections()), (4, 0));
        assert_eq!(told.time_in[State::Open as usize], 22_000_000);
    }

    #[test]
    fn a_recorded_rejection_is_offered_and_says_nothing() {
        let calls = [
            (0, 0, "failure"),
            (1, 0, "rejected"),
            (2, 0, "failure"),
            // The wait is over. The probe is ignored: its slot is free for the next one.
            (12, 0, "rejected"),
            (13, 0, "success"),
        ];
        let told = told(
            &calls,
            "failure_threshold=2,success_threshold=1,timeout=10ms",
        );
        assert_eq!(
            changes(&told),
            [
                (2, State::Open, Reason::FailureThreshold),
                (12, State::HalfOpen, Reason::TimeoutElapsed),
                (13, State::Closed, Reason::SuccessThreshold),
            ]
        );
        assert_eq!((told.admitted, told.rejections()), (5, 0));
    }

    #[test]
    fn shadow_mode_tells_the_same() {
        let calls = [
            (0, 1, "failure"),
            (5, 1, "success"),
            (6, 3, "failure"),
            (20, 1, "failure"),
        ];
        let plain = told(&calls, "failure_threshold=1,timeout=10ms");
        assert_eq!(plain.rejections(), 2);
        assert_eq!(
            told(&calls, "failure_threshold=1,timeout=10ms,shadow=true"),
            plain
        );
    }

    #[test]
    fn windows_slow_calls_and_backoff_are_replayed_too() {
        let calls: Vec<_> = (0..30).map(|call| (call * 10, 300, "success")).collect();
        let slow = "failure_threshold=off,slow_call_duration=300ms,slow_minimum_calls=10";
        let settled = told(&calls, slow);
        // The tenth ends at 390.
        assert_eq!(
            changes(&settled),
            [(390, State::Open, Reason::SlowCallRate)]
        );
        // Hung calls are found by an admission: none comes after 290, when the first is not hung yet.
        assert_eq!(
            told(&calls, &format!("{slow},count_hung_calls=true")),
            settled
        );

        let failing: Vec<_> = (0..8).map(|call| (call * 10, 0, "failure")).collect();
        let told = told(
            &failing,
            "failure_threshold=1,timeout=10ms,backoff_multiplier=2",
        );
        // It waits 10, 20, and 40 ms.
        let opened: Vec<_> = told
            .transitions
            .iter()
            .filter(|it| it.to == State::Open)
            .map(|it| it.at / 1_000_000)
            .collect();
        assert_eq!(opened, [0, 10, 30, 70]);
    }

    #[test]
    fn only_differences_of_time_matter_without_a_window_of_time() {
        let at = |start: u64| {
            let calls = [(start, 3, "failure"), (start + 5, 1, "failure")];
            let mut told = told(&calls, "failure_threshold=1,timeout=1ms");
            for transition in &mut told.transitions {
                transition.at -= start * 1_000_000;
            }
            told
        };
        assert_eq!(at(4_611_686_018_427), at(0));
    }
}
