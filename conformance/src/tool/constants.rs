//! `constants.json`: numbers, names, defaults, ranges and tables, as the core has them.

use std::collections::BTreeMap;
use std::time::Duration;

use k1s0_circuit_breaker::classify::{TransportError, grpc_status, http_status, transport_error};
use k1s0_circuit_breaker::config::{MIN_PROBE_TIMEOUT, Settings};
use k1s0_circuit_breaker::machine::{Effect, Machine, NEVER, Outcome, Reason, RejectReason, State};
use serde_json::{Value, json};

use crate::files::Problems;

pub(crate) fn constants() -> Result<Value, Problems> {
    let numbered = |names: Vec<(u8, &'static str)>| -> Value {
        names
            .into_iter()
            .map(|(number, name)| json!({ "number": number, "name": name }))
            .collect()
    };
    Ok(json!({
        "about": "Generated from core by `cargo run -p k1s0-conformance -- generate`.",
        "states": State::ALL
            .map(|s| json!({ "number": s as u8, "name": s.name(), "label": s.label() })),
        "outcomes": numbered(Outcome::ALL.map(|o| (o as u8, o.name())).to_vec()),
        "effects": numbered(Effect::ALL.map(|e| (e as u8, e.name())).to_vec()),
        "reject_reasons": numbered(RejectReason::ALL.map(|r| (r as u8, r.name())).to_vec()),
        "reasons": Reason::ALL.map(Reason::name),
        "first_epoch": Machine::FIRST_EPOCH,
        "never_ns": NEVER.to_string(),
        "defaults": defaults(),
        "ranges": ranges()?,
        "http_status": http(),
        "grpc_status": grpc(),
        "transport_errors": TransportError::ALL.map(|error| json!({
            "number": error as u8,
            "name": error.name(),
            "outcome": transport_error(error).name(),
        })),
    }))
}

fn defaults() -> Value {
    let settings = Settings::default();
    json!({
        "failure_threshold": settings.failure_threshold,
        "success_threshold": settings.success_threshold,
        "timeout_ms": settings.timeout.as_millis() as u64,
        "half_open_max_calls": settings.half_open_max_calls,
        "probe_timeout_ms": settings.probe_timeout.as_millis() as u64,
        // SPEC 3: what a language's own specification has otherwise.
        "exceptions": { "python": { "success_threshold": 2 } },
    })
}

/// How a field is set.
type Set = fn(&mut Settings, u64);

/// The ranges are asked of the check itself, so that they are what it does.
fn ranges() -> Result<Value, Problems> {
    let fields: [(&str, Set); 3] = [
        ("failure_threshold", |s, value| s.failure_threshold = value),
        ("success_threshold", |s, value| s.success_threshold = value),
        ("half_open_max_calls", |s, value| {
            s.half_open_max_calls = value
        }),
    ];
    let mut ranges = serde_json::Map::new();
    for (field, set) in fields {
        let with = |value| {
            let mut settings = Settings::default();
            set(&mut settings, value);
            settings
        };
        let accepts = |value| with(value).policy().is_ok();
        if accepts(0) || !accepts(1) {
            return Err(vec![format!("{field}: the smallest value is not 1")]);
        }
        let (mut largest, mut beyond) = (1, u64::MAX);
        while beyond - largest > 1 {
            let middle = largest + (beyond - largest) / 2;
            *(if accepts(middle) {
                &mut largest
            } else {
                &mut beyond
            }) = middle;
        }
        let text = refusal(field, &with(0))?;
        ranges.insert(
            field.to_owned(),
            json!({ "min": 1, "max": largest, "text": text }),
        );
    }
    let mut short = Settings::default();
    short.probe_timeout = MIN_PROBE_TIMEOUT - Duration::from_nanos(1);
    let text = refusal("probe_timeout", &short)?;
    let min = MIN_PROBE_TIMEOUT.as_millis() as u64;
    ranges.insert(
        "probe_timeout".to_owned(),
        json!({ "min_ms": min, "text": text }),
    );
    ranges.insert("timeout".to_owned(), json!({ "min_ms": 0 }));
    Ok(Value::Object(ranges))
}

fn refusal(field: &str, settings: &Settings) -> Result<&'static str, Problems> {
    match settings.policy() {
        Err(error) if error.field() == field => Ok(error.range()),
        other => Err(vec![format!("{field}: not refused but {other:?}")]),
    }
}

/// Every status from 0 to 999, as the ranges that have one outcome.
fn http() -> Value {
    let mut ranges: BTreeMap<&str, Vec<[u16; 2]>> = BTreeMap::new();
    let mut last = None;
    for status in 0..=999 {
        let outcome = http_status(status);
        let ranges = ranges.entry(outcome.name()).or_default();
        match ranges.last_mut() {
            Some(range) if last == Some(outcome) => range[1] = status,
            _ => ranges.push([status, status]),
        }
        last = Some(outcome);
    }
    json!(ranges)
}

/// The codes that gRPC has, and some on both sides that it has not.
fn grpc() -> Value {
    (-1..=18)
        .map(|code| json!({ "code": code, "outcome": grpc_status(code).name() }))
        .collect()
}
