//! An explanation for a program: field names as in SPEC, lengths of time in whole nanoseconds, null where there
//! is none. The shape is a promise to every language: fields are added, never renamed.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use serde::{Serialize, Serializer};

use super::{Explanation, Need, Past, RateNeed};
use crate::machine::{Evidence, Nanos, OFF, Rules, Transition, WindowRule, finite};
use crate::window::Content;

impl Serialize for Explanation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Shape::from(self).serialize(serializer)
    }
}

#[cfg(feature = "json")]
impl Explanation {
    /// As JSON, on one line. Field names are those of SPEC; what ends in `_ns` is in nanoseconds, and null
    /// where there is none or it never ends.
    ///
    /// Numbers may be too large for a double: `at_ns` is one, with the standard clock. `ago_ns` says the same
    /// in less.
    ///
    /// ```
    /// use k1s0_circuit_breaker::CircuitBreaker;
    ///
    /// let cb = CircuitBreaker::default();
    /// cb.force_open();
    /// let json = cb.explain().to_json();
    /// assert!(json.starts_with(r#"{"name":null,"state":"Open","forced":true,"#));
    /// ```
    pub fn to_json(&self) -> String {
        // It fails for maps with keys that are no strings, and for what fails by itself: nothing here.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Shape<'a> {
    name: Option<&'a str>,
    state: &'static str,
    forced: bool,
    automatic_state: &'static str,
    shadow: bool,
    epoch: u64,
    would_reject: Option<&'static str>,
    needs: Vec<NeedShape>,
    consecutive_failures: u32,
    successful_probes: u32,
    probes_in_flight: u16,
    probes_given_up_in_ns: Option<u64>,
    window: Option<ContentShape>,
    remaining_wait_ns: Option<u64>,
    wait_ns: Option<u64>,
    openings_in_a_row: Option<u64>,
    rules: RulesShape,
    last_transition: Option<PastShape>,
    history: Vec<PastShape>,
}

impl<'a> From<&'a Explanation> for Shape<'a> {
    fn from(it: &'a Explanation) -> Self {
        Self {
            name: it.name.as_deref(),
            state: it.state.name(),
            forced: it.forced,
            automatic_state: it.automatic_state.name(),
            shadow: it.shadow(),
            epoch: it.epoch,
            would_reject: it.would_reject.map(|reason| reason.name()),
            needs: it.needs.iter().map(NeedShape::from).collect(),
            consecutive_failures: it.consecutive_failures,
            successful_probes: it.successful_probes,
            probes_in_flight: it.probes_in_flight,
            probes_given_up_in_ns: nanos(it.probes_given_up_in),
            window: it.window.map(ContentShape::from),
            remaining_wait_ns: nanos(it.remaining_wait),
            wait_ns: nanos(it.wait),
            openings_in_a_row: it.openings_in_a_row,
            rules: RulesShape::from(&it.rules),
            last_transition: it.last_transition().map(PastShape::from),
            history: it.history.iter().map(PastShape::from).collect(),
        }
    }
}

/// Which need it is, its numbers, and the sentence that says it.
#[derive(Serialize)]
struct NeedShape {
    kind: &'static str,
    #[serde(flatten)]
    numbers: NeedNumbers,
    text: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum NeedNumbers {
    More {
        more: u32,
    },
    Rate {
        count: u64,
        calls: u64,
        opens_at_ppm: u32,
        minimum_calls: u32,
    },
    Wait {
        left_ns: Option<u64>,
    },
    Slots {
        taken: u16,
        of: u16,
        given_up_in_ns: Option<u64>,
    },
    Hand {
        underneath: &'static str,
    },
}

impl From<&Need> for NeedShape {
    fn from(need: &Need) -> Self {
        let numbers = match *need {
            Need::Failures { more } | Need::Probes { more, .. } => NeedNumbers::More { more },
            Need::FailureRate(RateNeed {
                count,
                calls,
                opens_at,
                minimum_calls,
            })
            | Need::SlowCallRate(RateNeed {
                count,
                calls,
                opens_at,
                minimum_calls,
            }) => NeedNumbers::Rate {
                count,
                calls,
                opens_at_ppm: opens_at,
                minimum_calls,
            },
            Need::Wait { left } => NeedNumbers::Wait {
                left_ns: nanos(left),
            },
            Need::Slots {
                taken,
                of,
                given_up_in,
            } => NeedNumbers::Slots {
                taken,
                of,
                given_up_in_ns: nanos(given_up_in),
            },
            Need::Hand { underneath } => NeedNumbers::Hand {
                underneath: underneath.name(),
            },
        };
        Self {
            kind: need.name(),
            numbers,
            text: need.to_string(),
        }
    }
}

/// The fields of SPEC 3, those that are off null.
#[derive(Serialize)]
struct RulesShape {
    failure_threshold: Option<u32>,
    success_threshold: u32,
    timeout_ns: Option<u64>,
    half_open_max_calls: u16,
    probe_timeout_ns: Option<u64>,
    failure_rate_ppm: Option<u32>,
    minimum_calls: Option<u32>,
    window: Option<WindowShape>,
    slow_call_duration_ns: Option<u64>,
    slow_call_rate_ppm: Option<u32>,
    slow_minimum_calls: Option<u32>,
    count_hung_calls: bool,
    backoff_multiplier_ppm: u32,
    max_timeout_ns: Option<u64>,
    jitter_ppm: u32,
    shadow: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum WindowShape {
    Calls { calls: u32 },
    Time { bucket_ns: u64, buckets: u8 },
}

impl From<&Rules> for RulesShape {
    fn from(rules: &Rules) -> Self {
        let Rules {
            policy,
            failure_rate,
            window,
            slow,
            backoff,
            shadow,
        } = *rules;
        let failure_rate = failure_rate.is_on().then_some(failure_rate);
        Self {
            failure_threshold: (policy.failure_threshold != OFF)
                .then_some(policy.failure_threshold),
            success_threshold: policy.success_threshold,
            timeout_ns: finite(policy.timeout),
            half_open_max_calls: policy.half_open_max_calls,
            probe_timeout_ns: finite(policy.probe_timeout),
            failure_rate_ppm: failure_rate.map(|rate| rate.ppm),
            minimum_calls: failure_rate.map(|rate| rate.minimum_calls),
            window: rules.has_window().then_some(match window {
                WindowRule::Calls(calls) => WindowShape::Calls { calls },
                WindowRule::Time { width, buckets } => WindowShape::Time {
                    bucket_ns: width,
                    buckets,
                },
            }),
            slow_call_duration_ns: slow.and_then(|slow| finite(slow.duration)),
            slow_call_rate_ppm: slow.map(|slow| slow.rate.ppm),
            slow_minimum_calls: slow.map(|slow| slow.rate.minimum_calls),
            count_hung_calls: slow.is_some_and(|slow| slow.count_hung_calls),
            backoff_multiplier_ppm: backoff.multiplier,
            max_timeout_ns: finite(backoff.max_timeout),
            jitter_ppm: backoff.jitter,
            shadow,
        }
    }
}

#[derive(Serialize)]
struct PastShape {
    from: &'static str,
    to: &'static str,
    epoch: u64,
    reason: &'static str,
    at_ns: Nanos,
    ago_ns: Option<u64>,
    consecutive_failures: u32,
    successful_probes: u32,
    window: ContentShape,
}

impl From<&Past> for PastShape {
    fn from(past: &Past) -> Self {
        let Transition {
            from,
            to,
            epoch,
            reason,
            at,
            evidence:
                Evidence {
                    consecutive_failures,
                    successful_probes,
                    window,
                },
        } = past.transition;
        Self {
            from: from.name(),
            to: to.name(),
            epoch,
            reason: reason.name(),
            at_ns: at,
            ago_ns: nanos(Some(past.ago)),
            consecutive_failures,
            successful_probes,
            window: window.into(),
        }
    }
}

#[derive(Serialize)]
struct ContentShape {
    calls: u64,
    failures: u64,
    slow: u64,
}

impl From<Content> for ContentShape {
    fn from(content: Content) -> Self {
        let Content {
            calls,
            failures,
            slow,
        } = content;
        Self {
            calls,
            failures,
            slow,
        }
    }
}

/// Every duration here was made from nanoseconds.
fn nanos(duration: Option<Duration>) -> Option<u64> {
    u64::try_from(duration?.as_nanos()).ok()
}
