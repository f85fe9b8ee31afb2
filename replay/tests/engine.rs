//! A replay decides as the breaker itself does: with its word, its lock and its counters.

#![expect(clippy::expect_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use k1s0_circuit_breaker::Outcome;
use k1s0_circuit_breaker::engine::Engine;
use k1s0_circuit_breaker::machine::{Ending, Ticket, Verdict};
use k1s0_replay::{Config, Told, Trace, replay};

/// The trace through an [`Engine`], by the plainest schedule: everything that happens, by time; ends before
/// beginnings.
fn through_engine(trace: &Trace, config: &Config) -> Told {
    let engine = Engine::new(&config.rules);
    let mut told = Told::default();
    let mut ends: BTreeMap<(u64, u64), (Ticket, Outcome)> = BTreeMap::new();
    let mut calls = trace.calls().iter().peekable();
    loop {
        let next_end = ends.keys().next().copied();
        let next_call = calls.peek().map(|call| call.at);
        match (next_end, next_call) {
            (None, None) => break,
            (Some(key), at) if at.is_none_or(|at| key.0 <= at) => {
                let (ticket, outcome) = ends.remove(&key).expect("it is there");
                let settled = engine.settle(ticket, Ending::from(outcome), Some(key.0));
                told.transitions
                    .extend(settled.expect("with time").transition);
            }
            _ => {
                let call = calls.next().expect("it is there");
                let admission = engine.admit(Some(call.at)).expect("with time");
                told.transitions.extend(admission.transition);
                match admission.verdict {
                    Verdict::Admitted(word) => {
                        let ticket = Ticket {
                            word,
                            began: call.at,
                        };
                        let outcome = call.outcome.unwrap_or(Outcome::Ignored);
                        ends.insert((call.end(), told.admitted), (ticket, outcome));
                        told.admitted += 1;
                    }
                    Verdict::Rejected { reason, .. } | Verdict::Shadowed { reason } => {
                        told.rejected[reason as usize] += 1;
                    }
                }
            }
        }
    }
    told
}

#[test]
fn on_the_example_traces_both_decide_the_same() {
    let configs = [
        "",
        "timeout=5s,success_threshold=1,half_open_max_calls=3",
        "failure_threshold=off,failure_rate=0.1,timeout=3s,jitter=0.5,backoff_multiplier=1.5",
        "failure_rate=0.3,window=10s,timeout=1s,probe_timeout=500ms",
        "failure_threshold=off,slow_call_duration=500ms,slow_call_rate=0.2,window=10s,timeout=2s",
        "slow_call_duration=300ms,slow_call_rate=0.3,count_hung_calls=true,timeout=700ms",
        "failure_rate=0.2,shadow=true,timeout=1s",
    ];
    for file in ["outage.jsonl", "brown-out.jsonl"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("traces")
            .join(file);
        let trace = Trace::read(fs::read(path).expect("committed").as_slice()).expect("good");
        for config in configs {
            let config = Config::parse(config, 1).expect("good");
            let (replayed, driven) = (replay(&trace, &config), through_engine(&trace, &config));
            assert_eq!(
                replayed.transitions, driven.transitions,
                "{file} {config:?}"
            );
            assert_eq!(
                (replayed.admitted, replayed.rejected),
                (driven.admitted, driven.rejected),
                "{file} {config:?}"
            );
            let all = replayed.admitted + replayed.rejections();
            assert_eq!(all, trace.calls().len() as u64);
        }
    }
}
