//! The one list of instruments and their attributes; every language uses these words.
//!
//! `docs/metrics.md` is generated from it (`cargo run --example metrics_doc`), and the checks compare.

use crate::machine::{Outcome, RejectReason, State};

/// What kind of instrument it is. All are observable: they cost nothing until somebody collects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only ever grows.
    Counter,
    /// A value now.
    Gauge,
}

/// One instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Instrument {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its unit, in UCUM's words.
    pub unit: &'static str,
    /// What it tells.
    pub description: &'static str,
    /// Its attributes; [`NAME`] is always among them.
    pub attributes: &'static [Attribute],
}

/// One attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attribute {
    /// Its key.
    pub key: &'static str,
    /// The values it may have; none where any is possible.
    pub values: Option<&'static [&'static str]>,
}

const fn attribute(key: &'static str, values: Option<&'static [&'static str]>) -> Attribute {
    Attribute { key, values }
}

const STATES: &[&str] = &[
    State::Closed.label(),
    State::Open.label(),
    State::HalfOpen.label(),
];
const OUTCOMES: &[&str] = &[
    Outcome::Success.name(),
    Outcome::Failure.name(),
    Outcome::Ignored.name(),
    Outcome::Cancelled.name(),
];
const REASONS: &[&str] = &[
    RejectReason::Open.name(),
    RejectReason::HalfOpen.name(),
    RejectReason::ForcedOpen.name(),
];

/// The breaker's name.
pub const NAME: Attribute = attribute("name", None);
/// How a call ended.
pub const OUTCOME: Attribute = attribute("outcome", Some(OUTCOMES));
/// Why a call was rejected.
pub const REASON: Attribute = attribute("reason", Some(REASONS));
/// The state.
pub const STATE: Attribute = attribute("state", Some(STATES));
/// The state before a transition.
pub const FROM: Attribute = attribute("from", Some(STATES));
/// The state after a transition.
pub const TO: Attribute = attribute("to", Some(STATES));

/// Calls that ended.
pub const CALLS: Instrument = Instrument {
    name: "circuit_breaker.calls",
    kind: Kind::Counter,
    unit: "{call}",
    description: "Admitted calls that ended, by outcome",
    attributes: &[NAME, OUTCOME],
};

/// Calls that were not admitted.
pub const REJECTIONS: Instrument = Instrument {
    name: "circuit_breaker.rejections",
    kind: Kind::Counter,
    unit: "{call}",
    description: "Calls that were not admitted, by reason",
    attributes: &[NAME, REASON],
};

/// Calls that shadow mode admitted and the breaker would have rejected.
pub const WOULD_REJECT: Instrument = Instrument {
    name: "circuit_breaker.would_reject",
    kind: Kind::Counter,
    unit: "{call}",
    description: "Calls that shadow mode let through and that would have been rejected, by reason",
    attributes: &[NAME, REASON],
};

/// Calls that were slow.
pub const SLOW_CALLS: Instrument = Instrument {
    name: "circuit_breaker.slow_calls",
    kind: Kind::Counter,
    unit: "{call}",
    description: "Calls that took slow_call_duration or longer; 0 where none is configured",
    attributes: &[NAME],
};

/// Changes of state.
pub const TRANSITIONS: Instrument = Instrument {
    name: "circuit_breaker.transitions",
    kind: Kind::Counter,
    unit: "{transition}",
    description: "Changes of state; from and to are equal where only a new epoch began",
    attributes: &[NAME, FROM, TO],
};

/// The state.
pub const STATE_GAUGE: Instrument = Instrument {
    name: "circuit_breaker.state",
    kind: Kind::Gauge,
    unit: "{breaker}",
    description: "1 for the state that the breaker is in, 0 for each of the others",
    attributes: &[NAME, STATE],
};

/// The success rate.
pub const SUCCESS_RATE: Instrument = Instrument {
    name: "circuit_breaker.success_rate",
    kind: Kind::Gauge,
    unit: "1",
    description: "success / (success + failure) since the breaker was made; absent before the first of either",
    attributes: &[NAME],
};

/// Every instrument.
pub const INSTRUMENTS: &[Instrument] = &[
    CALLS,
    REJECTIONS,
    WOULD_REJECT,
    SLOW_CALLS,
    TRANSITIONS,
    STATE_GAUGE,
    SUCCESS_RATE,
];

/// The instrumentation scope of every language.
pub const SCOPE: &str = "k1s0_circuit_breaker";

/// The name under which a breaker without one is shown.
pub const UNNAMED: &str = "unnamed";
