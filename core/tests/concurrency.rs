//! Many tasks on one breaker.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use k1s0_circuit_breaker::{
    CircuitBreaker, CircuitBreakerConfig, CircuitBreakerError, CircuitBreakerState as State,
    ManualClock,
};
use tokio::sync::{Barrier, Notify};
use tokio::task::JoinSet;

fn breaker(config: CircuitBreakerConfig, probes: u32) -> (CircuitBreaker, ManualClock) {
    let clock = ManualClock::new();
    let cb = CircuitBreaker::builder(config)
        .half_open_max_calls(probes)
        .clock(clock.clone())
        .build()
        .unwrap();
    (cb, clock)
}

/// Calls one after another fail; exactly as many as the threshold reach the service.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_outage_costs_the_threshold_and_the_calls_in_flight() {
    let config = CircuitBreakerConfig {
        failure_threshold: 10,
        ..CircuitBreakerConfig::default()
    };
    let (cb, _clock) = breaker(config, 1);
    let reached = Arc::new(AtomicU32::new(0));
    const TASKS: u32 = 100;
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let (cb, reached) = (cb.clone(), Arc::clone(&reached));
        tasks.spawn(async move {
            for _ in 0..100 {
                let _ = cb
                    .call(|| async {
                        reached.fetch_add(1, Ordering::SeqCst);
                        tokio::task::yield_now().await;
                        Err::<(), _>("down")
                    })
                    .await;
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    assert_eq!(cb.state().await, State::Open);
    let reached = reached.load(Ordering::SeqCst);
    // Each task may have had one call admitted before it opened.
    assert!(
        (10..=10 + TASKS).contains(&reached),
        "{reached} calls reached the service"
    );
    let metrics = cb.metrics().await;
    assert_eq!(
        metrics.failure_count + metrics.stale_count,
        u64::from(reached)
    );
    assert_eq!(metrics.rejected_count, u64::from(TASKS * 100 - reached));
    assert_eq!(
        metrics.failure_count, 10,
        "the tenth opens it, the others are stale"
    );
}

/// A thousand clients wait for the end of the wait; the service sees the limit, no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_herd_meets_a_limited_number_of_probes() {
    const CLIENTS: usize = 1_000;
    const PROBES: u32 = 3;
    let config = CircuitBreakerConfig {
        failure_threshold: 1,
        success_threshold: PROBES,
        timeout: Duration::from_secs(30),
    };
    for _ in 0..10 {
        let (cb, clock) = breaker(config, PROBES);
        cb.trip();
        clock.advance(config.timeout);
        let barrier = Arc::new(Barrier::new(CLIENTS));
        let gate = Arc::new(Notify::new());
        let (at_once, rejected) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU64::new(0)));
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            let (cb, barrier, gate) = (cb.clone(), Arc::clone(&barrier), Arc::clone(&gate));
            let (at_once, rejected) = (Arc::clone(&at_once), Arc::clone(&rejected));
            clients.spawn(async move {
                barrier.wait().await;
                let result = cb
                    .call(|| async {
                        at_once.fetch_add(1, Ordering::SeqCst);
                        gate.notified().await;
                        Ok::<_, ()>(())
                    })
                    .await;
                if let Err(CircuitBreakerError::Open(_)) = result {
                    rejected.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        // Everybody has come; nobody's probe has ended.
        while rejected.load(Ordering::SeqCst) < CLIENTS as u64 - u64::from(PROBES) {
            tokio::task::yield_now().await;
        }
        assert_eq!(at_once.load(Ordering::SeqCst), PROBES);
        assert_eq!(cb.snapshot().probes_in_flight, PROBES as u16);
        (0..PROBES).for_each(|_| gate.notify_one());
        while let Some(client) = clients.join_next().await {
            client.unwrap();
        }
        assert_eq!(cb.state().await, State::Closed);
        assert_eq!(cb.metrics().await.transition_count, 3);
    }
}

/// Timeouts around the call are the caller's giving up; timeouts inside are failures.
#[tokio::test(start_paused = true)]
async fn it_matters_on_which_side_of_the_breaker_a_timeout_is() {
    let cb = CircuitBreaker::default();
    let hang = || std::future::pending::<Result<(), tokio::time::error::Elapsed>>();
    let limit = Duration::from_secs(1);

    let outside = tokio::time::timeout(limit, cb.call(hang)).await;
    assert!(outside.is_err());
    let inside = cb
        .call(|| async { tokio::time::timeout(limit, hang()).await? })
        .await;
    assert!(matches!(inside, Err(CircuitBreakerError::Inner(_))));
    let metrics = cb.metrics().await;
    assert_eq!((metrics.cancelled_count, metrics.failure_count), (1, 1));
}
