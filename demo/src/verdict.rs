//! Whether the breaker did its work: the demo's exit code.

use k1s0_circuit_breaker::CircuitBreakerState as State;

use crate::periods::Period;
use crate::script::{HALF_OPEN_MAX_CALLS, Script, breaker_config};

/// What the configuration allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowed {
    /// Probes at once (SPEC 6.1).
    pub(crate) at_once: usize,
    /// Probes in one half-open period. All but the last needed success may have ended when a full
    /// set of probes is out; whatever ends next ends the period (SPEC 6.2, 6.3).
    pub(crate) per_period: usize,
}

impl Allowed {
    /// By the configuration of the breaker under test.
    pub(crate) fn configured() -> Self {
        let (at_once, needed) = (HALF_OPEN_MAX_CALLS, breaker_config().success_threshold);
        Self {
            at_once: at_once as usize,
            per_period: (needed - 1 + at_once) as usize,
        }
    }
}

/// Something that must hold, and whether it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) claim: String,
    pub(crate) holds: bool,
}

/// Judges the periods of a run.
pub(crate) fn judge(script: &Script, periods: &[Period], allowed: Allowed) -> Vec<Finding> {
    let of = |state| periods.iter().filter(move |period| period.state == state);
    let finding = |holds, claim: String| Finding { claim, holds };

    let opened = of(State::Open).any(|period| script.is_sick(period.from));
    let slipped: usize = of(State::Open)
        .map(|period| period.arrivals.saturating_sub(period.on_their_way))
        .sum();
    let at_once = of(State::HalfOpen).map(|period| period.most_at_once).max();
    let per_period = of(State::HalfOpen).map(|period| period.arrivals).max();
    let closed_again = periods
        .last()
        .is_some_and(|period| period.state == State::Closed && period.from >= script.outage_begins);

    vec![
        finding(opened, "the breaker opened during the outage".into()),
        finding(
            slipped == 0,
            format!("open, it let {slipped} requests through"),
        ),
        finding(
            at_once.is_some_and(|most| most <= allowed.at_once),
            format!(
                "half-open, at most {} of {} allowed probes were at the server at once",
                at_once.unwrap_or(0),
                allowed.at_once
            ),
        ),
        finding(
            per_period.is_some_and(|most| most <= allowed.per_period),
            format!(
                "half-open, at most {} of {} allowed probes in one period",
                per_period.unwrap_or(0),
                allowed.per_period
            ),
        ),
        finding(closed_again, "the breaker closed again".into()),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const ALLOWED: Allowed = Allowed {
        at_once: 1,
        per_period: 3,
    };

    fn period(state: State, from: u64, to: u64, arrivals: usize) -> Period {
        Period {
            state,
            from: Duration::from_secs(from),
            to: Duration::from_secs(to),
            arrivals,
            most_at_once: arrivals.min(1),
            on_their_way: 0,
        }
    }

    /// A run as it should be.
    fn good() -> Vec<Period> {
        vec![
            period(State::Closed, 0, 7, 1000),
            period(State::Open, 7, 9, 0),
            period(State::HalfOpen, 9, 10, 1),
            period(State::Open, 10, 17, 0),
            period(State::HalfOpen, 17, 18, 3),
            period(State::Closed, 18, 26, 1000),
        ]
    }

    fn failing(periods: &[Period]) -> Vec<usize> {
        judge(&Script::STANDARD, periods, ALLOWED)
            .iter()
            .enumerate()
            .filter_map(|(number, finding)| (!finding.holds).then_some(number))
            .collect()
    }

    #[test]
    fn a_good_run_passes() {
        assert_eq!(failing(&good()), [] as [usize; 0]);
    }

    #[test]
    fn the_configuration_allows_what_the_rules_say() {
        assert_eq!(Allowed::configured(), ALLOWED);
    }

    #[test]
    fn never_opened_fails() {
        assert_eq!(failing(&[period(State::Closed, 0, 26, 5200)]), [0, 2, 3, 4]);
    }

    #[test]
    fn opened_only_before_the_outage_fails() {
        let mut periods = good();
        periods[1].from = Duration::from_secs(5);
        periods[3].from = Duration::from_secs(5);
        assert_eq!(failing(&periods), [0]);
    }

    #[test]
    fn requests_let_through_while_open_fail() {
        let mut periods = good();
        periods[1].arrivals = 1;
        assert_eq!(failing(&periods), [1]);
        periods[1].on_their_way = 1;
        assert_eq!(failing(&periods), [] as [usize; 0]);
    }

    #[test]
    fn too_many_probes_at_once_fail() {
        let mut periods = good();
        periods[4].most_at_once = 2;
        assert_eq!(failing(&periods), [2]);
    }

    #[test]
    fn too_many_probes_in_a_period_fail() {
        let mut periods = good();
        periods[2].arrivals = 4;
        assert_eq!(failing(&periods), [3]);
    }

    #[test]
    fn never_closed_fails() {
        let mut periods = good();
        periods.pop();
        assert_eq!(failing(&periods), [4]);
    }
}
