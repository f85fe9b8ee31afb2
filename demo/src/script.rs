//! What happens when: the outage, the traffic, and how the two servers behave. Nothing here is
//! random, so two runs differ only by what the machine does.

use std::time::Duration;

use k1s0_circuit_breaker::CircuitBreakerConfig;

/// The server is well for this long at first.
const WELL_FOR: Duration = Duration::from_secs(6);
/// Then it is sick for this long.
const SICK_FOR: Duration = Duration::from_secs(10);
/// Then it is well again, and the run ends after this long.
const WELL_AGAIN_FOR: Duration = Duration::from_secs(10);

/// Requests per second, the same for both clients. They are sent when they are due, whether or not
/// earlier ones were answered: users do not wait for each other.
pub(crate) const RATE: u32 = 200;
/// How long a client waits for an answer.
pub(crate) const DEADLINE: Duration = Duration::from_secs(1);
/// How long the well server works on a request.
pub(crate) const WORK: Duration = Duration::from_millis(5);
/// How long the sick server works on a request before it answers 503.
pub(crate) const SICK_WORK: Duration = Duration::from_millis(250);
/// Of this many requests that reach the sick server, the last one is never answered.
pub(crate) const HANGS_EVERY: u64 = 4;

/// The breaker under test. Everything but the wait is at its default: 30 s would outlast the demo.
pub(crate) fn breaker_config() -> CircuitBreakerConfig {
    CircuitBreakerConfig {
        timeout: Duration::from_secs(2),
        ..CircuitBreakerConfig::default()
    }
}

/// How many probes may be out at once: the default.
pub(crate) const HALF_OPEN_MAX_CALLS: u32 = 1;

/// The times of the outage, counted from the beginning of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Script {
    /// When the server falls sick.
    pub(crate) outage_begins: Duration,
    /// When it is well again.
    pub(crate) outage_ends: Duration,
    /// When the last request is sent.
    pub(crate) ends: Duration,
}

impl Script {
    /// The demo's own schedule.
    pub(crate) const STANDARD: Self = Self {
        outage_begins: WELL_FOR,
        outage_ends: WELL_FOR.saturating_add(SICK_FOR),
        ends: WELL_FOR
            .saturating_add(SICK_FOR)
            .saturating_add(WELL_AGAIN_FOR),
    };

    /// Whether the server is sick at this time.
    pub(crate) fn is_sick(&self, at: Duration) -> bool {
        (self.outage_begins..self.outage_ends).contains(&at)
    }

    /// When each request is due, for the whole run.
    pub(crate) fn arrivals(&self) -> impl Iterator<Item = Duration> + use<> {
        let ends = self.ends;
        (0u32..)
            .map(|n| Duration::from_secs(1) * n / RATE)
            .take_while(move |due| *due < ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outage_has_its_beginning_and_not_its_end() {
        let script = Script::STANDARD;
        assert!(!script.is_sick(script.outage_begins - Duration::from_nanos(1)));
        assert!(script.is_sick(script.outage_begins));
        assert!(!script.is_sick(script.outage_ends));
    }

    #[test]
    fn requests_are_evenly_due() {
        let due: Vec<_> = Script::STANDARD.arrivals().collect();
        assert_eq!(
            due.len() as u64,
            Script::STANDARD.ends.as_secs() * u64::from(RATE)
        );
        assert_eq!(due[200], Duration::from_secs(1));
    }
}
