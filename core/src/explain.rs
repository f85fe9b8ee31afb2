//! Why a breaker is as it is, why a call was rejected, and what would change that: one answer, made when it
//! is asked for.

#[cfg(feature = "serde")]
mod shape;
#[cfg(test)]
#[cfg(feature = "std")]
mod tests;
mod text;

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use crate::machine::{
    Levels, Machine, Nanos, NeedsNow, OFF, Policy, Ppm, Rate, RejectReason, Rules, SlowRule, State,
    Transition, finite,
};
use crate::window::Content;

/// What a breaker is doing, why, and what would change it; from
/// [`CircuitBreaker::explain`](crate::CircuitBreaker::explain) or
/// [`Engine::explain`](crate::engine::Engine::explain).
///
/// It is read at one moment, under one lock, and costs calls nothing when nobody asks. It prints as a few
/// lines for a person; with feature `serde` it can be serialised, and `to_json` (feature `json`) writes it as
/// JSON.
///
/// ```
/// use k1s0_circuit_breaker::{CircuitBreaker, CircuitBreakerConfig, ManualClock};
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// let cb = CircuitBreaker::builder(CircuitBreakerConfig::default())
///     .name("payments")
///     .clock(clock.clone())
///     .build()?;
/// for _ in 0..5 {
///     let _ = cb.call_sync(|| Err::<(), _>("unreachable"));
/// }
/// clock.advance(Duration::from_millis(17_700));
///
/// assert_eq!(
///     cb.explain().to_string(),
///     "\
/// circuit breaker \"payments\" is Open, epoch 2
/// a call now is rejected (open)
///   the next call after 12.3s is a probe
///   then 3 successful probes close it
/// last change: 17.7s ago Closed to Open: failure_threshold (5 failures in a row)
/// it waits 30s
/// rules:
///   5 failures in a row open it
///   it stays open for 30s
///   3 successful probes close it, 1 at a time; hung ones are given up after 60s
/// "
/// );
/// # Ok::<(), k1s0_circuit_breaker::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The breaker's name, if it has one.
    pub name: Option<Arc<str>>,
    /// The state now: half-open as soon as the wait is over, though no call has come yet (SPEC 9.1).
    pub state: State,
    /// Whether `force_open` or `force_closed` is on.
    pub forced: bool,
    /// The state that `automatic` would bring back; without a forced mode, that of the last transition.
    pub automatic_state: State,
    /// The epoch (SPEC 1.3).
    pub epoch: u64,
    /// Why a call now would be rejected, if it would be: in shadow mode, it is let through all the same. Calls
    /// found hung by the very call (12.5) are not foreseen.
    pub would_reject: Option<RejectReason>,
    /// What would change the state.
    pub needs: Vec<Need>,
    /// Failures in a row; 0 unless the automatic state is closed.
    pub consecutive_failures: u32,
    /// Successful probes so far; 0 unless the automatic state is half-open.
    pub successful_probes: u32,
    /// Probes that are not settled yet.
    pub probes_in_flight: u16,
    /// After how long a full set of probes is given up (SPEC 6.5): 0 once the next call will. None where a
    /// slot is free, and where they are never given up.
    pub probes_given_up_in: Option<Duration>,
    /// What the window holds: nothing unless the automatic state is closed. None where no rate is set.
    pub window: Option<Content>,
    /// What is left of the wait while open and not forced: 0 once it is over. None where it never ends.
    pub remaining_wait: Option<Duration>,
    /// How long the last opening waits, with backoff, jitter and Retry-After; the timeout before the first.
    /// None where that never ends.
    pub wait: Option<Duration>,
    /// Openings in a row without a stable closed period between (SPEC 13.1). None where nobody counts them,
    /// because each wait is the timeout.
    pub openings_in_a_row: Option<u64>,
    /// The configuration, in the machine's units. `window` says something only where
    /// [`has_window`](Rules::has_window).
    pub rules: Rules,
    /// The last transitions, at most 32, the oldest first.
    pub history: Vec<Past>,
}

/// A transition, and how long ago it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Past {
    /// What happened, and what had been counted.
    pub transition: Transition,
    /// How long ago; 0 where the clock stepped back.
    pub ago: Duration,
}

/// Something that would change the state. It prints as a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// Closed: so many more failures in a row open it (SPEC 4.3).
    Failures {
        /// How many more, at least 1.
        more: u32,
    },
    /// Closed: the failure rate opens it (SPEC 11.4).
    FailureRate(RateNeed),
    /// Closed: slow calls open it (SPEC 12.2).
    SlowCallRate(RateNeed),
    /// Open: the next call after the wait is a probe (SPEC 5.3).
    Wait {
        /// What is left: 0 where the next call is one. None where it never ends.
        left: Option<Duration>,
    },
    /// So many successful probes close it (SPEC 6.2).
    Probes {
        /// How many more, at least 1.
        more: u32,
        /// Whether it is half-open already; open, the wait comes first.
        now: bool,
    },
    /// Half-open: so many slots are taken (SPEC 6.1).
    Slots {
        /// How many probes are unsettled.
        taken: u16,
        /// How many may be.
        of: u16,
        /// As [`Explanation::probes_given_up_in`].
        given_up_in: Option<Duration>,
    },
    /// Forced: `automatic` brings this state back, `reset` closes (SPEC 10.3).
    Hand {
        /// The state underneath.
        underneath: State,
    },
}

impl Need {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failures { .. } => "failures",
            Self::FailureRate(_) => "failure_rate",
            Self::SlowCallRate(_) => "slow_call_rate",
            Self::Wait { .. } => "wait",
            Self::Probes { .. } => "probes",
            Self::Slots { .. } => "slots",
            Self::Hand { .. } => "hand",
        }
    }
}

/// A rate, and what it must come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateNeed {
    /// How many of the calls in the window failed, or were slow.
    pub count: u64,
    /// Calls in the window.
    pub calls: u64,
    /// The part at which it opens, in millionths.
    pub opens_at: Ppm,
    /// Fewer calls than this decide nothing.
    pub minimum_calls: u32,
}

impl Explanation {
    /// Explains a machine that is up to date ([`Machine::catch_up`]), for its home. `history` is what the home remembers of
    /// its transitions, the oldest first.
    ///
    /// # Errors
    ///
    /// [`NeedsNow`] once there has been a transition, and while closed with a window of time.
    pub fn of(
        machine: &Machine,
        policy: &Policy,
        levels: Option<&Levels>,
        history: impl IntoIterator<Item = Transition>,
        now: Option<Nanos>,
    ) -> Result<Self, NeedsNow> {
        // How long ago each of them was will be asked.
        if machine.transitions() > 0 && now.is_none() {
            return Err(NeedsNow);
        }
        let rules = levels.map_or_else(|| (*policy).into(), |it: &Levels| it.rules(policy));
        let remaining_wait = machine.remaining_wait(policy, levels, now)?;
        let window = machine.window(levels, now)?;
        let mut explanation = Self {
            name: None,
            state: machine.state(policy, levels, now)?,
            forced: machine.is_forced(),
            automatic_state: machine.automatic_state(),
            epoch: machine.epoch(),
            would_reject: machine.would_reject(policy, levels, now)?,
            needs: Vec::new(),
            consecutive_failures: machine.consecutive_failures(),
            successful_probes: machine.successful_probes(),
            probes_in_flight: machine.probes_in_flight(),
            probes_given_up_in: machine.probes_left(policy, now)?.and_then(duration),
            window: rules.has_window().then_some(window),
            remaining_wait: remaining_wait.and_then(duration),
            wait: duration(Machine::wait(policy, levels)),
            openings_in_a_row: levels.and_then(Levels::openings_in_a_row),
            rules,
            history: history
                .into_iter()
                .map(|transition| Past {
                    transition,
                    // There is no history without a reading.
                    ago: Duration::from_nanos(
                        now.unwrap_or_default().saturating_sub(transition.at),
                    ),
                })
                .collect(),
        };
        explanation.needs = explanation.needs();
        Ok(explanation)
    }

    /// The last transition, if there has been one.
    pub fn last_transition(&self) -> Option<&Past> {
        self.history.last()
    }

    /// Whether nothing is rejected, whatever is decided (SPEC 14).
    pub const fn shadow(&self) -> bool {
        self.rules.shadow
    }

    fn needs(&self) -> Vec<Need> {
        if self.forced {
            let underneath = self.automatic_state;
            return vec![Need::Hand { underneath }];
        }
        match self.automatic_state {
            State::Closed => self.needed_to_open(),
            State::Open => vec![
                Need::Wait {
                    left: self.remaining_wait,
                },
                self.needed_probes(),
            ],
            State::HalfOpen => vec![
                self.needed_probes(),
                Need::Slots {
                    taken: self.probes_in_flight,
                    of: self.rules.policy.half_open_max_calls,
                    given_up_in: self.probes_given_up_in,
                },
            ],
        }
    }

    fn needed_probes(&self) -> Need {
        let Rules { policy, .. } = self.rules;
        Need::Probes {
            more: policy
                .success_threshold
                .saturating_sub(self.successful_probes),
            now: self.automatic_state == State::HalfOpen,
        }
    }

    fn needed_to_open(&self) -> Vec<Need> {
        let threshold = self.rules.policy.failure_threshold;
        let failures = (threshold != OFF).then(|| Need::Failures {
            more: threshold.saturating_sub(self.consecutive_failures),
        });
        let content = self.window.unwrap_or_default();
        let rate_need = |rate: Rate, count| RateNeed {
            count,
            calls: content.calls,
            opens_at: rate.ppm,
            minimum_calls: rate.minimum_calls,
        };
        let rate = self.rules.failure_rate;
        let failure_rate = rate
            .is_on()
            .then(|| Need::FailureRate(rate_need(rate, content.failures)));
        let slow = self
            .rules
            .slow
            .map(|SlowRule { rate, .. }| Need::SlowCallRate(rate_need(rate, content.slow)));
        [failures, failure_rate, slow]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// None where it never ends.
fn duration(nanos: Nanos) -> Option<Duration> {
    finite(nanos).map(Duration::from_nanos)
}
