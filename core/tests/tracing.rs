//! One event per transition, none per rejection.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt;
use std::sync::{Arc, Mutex};

use k1s0_circuit_breaker::{CircuitBreaker, CircuitBreakerConfig};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Keeps each event as "field=value …".
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0 += &format!("{}={value:?} ", field.name());
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn event(&self, event: &Event<'_>) {
        assert_eq!(event.metadata().target(), "k1s0_circuit_breaker");
        assert_eq!(*event.metadata().level(), Level::WARN);
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn transitions_are_logged_and_rejections_are_not() {
    let log = Log::default();
    tracing::subscriber::with_default(log.clone(), || {
        let config = CircuitBreakerConfig {
            failure_threshold: 1,
            ..CircuitBreakerConfig::default()
        };
        // With a listener and without, for those take different ways.
        let quiet = CircuitBreaker::builder(config)
            .name("quiet")
            .build()
            .unwrap();
        let heard = CircuitBreaker::builder(config)
            .name("heard")
            .listener(|_| {})
            .build()
            .unwrap();
        for cb in [quiet, heard] {
            cb.try_acquire().unwrap().failure();
            for _ in 0..100 {
                cb.try_acquire().unwrap_err();
            }
        }
    });
    let log = log.0.lock().unwrap();
    assert_eq!(log.len(), 2, "{log:?}");
    for (line, name) in log.iter().zip(["quiet", "heard"]) {
        for part in [
            &format!("breaker=\"{name}\""),
            "from=\"closed\"",
            "to=\"open\"",
            "epoch=2",
            "reason=\"failure_threshold\"",
            "message=circuit breaker closed -> open",
        ] {
            assert!(line.contains(part), "{part} not in {line}");
        }
    }
}
