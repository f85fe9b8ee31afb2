//! The instruments, collected by the real SDK: in memory, and as Prometheus text.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::time::Duration;

use k1s0_circuit_breaker::metrics::vocabulary;
use k1s0_circuit_breaker::{
    CircuitBreaker, CircuitBreakerConfig, CircuitBreakerInstruments, ManualClock, Registry,
};
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use prometheus::{Encoder, TextEncoder};

struct Collected {
    exporter: InMemoryMetricExporter,
    provider: SdkMeterProvider,
}

impl Collected {
    fn new() -> Self {
        let exporter = InMemoryMetricExporter::default();
        let provider = SdkMeterProvider::builder()
            .with_reader(PeriodicReader::builder(exporter.clone()).build())
            .build();
        Self { exporter, provider }
    }

    fn instruments(&self) -> CircuitBreakerInstruments {
        CircuitBreakerInstruments::new(&self.provider.meter(vocabulary::SCOPE))
    }

    /// Every series by "instrument{attributes}", values as text.
    fn collect(&self) -> BTreeMap<String, String> {
        self.exporter.reset();
        self.provider.force_flush().unwrap();
        let collected = self.exporter.get_finished_metrics().unwrap();
        collected.iter().flat_map(series).collect()
    }
}

fn series(metrics: &ResourceMetrics) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for metric in metrics.scope_metrics().flat_map(|scope| scope.metrics()) {
        let mut add = |attributes: &mut dyn Iterator<Item = &KeyValue>, value: String| {
            let mut attributes: Vec<_> = attributes
                .map(|it| format!("{}={}", it.key, it.value))
                .collect();
            attributes.sort();
            let series = format!("{}{{{}}}", metric.name(), attributes.join(","));
            all.push((series, value));
        };
        match metric.data() {
            AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                assert!(sum.is_monotonic());
                for point in sum.data_points() {
                    add(&mut point.attributes(), point.value().to_string());
                }
            }
            AggregatedMetrics::U64(MetricData::Gauge(gauge)) => {
                for point in gauge.data_points() {
                    add(&mut point.attributes(), point.value().to_string());
                }
            }
            AggregatedMetrics::F64(MetricData::Gauge(gauge)) => {
                for point in gauge.data_points() {
                    add(&mut point.attributes(), point.value().to_string());
                }
            }
            other => panic!("an instrument of another kind: {other:?}"),
        }
    }
    all
}

const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig {
    failure_threshold: 2,
    success_threshold: 1,
    timeout: Duration::from_secs(10),
};

#[test]
fn every_series_has_its_value() {
    let otel = Collected::new();
    let clock = ManualClock::new();
    let cb = CircuitBreaker::builder(CONFIG)
        .name("payments")
        .clock(clock.clone())
        .instruments(&otel.instruments())
        .build()
        .unwrap();

    // No traffic yet: the state is there, the success rate is not.
    let idle = otel.collect();
    assert_eq!(
        idle["circuit_breaker.state{name=payments,state=closed}"],
        "1"
    );
    assert_eq!(
        idle["circuit_breaker.calls{name=payments,outcome=success}"],
        "0"
    );
    assert!(
        !idle
            .keys()
            .any(|key| key.starts_with("circuit_breaker.success_rate"))
    );
    assert!(
        !idle
            .keys()
            .any(|key| key.starts_with("circuit_breaker.transitions"))
    );

    for _ in 0..6 {
        cb.try_acquire().unwrap().success();
    }
    cb.try_acquire().unwrap().ignore();
    drop(cb.try_acquire().unwrap());
    for _ in 0..2 {
        cb.try_acquire().unwrap().failure();
    }
    for _ in 0..3 {
        cb.try_acquire().unwrap_err();
    }
    let open = otel.collect();
    for (series, value) in [
        ("circuit_breaker.calls{name=payments,outcome=success}", "6"),
        ("circuit_breaker.calls{name=payments,outcome=failure}", "2"),
        ("circuit_breaker.calls{name=payments,outcome=ignored}", "1"),
        (
            "circuit_breaker.calls{name=payments,outcome=cancelled}",
            "1",
        ),
        ("circuit_breaker.rejections{name=payments,reason=open}", "3"),
        (
            "circuit_breaker.rejections{name=payments,reason=half_open}",
            "0",
        ),
        (
            "circuit_breaker.rejections{name=payments,reason=forced_open}",
            "0",
        ),
        (
            "circuit_breaker.transitions{from=closed,name=payments,to=open}",
            "1",
        ),
        ("circuit_breaker.state{name=payments,state=closed}", "0"),
        ("circuit_breaker.state{name=payments,state=open}", "1"),
        ("circuit_breaker.state{name=payments,state=half_open}", "0"),
        ("circuit_breaker.success_rate{name=payments}", "0.75"),
    ] {
        assert_eq!(
            open.get(series).map(String::as_str),
            Some(value),
            "{series}"
        );
    }

    // The wait is over though no call has come: the gauge says so (SPEC 9.1).
    clock.advance(Duration::from_secs(10));
    let over = otel.collect();
    assert_eq!(
        over["circuit_breaker.state{name=payments,state=half_open}"],
        "1"
    );
    assert_eq!(over["circuit_breaker.state{name=payments,state=open}"], "0");
}

#[test]
fn slow_calls_and_shadowed_rejections_are_told() {
    let otel = Collected::new();
    let clock = ManualClock::new();
    let cb = CircuitBreaker::builder(CONFIG)
        .name("payments")
        .slow_call_duration(Duration::from_secs(1))
        .shadow(true)
        .clock(clock.clone())
        .instruments(&otel.instruments())
        .build()
        .unwrap();
    for _ in 0..2 {
        let permit = cb.try_acquire().unwrap();
        clock.advance(Duration::from_secs(1));
        permit.failure();
    }
    cb.try_acquire().unwrap().success();
    let collected = otel.collect();
    for (series, value) in [
        ("circuit_breaker.slow_calls{name=payments}", "2"),
        (
            "circuit_breaker.would_reject{name=payments,reason=open}",
            "1",
        ),
        (
            "circuit_breaker.would_reject{name=payments,reason=half_open}",
            "0",
        ),
        ("circuit_breaker.rejections{name=payments,reason=open}", "0"),
        // What came of a call that would have been rejected counts nowhere (14.1).
        ("circuit_breaker.calls{name=payments,outcome=success}", "0"),
        ("circuit_breaker.state{name=payments,state=open}", "1"),
    ] {
        assert_eq!(
            collected.get(series).map(String::as_str),
            Some(value),
            "{series}"
        );
    }
}

#[test]
fn every_series_is_in_the_vocabulary() {
    let otel = Collected::new();
    let cb = CircuitBreaker::builder(CONFIG)
        .instruments(&otel.instruments())
        .build()
        .unwrap();
    cb.record_success_sync();
    cb.trip();
    let collected = otel.collect();
    let names: std::collections::BTreeSet<_> = collected
        .keys()
        .map(|key| key.split('{').next().unwrap().to_owned())
        .collect();
    let listed: std::collections::BTreeSet<_> = vocabulary::INSTRUMENTS
        .iter()
        .map(|instrument| instrument.name.to_owned())
        .collect();
    assert_eq!(names, listed);
    assert_eq!(
        collected["circuit_breaker.state{name=unnamed,state=open}"],
        "1"
    );
}

#[test]
fn a_dead_breakers_series_end_and_names_are_added_up() {
    let otel = Collected::new();
    let instruments = otel.instruments();
    let make = |name: &str| {
        CircuitBreaker::builder(CONFIG)
            .name(name)
            .instruments(&instruments)
            .build()
            .unwrap()
    };
    let (one, two, other) = (make("same"), make("same"), make("other"));
    instruments.observe(&one);
    for cb in [&one, &two, &other] {
        cb.record_success_sync();
    }
    let both = otel.collect();
    assert_eq!(
        both["circuit_breaker.calls{name=same,outcome=success}"],
        "2"
    );
    drop(other);
    let collected = otel.collect();
    assert!(!collected.keys().any(|key| key.contains("other")));
    assert!(collected.keys().any(|key| key.contains("same")));
}

#[test]
fn a_registry_shows_all_its_breakers() {
    let otel = Collected::new();
    let instruments = otel.instruments();
    let registry = Registry::builder(CONFIG)
        .configure_all(move |_, builder| builder.instruments(&instruments))
        .build()
        .unwrap();
    for name in ["a", "b"] {
        registry.get(name).unwrap();
    }
    let collected = otel.collect();
    for name in ["a", "b"] {
        let series = format!("circuit_breaker.state{{name={name},state=closed}}");
        assert_eq!(collected[&series], "1");
    }
}

/// The global provider, when it has been set.
#[test]
fn the_global_meter_works() {
    let otel = Collected::new();
    opentelemetry::global::set_meter_provider(otel.provider.clone());
    let cb = CircuitBreaker::builder(CONFIG)
        .name("global")
        .instruments(&CircuitBreakerInstruments::global())
        .build()
        .unwrap();
    cb.record_failure_sync();
    let collected = otel.collect();
    assert_eq!(
        collected["circuit_breaker.calls{name=global,outcome=failure}"],
        "1"
    );
    assert_eq!(collected["circuit_breaker.success_rate{name=global}"], "0");
}

#[test]
fn prometheus_reads_it() {
    let registry = prometheus::Registry::new();
    let exporter = opentelemetry_prometheus::exporter()
        .with_registry(registry.clone())
        .build()
        .unwrap();
    let provider = SdkMeterProvider::builder().with_reader(exporter).build();
    let cb = CircuitBreaker::builder(CONFIG)
        .name("payments")
        .instruments(&CircuitBreakerInstruments::new(
            &provider.meter(vocabulary::SCOPE),
        ))
        .build()
        .unwrap();
    cb.try_acquire().unwrap().success();
    cb.trip();
    cb.try_acquire().unwrap_err();

    let mut text = Vec::new();
    TextEncoder::new()
        .encode(&registry.gather(), &mut text)
        .unwrap();
    let text = String::from_utf8(text).unwrap();
    for line in [
        r#"circuit_breaker_calls_total{name="payments",outcome="success",otel_scope_name="k1s0_circuit_breaker"} 1"#,
        r#"circuit_breaker_rejections_total{name="payments",reason="open",otel_scope_name="k1s0_circuit_breaker"} 1"#,
        r#"circuit_breaker_transitions_total{from="closed",name="payments",to="open",otel_scope_name="k1s0_circuit_breaker"} 1"#,
        r#"circuit_breaker_state{name="payments",state="open",otel_scope_name="k1s0_circuit_breaker"} 1"#,
        r#"circuit_breaker_state{name="payments",state="closed",otel_scope_name="k1s0_circuit_breaker"} 0"#,
        r#"circuit_breaker_success_rate_ratio{name="payments",otel_scope_name="k1s0_circuit_breaker"} 1"#,
    ] {
        assert!(text.lines().any(|it| it == line), "{line}\nnot in\n{text}");
    }
}
