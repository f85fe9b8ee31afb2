//! The ranges of the levels from window on, as the model refuses what is outside of them.
//!
//! The core is held to them by the scenarios in `scenarios/config`.

use k1s0_conformance::model::Model;
use k1s0_conformance::scenario::{Config, Ns};
use serde_json::{Map, Value, json};

use crate::files::Problems;

struct Range {
    field: &'static str,
    bounds: Value,
    /// Its ends, or what is as good.
    inside: Vec<Config>,
    /// Just beyond them.
    outside: Vec<Config>,
}

/// Each range and its words; wrong where the model takes what is outside, or not what is inside.
pub(crate) fn of_the_model() -> Result<Map<String, Value>, Problems> {
    let mut all = Map::new();
    for range in ranges() {
        for config in &range.inside {
            if let Err(refused) = Model::new(config) {
                return Err(vec![format!("{}: {refused:?}", range.field)]);
            }
        }
        let mut bounds = range.bounds;
        for config in &range.outside {
            match Model::new(config) {
                Err(refused) if refused.field == range.field => {
                    bounds["text"] = refused.range.into();
                }
                other => {
                    let other = other.map(drop);
                    return Err(vec![format!("{}: {other:?}", range.field)]);
                }
            }
        }
        all.insert(range.field.to_owned(), bounds);
    }
    Ok(all)
}

fn ranges() -> Vec<Range> {
    // Without a rate, no minimum is held against the window.
    let one = |set: &dyn Fn(&mut Config)| {
        let mut config = Config::default();
        set(&mut config);
        config
    };
    let rate = |field, set: fn(&mut Config, f64)| Range {
        field,
        bounds: json!({ "more_than": 0, "max": 1 }),
        inside: [0.000_001, 1.0].map(|x| one(&|c| set(c, x))).to_vec(),
        outside: [0.0, 0.000_000_4, 1.000_000_1, -0.5]
            .map(|x| one(&|c| set(c, x)))
            .to_vec(),
    };
    let count = |field, min: u64, max: u64, set: fn(&mut Config, u64)| Range {
        field,
        bounds: json!({ "min": min, "max": max }),
        inside: [min, max].map(|n| one(&|c| set(c, n))).to_vec(),
        outside: [min - 1, max + 1].map(|n| one(&|c| set(c, n))).to_vec(),
    };
    vec![
        rate("failure_rate", |c, x| c.failure_rate = Some(x)),
        count("minimum_calls", 1, (1 << 32) - 1, |c, n| {
            c.minimum_calls = Some(n);
        }),
        window(),
        count("window_buckets", 10, 100, |c, n| {
            c.window_time_ms = Some(1_000);
            c.window_buckets = Some(n);
        }),
        Range {
            field: "slow_call_duration",
            bounds: json!({ "min_ns": 1 }),
            inside: [1, u128::MAX]
                .map(|ns| one(&|c| c.slow_call_duration_ns = Some(Ns(ns))))
                .to_vec(),
            outside: vec![one(&|c| c.slow_call_duration_ms = Some(0))],
        },
        rate("slow_call_rate", |c, x| c.slow_call_rate = Some(x)),
        count("slow_minimum_calls", 1, (1 << 32) - 1, |c, n| {
            c.slow_minimum_calls = Some(n);
        }),
        Range {
            field: "count_hung_calls",
            bounds: json!({}),
            inside: vec![one(&|c| {
                c.slow_call_duration_ms = Some(1);
                c.count_hung_calls = Some(true);
            })],
            outside: vec![one(&|c| c.count_hung_calls = Some(true))],
        },
        Range {
            field: "backoff_multiplier",
            bounds: json!({ "min": 1, "max": 100 }),
            inside: [1.0, 100.0]
                .map(|x| one(&|c| c.backoff_multiplier = Some(x)))
                .to_vec(),
            outside: [0.999_999_9, 100.000_000_1]
                .map(|x| one(&|c| c.backoff_multiplier = Some(x)))
                .to_vec(),
        },
        Range {
            field: "max_timeout",
            bounds: json!({ "min": "timeout" }),
            inside: vec![one(&|c| c.max_timeout_ms = Some(30_000))],
            outside: vec![one(&|c| c.max_timeout_ms = Some(29_999))],
        },
        Range {
            field: "jitter",
            bounds: json!({ "min": 0, "max": 1 }),
            inside: [0.0, 1.0].map(|x| one(&|c| c.jitter = Some(x))).to_vec(),
            outside: [-0.000_000_1, 1.000_000_1]
                .map(|x| one(&|c| c.jitter = Some(x)))
                .to_vec(),
        },
    ]
}

/// Two ranges in one field: so many calls, or so much time.
fn window() -> Range {
    let calls = |n| Config {
        window_calls: Some(n),
        ..Config::default()
    };
    let time = |ns| Config {
        window_time_ns: Some(Ns(ns)),
        ..Config::default()
    };
    Range {
        field: "window",
        bounds: json!({
            "calls": { "min": 1, "max": 65_536, "text": "1 to 65536" },
            "min_ms": 10,
            "max_ms": 86_400_000,
        }),
        inside: vec![
            calls(1),
            calls(65_536),
            time(10_000_000),
            time(86_400_000_000_000),
        ],
        // The words of the last one are kept: those of a window of time.
        outside: vec![
            calls(0),
            calls(65_537),
            time(9_999_999),
            time(86_400_000_000_001),
        ],
    }
}
