//! What `examples/retry.rs` shows: retries end where the circuit opens.
#![cfg(feature = "tower")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by failing"
)]

#[path = "../examples/retry.rs"]
#[allow(dead_code, unreachable_pub, reason = "it is a program of its own")]
mod example;

use std::sync::Mutex;
use std::time::Duration;

use example::{BoxError, RetryFailures, Server, call_with_retries, send_once, send_with_tower};
use http::StatusCode;
use k1s0_circuit_breaker::{CircuitBreaker, CircuitBreakerConfig, ManualClock};

const TIMEOUT: Duration = Duration::from_secs(30);

/// Three failures open, one probe closes.
fn breaker(clock: &ManualClock) -> CircuitBreaker {
    CircuitBreaker::builder(CircuitBreakerConfig {
        failure_threshold: 3,
        success_threshold: 1,
        timeout: TIMEOUT,
    })
    .clock(clock.clone())
    .build()
    .unwrap()
}

const POLICY: RetryFailures = RetryFailures {
    retries: 10,
    backoff: Duration::ZERO,
};

#[tokio::test]
async fn failures_are_retried() {
    let cb = breaker(&ManualClock::new());
    let server = Server::start(2).await.unwrap();
    let status = send_with_tower(&cb, POLICY, server.address).await.unwrap();
    assert_eq!(status, StatusCode::OK);
    assert_eq!(server.hits(), 3);
    // Each attempt was counted.
    assert_eq!(cb.snapshot().failure_count, 2);
}

#[tokio::test]
async fn rejections_are_not() {
    let clock = ManualClock::new();
    let cb = breaker(&clock);
    let server = Server::start(3).await.unwrap();
    for _ in 0..20 {
        let error = send_with_tower(&cb, POLICY, server.address)
            .await
            .unwrap_err();
        assert!(error.is_open());
    }
    // Not 20 times 11.
    assert_eq!(server.hits(), 3);
    // Once for each request: no policy asked again.
    assert_eq!(cb.snapshot().rejected_count, 20);

    clock.advance(TIMEOUT);
    let status = send_with_tower(&cb, POLICY, server.address).await.unwrap();
    assert_eq!(status, StatusCode::OK);
    assert_eq!(server.hits(), 4);
    assert_eq!(cb.current_state(), "Closed");
}

#[tokio::test]
async fn the_patient_loop_waits_until_it_may_probe() {
    let clock = ManualClock::new();
    let cb = breaker(&clock);
    let server = Server::start(3).await.unwrap();
    let waits = Mutex::new(Vec::new());
    let wait = async |time| {
        waits.lock().unwrap().push(time);
        clock.advance(time);
    };
    let send = async || match send_once(server.address).await? {
        StatusCode::OK => Ok(()),
        status => Err(BoxError::from(status.to_string())),
    };
    let second = Duration::from_secs(1);
    call_with_retries(&cb, 10, second, wait, send)
        .await
        .unwrap();
    assert_eq!(server.hits(), 4);
    // Twice as long each time; the third wait is part of the breaker's.
    let waits = waits.into_inner().unwrap();
    assert_eq!(
        waits,
        [second, second * 2, second * 4, TIMEOUT - second * 4]
    );
}

#[tokio::test]
async fn the_patient_loop_does_not_wait_for_nothing() {
    let cb = breaker(&ManualClock::new());
    cb.force_open();
    let wait = async |_| panic!("nobody knows how long");
    let send = async || -> Result<(), BoxError> { panic!("called") };
    let error = call_with_retries(&cb, 10, TIMEOUT, wait, send)
        .await
        .unwrap_err();
    assert!(error.is_open());
    assert_eq!(cb.snapshot().rejected_count, 1);
}
