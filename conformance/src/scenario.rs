//! What stands in a file of scenarios. `schema/scenario.schema.json` says the same, and is stricter.

mod config;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use crate::vocabulary::{
    CallResult, Control, Effect, Outcome, Reason, Recorded, RejectReason, State,
};

pub use config::{Config, Threshold};

/// One file: scenarios about one thing.
#[derive(Clone, Debug, Deserialize)]
pub struct Topic {
    /// What they are about.
    pub topic: String,
    /// The scenarios.
    pub scenarios: Vec<Scenario>,
}

/// A script against a fake clock, which begins at 0.
#[derive(Clone, Debug, Deserialize)]
pub struct Scenario {
    /// `topic/what`, unique.
    pub name: String,
    /// The rules of SPEC.md that it exercises.
    pub rules: Vec<String>,
    /// The first level at which it can be played.
    pub level: Level,
    /// What is configured; a field that is not there has its default.
    #[serde(default)]
    pub config: Config,
    /// That the configuration is refused, and how; there are no steps then.
    pub refused: Option<RefusedConfig>,
    /// What happens.
    #[serde(default)]
    pub steps: Vec<Step>,
}

impl Scenario {
    /// Whether a settlement comes with a Retry-After, which not every entry point can hand in.
    pub fn has_retry_after(&self) -> bool {
        let with = |step: &Step| match step.op {
            Op::Settle {
                retry_after_ms,
                retry_after_ns,
                ..
            } => retry_after_ms.is_some() || retry_after_ns.is_some(),
            _ => false,
        };
        self.steps.iter().any(with)
    }
}

/// A part of the specification that a face offers; each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// k1s0's own specification: calls, records, state, metrics.
    Basic,
    /// Permits and their slots.
    Permits,
    /// Control by hand.
    Manual,
    /// A rate of failures over a window.
    Window,
    /// Slow calls, and calls that hang.
    Slow,
    /// Waits that grow, and a server's Retry-After.
    Backoff,
    /// Deciding all and rejecting nothing.
    Shadow,
}

impl Level {
    /// The levels of this suite.
    pub const ALL: [Self; 7] = [
        Self::Basic,
        Self::Permits,
        Self::Manual,
        Self::Window,
        Self::Slow,
        Self::Backoff,
        Self::Shadow,
    ];

    /// The name, as in SPEC.md.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Permits => "permits",
            Self::Manual => "manual",
            Self::Window => "window",
            Self::Slow => "slow",
            Self::Backoff => "backoff",
            Self::Shadow => "shadow",
        }
    }
}

/// How a configuration is refused (SPEC 3.1).
#[derive(Clone, Debug, Deserialize)]
pub struct RefusedConfig {
    /// The field that the error names.
    pub field: String,
    /// The value that it names; not given for durations, which each language prints in its own way.
    pub value: Option<String>,
    /// The range that it names.
    pub range: String,
}

/// One step.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Step {
    /// What is done, or looked at.
    #[serde(flatten)]
    pub op: Op,
    /// Why the expectation holds; the message of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// What is done, or looked at.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
#[expect(missing_docs, reason = "README.md has a table of the steps")]
pub enum Op {
    Advance {
        #[serde(flatten)]
        by: Time,
    },
    SetClock {
        #[serde(flatten)]
        to: Time,
    },
    Acquire {
        permit: String,
        expect: Expected,
    },
    Settle {
        permit: String,
        outcome: Outcome,
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ns: Option<Ns>,
        expect: Effect,
    },
    Drop {
        permit: String,
    },
    Call {
        result: CallResult,
        #[serde(skip_serializing_if = "Option::is_none")]
        takes_ms: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        takes_ns: Option<Ns>,
        #[serde(default = "once", skip_serializing_if = "is_once")]
        times: u32,
        expect: Expected,
    },
    Record {
        outcome: Recorded,
        #[serde(default = "once", skip_serializing_if = "is_once")]
        times: u32,
    },
    Tick,
    Control {
        #[serde(rename = "do")]
        control: Control,
    },
    State {
        expect: State,
    },
    Metrics {
        expect: BTreeMap<String, Value>,
    },
    Transitions {
        expect: Vec<ExpectedTransition>,
    },
    ClockReads {
        expect: u64,
    },
}

impl Op {
    /// The level at which this step can first be played.
    pub fn level(&self) -> Level {
        match self {
            Self::Settle {
                retry_after_ms,
                retry_after_ns,
                ..
            } if retry_after_ms.is_some() || retry_after_ns.is_some() => Level::Backoff,
            Self::Acquire { .. } | Self::Settle { .. } | Self::Drop { .. } => Level::Permits,
            Self::Control { .. } => Level::Manual,
            Self::Call {
                takes_ms,
                takes_ns,
                times,
                ..
            } if takes_ms.is_some() || takes_ns.is_some() || !is_once(times) => Level::Window,
            Self::Record { times, .. } if !is_once(times) => Level::Window,
            Self::Tick => Level::Slow,
            Self::Metrics { expect } => expect
                .keys()
                .map(|name| metric_level(name))
                .max()
                .unwrap_or(Level::Basic),
            Self::Advance { .. }
            | Self::SetClock { .. }
            | Self::Call { .. }
            | Self::Record { .. }
            | Self::State { .. }
            | Self::Transitions { .. }
            | Self::ClockReads { .. } => Level::Basic,
        }
    }
}

/// The level at which a metric of this name is first told.
fn metric_level(name: &str) -> Level {
    match name {
        "window_calls" | "window_failures" => Level::Window,
        "slow" | "window_slow" => Level::Slow,
        _ if name.starts_with("would_reject") => Level::Shadow,
        _ => Level::Basic,
    }
}

const fn once() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_once(times: &u32) -> bool {
    *times == 1
}

/// A time, in one of two units.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Time {
    #[serde(skip_serializing_if = "Option::is_none")]
    ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ns: Option<Ns>,
}

impl Time {
    /// In nanoseconds; 0 where neither unit is given, which the schema refuses.
    pub fn nanoseconds(self) -> u128 {
        nanoseconds(self.ms, self.ns).unwrap_or(0)
    }
}

/// Whether the call goes through.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Expected {
    /// It does.
    Through(Through),
    /// It does not; a `retry_after` that is not given must not be there.
    Rejected {
        /// Why.
        rejected: RejectReason,
        /// The rest of the wait.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
        /// The rest of the wait.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ns: Option<Ns>,
    },
}

/// How a call goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Through {
    /// Of `acquire`: a permit was given.
    Admitted,
    /// Of `call`: the function ran once.
    Ran,
}

/// A transition that is expected.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[expect(missing_docs, reason = "the names are those of SPEC 9.3")]
pub struct ExpectedTransition {
    pub from: State,
    pub to: State,
    pub epoch: u64,
    pub reason: Reason,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_ns: Option<Ns>,
}

/// Nanoseconds, written as a decimal string: JSON numbers above 2^53 are not exact in every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ns(pub u128);

impl<'de> Deserialize<'de> for Ns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(de::Error::custom)
    }
}

impl Serialize for Ns {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// One duration, from whichever unit it was given in.
pub fn nanoseconds(ms: Option<u64>, ns: Option<Ns>) -> Option<u128> {
    ns.map(|ns| ns.0)
        .or_else(|| ms.map(|ms| u128::from(ms) * 1_000_000))
}
