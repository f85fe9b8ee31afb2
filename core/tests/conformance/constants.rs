//! `constants.json`, replayed: what is committed is what this crate has.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use k1s0_circuit_breaker::classify::{TransportError, grpc_status, http_status, transport_error};
use k1s0_circuit_breaker::config::Settings;
use k1s0_circuit_breaker::machine::{Machine, NEVER};
use k1s0_circuit_breaker::{
    CircuitBreakerConfig, CircuitBreakerState, Effect, Outcome, Reason, RejectReason, WindowSize,
};
use libtest_mimic::Trial;
use serde_json::{Value, json};

type Check = fn(&Value) -> Result<(), String>;

const CHECKS: [(&str, Check); 7] = [
    ("numbers", numbers),
    ("reasons", reasons),
    ("epoch_and_never", epoch_and_never),
    ("defaults", defaults),
    ("http_status", http),
    ("grpc_status", grpc),
    ("transport_errors", transport),
];

pub(crate) fn trials(constants: &Arc<Value>) -> Vec<Trial> {
    CHECKS
        .map(|(name, check)| {
            let constants = Arc::clone(constants);
            Trial::test(format!("constants::{name}"), move || Ok(check(&constants)?))
        })
        .into()
}

fn numbers(constants: &Value) -> Result<(), String> {
    let states = CircuitBreakerState::ALL.map(|s| (s as u64, s.name()));
    numbered(&constants["states"], &states)?;
    for state in CircuitBreakerState::ALL {
        let label = &constants["states"][state as usize]["label"];
        same(state.name(), &label.as_str(), &Some(state.label()))?;
    }
    let outcomes = Outcome::ALL.map(|o| (o as u64, o.name()));
    numbered(&constants["outcomes"], &outcomes)?;
    let effects = Effect::ALL.map(|e| (e as u64, e.name()));
    numbered(&constants["effects"], &effects)?;
    let reasons = RejectReason::ALL.map(|r| (r as u64, r.name()));
    numbered(&constants["reject_reasons"], &reasons)
}

fn numbered(committed: &Value, own: &[(u64, &str)]) -> Result<(), String> {
    let committed: Vec<_> = list(committed)?
        .iter()
        .map(|one| (one["number"].as_u64(), one["name"].as_str()))
        .collect();
    let own: Vec<_> = own
        .iter()
        .map(|(n, name)| (Some(*n), Some(*name)))
        .collect();
    same("numbers", &committed, &own)
}

fn reasons(constants: &Value) -> Result<(), String> {
    let committed: Vec<_> = list(&constants["reasons"])?
        .iter()
        .map(Value::as_str)
        .collect();
    same(
        "reasons",
        &committed,
        &Reason::ALL.map(|r| Some(r.name())).to_vec(),
    )
}

fn epoch_and_never(constants: &Value) -> Result<(), String> {
    let first = constants["first_epoch"].as_u64();
    same("first epoch", &first, &Some(Machine::FIRST_EPOCH))?;
    let never = constants["never_ns"].as_str();
    same("never", &never, &Some(NEVER.to_string().as_str()))
}

fn defaults(constants: &Value) -> Result<(), String> {
    let own = CircuitBreakerConfig::default();
    let settings = Settings::default();
    let millis = |duration: Duration| json!(duration.as_millis() as u64);
    let (window_calls, window_buckets) = match (settings.window, WindowSize::time(Duration::ZERO)) {
        (WindowSize::Calls(calls), WindowSize::Time { buckets, .. }) => (calls, buckets),
        other => return Err(format!("window: {other:?}")),
    };
    for (field, value) in [
        ("failure_threshold", json!(own.failure_threshold)),
        ("success_threshold", json!(own.success_threshold)),
        ("timeout_ms", millis(own.timeout)),
        ("half_open_max_calls", json!(settings.half_open_max_calls)),
        ("probe_timeout_ms", millis(settings.probe_timeout)),
        ("failure_rate", json!(settings.failure_rate)),
        ("minimum_calls", json!(settings.minimum_calls)),
        ("window_calls", json!(window_calls)),
        ("window_buckets", json!(window_buckets)),
        (
            "slow_call_duration_ms",
            settings.slow_call_duration.map_or(Value::Null, millis),
        ),
        ("slow_call_rate", json!(settings.slow_call_rate)),
        ("slow_minimum_calls", json!(settings.slow_minimum_calls)),
        ("count_hung_calls", json!(settings.count_hung_calls)),
        ("shadow", json!(settings.shadow)),
    ] {
        same(field, &constants["defaults"][field], &value)?;
    }
    let fraction = |field: &str| constants["defaults"][field].as_f64();
    same("jitter", &fraction("jitter"), &Some(settings.jitter))?;
    let multiplier = Some(settings.backoff_multiplier);
    same("multiplier", &fraction("backoff_multiplier"), &multiplier)
}

/// Every status from 0 to 999 is in exactly one range.
fn http(constants: &Value) -> Result<(), String> {
    for status in 0..=999 {
        let mut committed = Vec::new();
        for outcome in Outcome::ALL {
            let ranges = constants["http_status"][outcome.name()].as_array();
            for range in ranges.into_iter().flatten() {
                let (first, last) = (range[0].as_u64(), range[1].as_u64());
                if first <= Some(status) && Some(status) <= last {
                    committed.push(outcome);
                }
            }
        }
        same(
            &status.to_string(),
            &committed,
            &vec![http_status(status as u16)],
        )?;
    }
    Ok(())
}

fn grpc(constants: &Value) -> Result<(), String> {
    for one in list(&constants["grpc_status"])? {
        let code = one["code"]
            .as_i64()
            .and_then(|code| i32::try_from(code).ok());
        let code = code.ok_or("no code")?;
        let committed = one["outcome"].as_str();
        same(
            &code.to_string(),
            &committed,
            &Some(grpc_status(code).name()),
        )?;
    }
    Ok(())
}

fn transport(constants: &Value) -> Result<(), String> {
    let own = TransportError::ALL.map(|e| (e as u64, e.name()));
    numbered(&constants["transport_errors"], &own)?;
    for error in TransportError::ALL {
        let committed = constants["transport_errors"][error as usize]["outcome"].as_str();
        same(
            error.name(),
            &committed,
            &Some(transport_error(error).name()),
        )?;
    }
    Ok(())
}

/// A list that is not there must not pass as one that holds nothing.
fn list(value: &Value) -> Result<&Vec<Value>, String> {
    match value.as_array() {
        Some(list) if !list.is_empty() => Ok(list),
        _ => Err(format!("expected a list, found {value}")),
    }
}

fn same<T: PartialEq + fmt::Debug>(what: &str, committed: &T, own: &T) -> Result<(), String> {
    if committed == own {
        Ok(())
    } else {
        Err(format!(
            "{what}: committed {committed:?}, this crate {own:?}"
        ))
    }
}
