//! Every state, as it is told.

use std::time::Duration;

use super::{Explanation, Need};
use crate::config::{Settings, WindowSize};
use crate::engine::Engine;
use crate::machine::{
    Ending, NeedsNow, Outcome, Reason, Recorded, RejectReason, State, Ticket, Verdict,
};
use crate::{CircuitBreaker, ManualClock};

const SECOND: u64 = 1_000_000_000;

fn engine(settings: Settings) -> Engine {
    Engine::new(&settings.rules().unwrap())
}

/// Failures in a row alone.
fn plain() -> Engine {
    engine(Settings {
        success_threshold: 2,
        half_open_max_calls: 2,
        ..Settings::default()
    })
}

/// Everything at once, but for shadow mode.
fn all() -> Engine {
    engine(Settings {
        failure_threshold: None,
        failure_rate: Some(0.5),
        window: WindowSize::time(Duration::from_secs(10)),
        slow_call_duration: Some(Duration::from_millis(250)),
        count_hung_calls: true,
        backoff_multiplier: 1.5,
        jitter: 0.001,
        jitter_seed: Some(7),
        ..Settings::default()
    })
}

fn fail(engine: &Engine, times: usize, at: u64) {
    for _ in 0..times {
        engine.record(Recorded::Failure, Some(at)).unwrap();
    }
}

fn probe(engine: &Engine, at: u64) -> Ticket {
    match engine.admit(Some(at)).unwrap().verdict {
        Verdict::Admitted(word) => Ticket { word, began: at },
        other => panic!("{other:?}"),
    }
}

fn settle(engine: &Engine, ticket: Ticket, outcome: Outcome, at: u64) {
    engine
        .settle(ticket, Ending::from(outcome), Some(at))
        .unwrap();
}

fn explained(engine: &Engine, at: u64) -> Explanation {
    engine.explain(Some(at)).unwrap()
}

#[track_caller]
fn assert_text(explanation: &Explanation, expected: &str) {
    assert_eq!(explanation.to_string(), expected, "\n{explanation}");
}

const PLAIN_RULES: &str = "\
rules:
  5 failures in a row open it
  it stays open for 30s
  2 successful probes close it, 2 at a time; hung ones are given up after 60s
";

#[test]
fn a_new_breaker_is_explained_without_a_clock() {
    let explanation = plain().explain(None).unwrap();
    assert_eq!(explanation.last_transition(), None);
    assert_eq!(explanation.window, None);
    assert_text(
        &explanation,
        &format!(
            "circuit breaker is Closed, epoch 1\na call now goes through\n  \
             5 more failures in a row open it\n{PLAIN_RULES}"
        ),
    );
}

#[test]
fn time_is_asked_for_once_something_has_happened() {
    let engine = plain();
    fail(&engine, 4, 0);
    assert_eq!(
        engine.explain(None).unwrap().needs,
        [Need::Failures { more: 1 }]
    );
    fail(&engine, 1, 0);
    assert_eq!(engine.explain(None), Err(NeedsNow));
    engine.reset(SECOND);
    // Closed; but how long ago was that?
    assert_eq!(engine.explain(None), Err(NeedsNow));
    assert_eq!(all().explain(None), Err(NeedsNow));
}

#[test]
fn open_it_says_why_and_for_how_long() {
    let engine = plain();
    fail(&engine, 5, SECOND);
    let explanation = explained(&engine, 4 * SECOND + 44_000_000);
    assert_eq!(explanation.would_reject, Some(RejectReason::Open));
    assert_eq!(
        explanation.remaining_wait,
        Some(Duration::from_millis(26_956))
    );
    assert_text(
        &explanation,
        &format!(
            "\
circuit breaker is Open, epoch 2
a call now is rejected (open)
  the next call after 27s is a probe
  then 2 successful probes close it
last change: 3s ago Closed to Open: failure_threshold (5 failures in a row)
it waits 30s
{PLAIN_RULES}"
        ),
    );
}

#[test]
fn the_wait_over_it_is_half_open_though_nobody_has_come() {
    let engine = plain();
    fail(&engine, 5, 0);
    let explanation = explained(&engine, 30 * SECOND);
    assert_eq!(
        (explanation.state, explanation.automatic_state),
        (State::HalfOpen, State::Open)
    );
    assert_eq!(explanation.would_reject, None);
    assert_text(
        &explanation,
        &format!(
            "\
circuit breaker is HalfOpen, epoch 2
a call now is a probe
  the wait is over; the next call is a probe
  then 2 successful probes close it
last change: 30s ago Closed to Open: failure_threshold (5 failures in a row)
it waits 30s
{PLAIN_RULES}"
        ),
    );
}

#[test]
fn half_open_it_says_what_the_probes_lack() {
    let engine = plain();
    fail(&engine, 5, 0);
    let first = probe(&engine, 31 * SECOND);
    settle(&engine, first, Outcome::Success, 32 * SECOND);
    let _second = probe(&engine, 33 * SECOND);
    assert_text(
        &explained(&engine, 34 * SECOND),
        &format!(
            "\
circuit breaker is HalfOpen, epoch 3
a call now is a probe
  1 more successful probe closes it
  1 of 2 slots taken
counted: 1 successful probe
last change: 3s ago Open to HalfOpen: timeout_elapsed
{PLAIN_RULES}before that:
  34s ago Closed to Open: failure_threshold (5 failures in a row)
"
        ),
    );
}

#[test]
fn with_every_slot_taken_it_says_when_the_probes_are_given_up() {
    let engine = plain();
    fail(&engine, 5, 0);
    let _probes = [probe(&engine, 30 * SECOND), probe(&engine, 31 * SECOND)];
    let explanation = explained(&engine, 41 * SECOND);
    assert_eq!(explanation.would_reject, Some(RejectReason::HalfOpen));
    assert_eq!(explanation.probes_in_flight, 2);
    assert_eq!(
        explanation.probes_given_up_in,
        Some(Duration::from_secs(50))
    );
    let text = explanation.to_string();
    assert!(
        text.contains("\na call now is rejected (half_open)\n"),
        "{text}"
    );
    assert!(
        text.contains("\n  2 of 2 slots taken; the probes are given up in 50s\n"),
        "{text}"
    );

    // And that caller is rejected because it has just opened (6.5).
    let explanation = explained(&engine, 91 * SECOND);
    let rejection = engine.admit(Some(91 * SECOND)).unwrap().verdict;
    assert_eq!(explanation.would_reject, Some(RejectReason::Open));
    assert!(
        matches!(
            rejection,
            Verdict::Rejected {
                reason: RejectReason::Open,
                ..
            }
        ),
        "{rejection:?}"
    );
    let text = explanation.to_string();
    assert!(
        text.contains("\n  2 of 2 slots taken; the next call gives the probes up\n"),
        "{text}"
    );
}

#[test]
fn forced_it_says_what_lies_underneath() {
    let engine = plain();
    fail(&engine, 2, 0);
    engine.force_open(SECOND);
    let explanation = explained(&engine, 2 * SECOND);
    assert_eq!(explanation.would_reject, Some(RejectReason::ForcedOpen));
    assert_text(
        &explanation,
        &format!(
            "\
circuit breaker is forced Open, epoch 2
a call now is rejected (forced_open)
  so until automatic, which brings Closed back, or reset
counted: 2 failures in a row
last change: 1s ago Closed to Open: forced (2 failures in a row)
{PLAIN_RULES}"
        ),
    );
    engine.force_closed(3 * SECOND);
    let explanation = explained(&engine, 3 * SECOND);
    assert_eq!(explanation.would_reject, None);
    assert_eq!(
        explanation.needs,
        [Need::Hand {
            underneath: State::Closed
        }]
    );
    let text = explanation.to_string();
    assert!(
        text.starts_with(
            "circuit breaker is forced Closed, epoch 3\na call now goes through\n  so until"
        ),
        "{text}"
    );
}

#[test]
fn rates_tell_what_they_are_and_what_they_must_come_to() {
    let engine = all();
    for call in 0..40 {
        let (outcome, lasted) = match call {
            20..24 => (Outcome::Failure, 250_000_000),
            24..32 => (Outcome::Failure, 1),
            _ => (Outcome::Success, 1),
        };
        let ticket = probe(&engine, SECOND);
        settle(&engine, ticket, outcome, SECOND + lasted);
    }
    let explanation = explained(&engine, 2 * SECOND);
    assert_eq!(explanation.consecutive_failures, 0);
    assert_text(
        &explanation,
        "\
circuit breaker is Closed, epoch 1
a call now goes through
  the failure rate is 30 % of 40 calls; it opens at 50 % of at least 20
  the rate of slow calls is 10 % of 40 calls; it opens at 80 % of at least 20
counted: 40 calls in the window, 12 failed, 4 slow
rules:
  50 % failures in the last 10s open it, of at least 20
  80 % slow calls in the last 10s open it, of at least 20; slow is 250ms or longer, in flight too
  it stays open for 30s, then 1.5 times as long each time, at most 600s, give or take 0.1 %
  3 successful probes close it, 1 at a time; hung ones are given up after 60s
",
    );
    fail(&engine, 16, 2 * SECOND);
    let explanation = explained(&engine, 3 * SECOND);
    let last = explanation.last_transition().unwrap();
    assert_eq!(last.transition.reason, Reason::FailureRate);
    // The window is empty again; what it held is remembered with the transition.
    assert_eq!(explanation.window, Some(crate::window::Content::default()));
    let text = explanation.to_string();
    assert!(
        text.contains(
            "1s ago Closed to Open: failure_rate \
             (16 failures in a row; 56 calls in the window, 28 failed, 4 slow)\n"
        ),
        "{text}"
    );
}

#[test]
fn a_rate_without_calls_is_no_number() {
    let engine = engine(Settings {
        failure_rate: Some(1.0 / 3.0),
        window: WindowSize::Calls(20),
        ..Settings::default()
    });
    let text = engine.explain(None).unwrap().to_string();
    assert!(
        text.contains(
            "the failure rate is that of 0 calls; it opens at 33.3333 % of at least 20\n"
        ),
        "{text}"
    );
    assert!(
        text.contains("  33.3333 % failures in the last 20 calls open it, of at least 20\n"),
        "{text}"
    );
    fail(&engine, 1, 0);
    engine.record(Recorded::Success, None).unwrap();
    engine.record(Recorded::Success, None).unwrap();
    // Rounded down, or it would look met.
    let text = engine.explain(None).unwrap().to_string();
    assert!(
        text.contains("the failure rate is 33.3 % of 3 calls;"),
        "{text}"
    );
}

#[test]
fn openings_in_a_row_wait_longer_and_say_so() {
    let engine = engine(Settings {
        backoff_multiplier: 2.0,
        ..Settings::default()
    });
    engine.trip(0);
    engine.trip(SECOND);
    let explanation = explained(&engine, 2 * SECOND);
    assert_eq!(explanation.openings_in_a_row, Some(2));
    assert_eq!(explanation.wait, Some(Duration::from_secs(60)));
    let text = explanation.to_string();
    assert!(
        text.contains("\nit waits 60s, at opening 2 in a row\n"),
        "{text}"
    );
    assert!(
        text.contains("\n  the next call after 59s is a probe\n"),
        "{text}"
    );
}

#[test]
fn a_wait_that_never_ends_says_so() {
    let engine = engine(Settings {
        timeout: Duration::MAX,
        probe_timeout: Duration::MAX,
        ..Settings::default()
    });
    engine.trip(0);
    let explanation = explained(&engine, u64::MAX);
    assert_eq!((explanation.remaining_wait, explanation.wait), (None, None));
    let text = explanation.to_string();
    for line in [
        "  it never ends by itself; reset closes it\n",
        "it waits for ever\n",
        "  it stays open for ever\n",
        "hung ones are never given up\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
}

#[test]
fn shadow_mode_is_said() {
    let engine = engine(Settings {
        shadow: true,
        ..Settings::default()
    });
    engine.trip(0);
    let explanation = explained(&engine, 0);
    assert!(explanation.shadow());
    assert_eq!(explanation.would_reject, Some(RejectReason::Open));
    let text = explanation.to_string();
    assert!(
        text.contains(
            "\na call now goes through, for this is shadow mode; it would be rejected (open)\n"
        ),
        "{text}"
    );
    assert!(
        text.contains("\n  shadow mode: nothing is rejected\n"),
        "{text}"
    );
}

#[test]
fn the_history_is_the_last_32_and_agrees_with_itself() {
    let engine = plain();
    for at in 1..=40 {
        engine.trip(at * SECOND);
    }
    let explanation = explained(&engine, 41 * SECOND);
    let history: Vec<_> = explanation.history.iter().map(|it| it.transition).collect();
    assert_eq!(history, engine.recent_transitions());
    assert_eq!(history.len(), 32);
    assert_eq!(history[0].epoch, 10);
    assert_eq!(explanation.history[0].ago, Duration::from_secs(32));
    assert_eq!(explanation.to_string().matches("Open to Open").count(), 32);
}

#[test]
fn the_clock_may_step_back() {
    let engine = plain();
    fail(&engine, 5, 10 * SECOND);
    let explanation = explained(&engine, SECOND);
    assert_eq!(explanation.history[0].ago, Duration::ZERO);
    assert_eq!(explanation.remaining_wait, Some(Duration::from_secs(30)));
}

#[test]
fn explaining_changes_nothing() {
    let engine = all();
    fail(&engine, 19, 0);
    let before = (engine.word(), engine.snapshot(Some(SECOND)).unwrap());
    let _ = explained(&engine, 30 * SECOND);
    assert_eq!(
        (engine.word(), engine.snapshot(Some(SECOND)).unwrap()),
        before
    );
}

#[test]
fn the_rust_face_adds_the_name() {
    let clock = ManualClock::new();
    let cb = CircuitBreaker::builder(crate::CircuitBreakerConfig::default())
        .name("pay\"ments")
        .clock(clock.clone())
        .build()
        .unwrap();
    cb.trip();
    clock.advance(Duration::from_nanos(1_250_000));
    let explanation = cb.explain();
    assert_eq!(explanation.name.as_deref(), Some("pay\"ments"));
    let text = explanation.to_string();
    assert!(
        text.starts_with("circuit breaker \"pay\\\"ments\" is Open, epoch 2\n"),
        "{text}"
    );
    assert!(
        text.contains("last change: 1.3ms ago Closed to Open: trip\n"),
        "{text}"
    );
}

#[cfg(feature = "json")]
mod json {
    use serde_json::{Value, json};

    use super::*;

    fn value(explanation: &Explanation) -> Value {
        let text = explanation.to_json();
        assert!(!text.contains('\n'), "{text}");
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_plain_open_breaker() {
        let engine = plain();
        fail(&engine, 5, SECOND);
        let change = json!({
            "from": "Closed", "to": "Open", "epoch": 2, "reason": "failure_threshold",
            "at_ns": SECOND, "ago_ns": 3 * SECOND,
            "consecutive_failures": 5, "successful_probes": 0,
            "window": {"calls": 0, "failures": 0, "slow": 0},
        });
        assert_eq!(
            value(&explained(&engine, 4 * SECOND)),
            json!({
                "name": null,
                "state": "Open",
                "forced": false,
                "automatic_state": "Open",
                "shadow": false,
                "epoch": 2,
                "would_reject": "open",
                "needs": [
                    {"kind": "wait", "left_ns": 27 * SECOND, "text": "the next call after 27s is a probe"},
                    {"kind": "probes", "more": 2, "text": "then 2 successful probes close it"},
                ],
                "consecutive_failures": 0,
                "successful_probes": 0,
                "probes_in_flight": 0,
                "probes_given_up_in_ns": null,
                "window": null,
                "remaining_wait_ns": 27 * SECOND,
                "wait_ns": 30 * SECOND,
                "openings_in_a_row": null,
                "rules": {
                    "failure_threshold": 5,
                    "success_threshold": 2,
                    "timeout_ns": 30 * SECOND,
                    "half_open_max_calls": 2,
                    "probe_timeout_ns": 60 * SECOND,
                    "failure_rate_ppm": null,
                    "minimum_calls": null,
                    "window": null,
                    "slow_call_duration_ns": null,
                    "slow_call_rate_ppm": null,
                    "slow_minimum_calls": null,
                    "count_hung_calls": false,
                    "backoff_multiplier_ppm": 1_000_000,
                    "max_timeout_ns": 600 * SECOND,
                    "jitter_ppm": 0,
                    "shadow": false,
                },
                "last_transition": change,
                "history": [change],
            })
        );
    }

    #[test]
    fn every_level() {
        let engine = all();
        let json = value(&explained(&engine, SECOND));
        assert_eq!(
            json["rules"],
            json!({
                "failure_threshold": null,
                "success_threshold": 3,
                "timeout_ns": 30 * SECOND,
                "half_open_max_calls": 1,
                "probe_timeout_ns": 60 * SECOND,
                "failure_rate_ppm": 500_000,
                "minimum_calls": 20,
                "window": {"bucket_ns": SECOND, "buckets": 10},
                "slow_call_duration_ns": 250_000_000,
                "slow_call_rate_ppm": 800_000,
                "slow_minimum_calls": 20,
                "count_hung_calls": true,
                "backoff_multiplier_ppm": 1_500_000,
                "max_timeout_ns": 600 * SECOND,
                "jitter_ppm": 1_000,
                "shadow": false,
            })
        );
        assert_eq!(
            json["window"],
            json!({"calls": 0, "failures": 0, "slow": 0})
        );
        assert_eq!(
            json["needs"][0],
            json!({
                "kind": "failure_rate", "count": 0, "calls": 0,
                "opens_at_ppm": 500_000, "minimum_calls": 20,
                "text": "the failure rate is that of 0 calls; it opens at 50 % of at least 20",
            })
        );
        assert_eq!(json["needs"][1]["kind"], "slow_call_rate");
        engine.force_open(2 * SECOND);
        let json = value(&explained(&engine, 2 * SECOND));
        assert_eq!(json["needs"][0]["underneath"], "Closed");
        engine.automatic(2 * SECOND);
        engine.trip(2 * SECOND);
        let _probe = probe(&engine, 60 * SECOND);
        let json = value(&explained(&engine, 61 * SECOND));
        assert_eq!(json["needs"][1]["given_up_in_ns"], json!(59 * SECOND));
        assert_eq!(json["needs"][1]["taken"], 1);
    }
}
