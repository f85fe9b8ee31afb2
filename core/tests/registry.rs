//! Named breakers: shared defaults, exceptions, a bound, and who may be forgotten.

use std::thread;
use std::time::Duration;

use k1s0_circuit_breaker::{
    CircuitBreakerConfig, CircuitBreakerState as State, ManualClock, Registry, RegistryBuilder,
    RegistryError, WindowSize,
};

const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig {
    failure_threshold: 1,
    success_threshold: 1,
    timeout: Duration::from_secs(10),
};

fn builder() -> RegistryBuilder {
    Registry::builder(CONFIG)
}

#[test]
fn one_name_is_one_breaker() {
    let registry = builder().build().unwrap();
    registry.get("a").unwrap().trip();
    assert!(registry.get("a").unwrap().is_open());
    assert!(!registry.get("b").unwrap().is_open());
    assert_eq!(registry.len(), 2);
    let names: Vec<_> = registry
        .all()
        .iter()
        .map(|cb| cb.name().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["a", "b"]);
    assert!(registry.find("c").is_none());
    assert!(registry.remove("a").is_some());
    assert!(!registry.get("a").unwrap().is_open(), "a new one");
}

#[test]
fn exceptions_come_after_what_all_share() {
    let clock = ManualClock::new();
    let registry = builder()
        .configure_all({
            let clock = clock.clone();
            move |name, builder| {
                assert!(!name.is_empty());
                builder.clock(clock.clone()).half_open_max_calls(1)
            }
        })
        .configure("wide", |builder| {
            builder.half_open_max_calls(2).name("not this")
        })
        .build()
        .unwrap();
    for (name, probes) in [("wide", 2), ("other", 1)] {
        let cb = registry.get(name).unwrap();
        assert_eq!(cb.name(), Some(name));
        cb.trip();
        clock.advance(Duration::from_secs(10));
        let permits: Vec<_> = (0..3).filter_map(|_| cb.try_acquire().ok()).collect();
        assert_eq!(permits.len(), probes);
    }
}

#[test]
fn the_least_recently_asked_idle_breaker_makes_room() {
    let registry = builder().capacity(2).build().unwrap();
    registry.get("a").unwrap();
    registry.get("b").unwrap();
    registry.get("a").unwrap();
    registry.get("c").unwrap();
    assert!(registry.find("b").is_none());
    assert!(registry.find("a").is_some() && registry.find("c").is_some());
}

#[test]
fn a_breaker_with_something_to_remember_or_in_use_stays() {
    let config = CircuitBreakerConfig {
        failure_threshold: 2,
        ..CONFIG
    };
    let registry = Registry::builder(config).capacity(5).build().unwrap();
    registry.get("open").unwrap().trip();
    registry.get("failing").unwrap().record_failure_sync();
    registry.get("forced open").unwrap().force_open();
    registry.get("forced closed").unwrap().force_closed();
    let held = registry.get("held").unwrap();
    assert_eq!(
        registry.get("one more").unwrap_err(),
        RegistryError::Full {
            name: "one more".to_owned(),
            capacity: 5
        },
    );
    assert_eq!(
        registry.get("one more").unwrap_err().to_string(),
        "circuit breaker \"one more\": the registry is full (5 breakers in use)",
    );
    drop(held);
    registry.get("one more").unwrap();
    assert!(registry.find("held").is_none());
    assert_eq!(registry.find("open").unwrap().current_state(), State::Open);
}

#[test]
fn what_is_out_of_range_is_refused_when_the_registry_is_made() {
    let error = builder().capacity(0).build().unwrap_err();
    assert_eq!(error.to_string(), "capacity is 0; it must be 1 or more");
    let error = builder()
        .configure("bad", |builder| builder.half_open_max_calls(0))
        .build()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "circuit breaker \"bad\": half_open_max_calls is 0; it must be 1 to 65535",
    );
    let zero = CircuitBreakerConfig {
        success_threshold: 0,
        ..CONFIG
    };
    assert!(matches!(
        Registry::builder(zero).build(),
        Err(RegistryError::Registry(error)) if error.field() == "success_threshold",
    ));
}

/// Bad calls among the last ones are remembered; those of the last seconds go by themselves.
#[test]
fn a_breaker_that_remembers_bad_calls_stays() {
    for (window, stays) in [
        (WindowSize::Calls(50), true),
        (WindowSize::time(Duration::from_secs(10)), false),
    ] {
        let registry = builder()
            .configure_all(move |_name, breaker| {
                breaker
                    .failure_threshold_off()
                    .failure_rate(0.9)
                    .window(window)
            })
            .capacity(1)
            .build()
            .unwrap();
        let breaker = registry.get("a").unwrap();
        breaker.record_failure_sync();
        breaker.record_success_sync();
        drop(breaker);
        assert_eq!(registry.get("b").is_err(), stays, "{window:?}");
    }
}

/// What a user gave an evicted breaker is dropped outside the registry's lock.
#[test]
fn an_evicted_breakers_listener_may_use_the_registry_as_it_goes() {
    struct OnDrop(Registry);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            assert_eq!(self.0.len(), 1);
        }
    }
    let inner = builder().build().unwrap();
    inner.get("x").unwrap();
    let registry = builder()
        .capacity(1)
        .configure_all(move |_, builder| {
            let on_drop = OnDrop(inner.clone());
            builder.listener(move |_| assert!(!on_drop.0.is_empty()))
        })
        .build()
        .unwrap();
    for name in ["a", "b", "c"] {
        registry.get(name).unwrap();
    }
    assert_eq!(registry.len(), 1);
}

#[test]
fn threads_that_come_at_once_get_one_breaker() {
    let registry = builder().build().unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for name in 0..100 {
                    registry
                        .get(&name.to_string())
                        .unwrap()
                        .record_success_sync();
                }
            });
        }
    });
    assert_eq!(registry.len(), 100);
    let total: u64 = registry
        .all()
        .iter()
        .map(|cb| cb.snapshot().success_count)
        .sum();
    assert_eq!(total, 800);
}
