//! `constants.json`, replayed: what is committed is what the library has.

use std::fmt;
use std::ptr;
use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::Value;

use crate::support::abi::{Handle, OFF, OK, Permit, abi, config, string};

type Check = fn(&Value) -> Result<(), String>;

const CHECKS: [(&str, Check); 6] = [
    ("numbers", numbers),
    ("reasons", reasons),
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
    let abi = abi();
    named(&constants["states"], "label", |n| {
        string((abi.state_name)(n))
    })?;
    named(&constants["outcomes"], "name", |n| {
        string((abi.outcome_name)(n))
    })?;
    named(&constants["effects"], "name", |n| {
        string((abi.effect_name)(n))
    })?;
    named(&constants["reject_reasons"], "name", |n| {
        string((abi.reject_reason_name)(n))
    })?;
    named(&constants["transport_errors"], "name", |n| {
        string((abi.transport_error_name)(n))
    })
}

/// Every number has its name, and the one after the last has none.
fn named(committed: &Value, key: &str, name: impl Fn(u32) -> &'static str) -> Result<(), String> {
    let committed = list(committed)?;
    for one in committed {
        let number = one["number"].as_u64().ok_or("no number")? as u32;
        same(key, &one[key].as_str(), &Some(name(number)))?;
    }
    same("one more", &"unknown", &name(committed.len() as u32))
}

fn reasons(constants: &Value) -> Result<(), String> {
    let own: Vec<_> = (0..12)
        .map(|number| string((abi().reason_name)(number)))
        .filter(|name| *name != "unknown")
        .map(Some)
        .collect();
    let committed: Vec<_> = list(&constants["reasons"])?
        .iter()
        .map(Value::as_str)
        .collect();
    same("reasons", &committed, &own)
}

fn defaults(constants: &Value) -> Result<(), String> {
    let own = config();
    let committed = |field: &str| constants["defaults"][field].as_u64();
    for (field, value) in [
        ("minimum_calls", own.minimum_calls),
        ("window_calls", own.window_calls),
        ("window_buckets", own.window_buckets),
        ("slow_minimum_calls", own.slow_minimum_calls),
        ("failure_threshold", own.failure_threshold),
        ("success_threshold", own.success_threshold),
        ("timeout_ms", own.timeout_ns / 1_000_000),
        ("half_open_max_calls", own.half_open_max_calls),
        ("probe_timeout_ms", own.probe_timeout_ns / 1_000_000),
    ] {
        same(field, &committed(field), &Some(value))?;
    }
    for (field, ppm) in [
        ("slow_call_rate", own.slow_call_rate_ppm),
        ("backoff_multiplier", own.backoff_multiplier_ppm),
        ("jitter", own.jitter_ppm),
    ] {
        let committed = constants["defaults"][field].as_f64();
        same(field, &committed, &Some(ppm as f64 / 1e6))?;
    }
    for (field, flag) in [
        ("count_hung_calls", own.count_hung_calls),
        ("shadow", own.shadow),
    ] {
        let committed = constants["defaults"][field].as_bool();
        same(field, &committed.map(u64::from), &Some(flag))?;
    }
    for (field, value) in [
        ("failure_rate", own.failure_rate_ppm),
        ("slow_call_duration_ms", own.slow_call_duration_ns),
    ] {
        same(
            field,
            &Some(&Value::Null),
            &constants["defaults"].get(field),
        )?;
        same(field, &OFF, &value)?;
    }
    longest_wait(constants)?;
    let never = constants["never_ns"].as_str();
    same("never", &never, &Some(u64::MAX.to_string().as_str()))?;
    // And a breaker that was told nothing has them.
    let breaker = Handle::new(None).map_err(|(result, _)| result.to_string())?;
    same(
        "first epoch",
        &constants["first_epoch"].as_u64(),
        &Some(breaker.metrics(0).epoch),
    )?;
    for _ in 1..own.failure_threshold {
        breaker.record_failure(7);
    }
    same("state", &0, &breaker.state(7))?;
    breaker.record_failure(7);
    same("state", &1, &breaker.state(7))?;
    same(
        "wait",
        &own.timeout_ns,
        &breaker.metrics(7).remaining_wait_ns,
    )
}

/// A server that asks for more than the longest wait gets that.
fn longest_wait(constants: &Value) -> Result<(), String> {
    let mut own = config();
    same("max_timeout", &OFF, &own.max_timeout_ns)?;
    own.failure_threshold = 1;
    let breaker = Handle::new(Some(&own)).map_err(|(result, _)| result.to_string())?;
    let (mut permit, null) = (Permit::default(), ptr::null_mut());
    let null_again = ptr::null_mut();
    // SAFETY: good pointers, or NULL.
    unsafe {
        let result = (abi().try_acquire)(breaker.0, 7, &mut permit, ptr::null_mut(), null);
        same("try_acquire", &OK, &result)?;
        let settle = abi().settle_retry_after;
        let result = settle(breaker.0, &mut permit, 1, u64::MAX, 7, null_again, null);
        same("settle_retry_after", &OK, &result)?;
    }
    let committed = constants["defaults"]["max_timeout_ms"].as_u64();
    let own = breaker.metrics(7).remaining_wait_ns / 1_000_000;
    same("max_timeout_ms", &committed, &Some(own))
}

/// Every status from 0 to 999 is in exactly one range; what is far out is a failure.
fn http(constants: &Value) -> Result<(), String> {
    for status in 0..=999 {
        let mut committed = Vec::new();
        for outcome in ["success", "failure", "ignored", "cancelled"] {
            let ranges = constants["http_status"][outcome].as_array();
            for range in ranges.into_iter().flatten() {
                let (first, last) = (range[0].as_u64(), range[1].as_u64());
                if first <= Some(status) && Some(status) <= last {
                    committed.push(outcome);
                }
            }
        }
        let own = classified(|outcome| {
            // SAFETY: a good pointer.
            unsafe { (abi().classify_http_status)(status as i32, outcome) }
        });
        same(&status.to_string(), &committed, &vec![own])?;
    }
    for status in [i32::MIN, -1, 1000, 65_536 + 200, i32::MAX] {
        let own = classified(|outcome| {
            // SAFETY: a good pointer.
            unsafe { (abi().classify_http_status)(status, outcome) }
        });
        same(&status.to_string(), &"failure", &own)?;
    }
    Ok(())
}

fn grpc(constants: &Value) -> Result<(), String> {
    for one in list(&constants["grpc_status"])? {
        let code = one["code"].as_i64().ok_or("no code")? as i32;
        let own = classified(|outcome| {
            // SAFETY: a good pointer.
            unsafe { (abi().classify_grpc_status)(code, outcome) }
        });
        same(&code.to_string(), &one["outcome"].as_str(), &Some(own))?;
    }
    Ok(())
}

fn transport(constants: &Value) -> Result<(), String> {
    for one in list(&constants["transport_errors"])? {
        let number = one["number"].as_u64().ok_or("no number")? as u32;
        let own = classified(|outcome| {
            // SAFETY: a good pointer.
            unsafe { (abi().classify_transport_error)(number, outcome) }
        });
        same(&number.to_string(), &one["outcome"].as_str(), &Some(own))?;
    }
    Ok(())
}

fn classified(classify: impl FnOnce(*mut u32) -> i32) -> &'static str {
    let mut outcome = u32::MAX;
    assert_eq!(classify(&mut outcome), OK);
    string((abi().outcome_name)(outcome))
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
            "{what}: committed {committed:?}, this library {own:?}"
        ))
    }
}
