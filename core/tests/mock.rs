//! Failure injection with `MockBreaker`, and a mocked service under a real breaker.

use std::sync::Arc;
use std::time::Duration;

use k1s0_circuit_breaker::{
    Breaker, BreakerExt, CircuitBreaker, CircuitBreakerConfig, CircuitBreakerError, MockBreaker,
    RejectReason, Rejection,
};

/// The guarded service, mocked.
#[mockall::automock]
trait Service {
    fn fetch(&self) -> Result<u32, String>;
}

async fn guarded(
    breaker: &dyn Breaker,
    service: &MockService,
) -> Result<u32, CircuitBreakerError<String>> {
    breaker.call(|| async { service.fetch() }).await
}

#[tokio::test]
async fn an_open_circuit_can_be_injected() {
    let mut breaker = MockBreaker::new();
    breaker.expect_try_acquire_owned().returning(|| {
        Err(Rejection::new(
            RejectReason::Open,
            Some(Duration::from_secs(3)),
        ))
    });
    let mut service = MockService::new();
    service.expect_fetch().never();

    let error = guarded(&breaker, &service).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
}

#[tokio::test]
async fn a_mock_can_lend_the_permits_of_a_real_breaker() {
    let real = CircuitBreaker::default();
    let mut breaker = MockBreaker::new();
    breaker.expect_try_acquire_owned().times(2).returning({
        let real = real.clone();
        move || real.try_acquire_owned()
    });
    let mut service = MockService::new();
    service.expect_fetch().once().returning(|| Ok(1));
    service
        .expect_fetch()
        .once()
        .returning(|| Err("down".to_owned()));

    assert_eq!(guarded(&breaker, &service).await, Ok(1));
    assert!(guarded(&breaker, &service).await.is_err());
    let snapshot = real.snapshot();
    assert_eq!((snapshot.success_count, snapshot.failure_count), (1, 1));
}

/// The function mocked, the breaker real: injected failures open it, and it stops calling.
#[tokio::test]
async fn injected_failures_open_a_real_breaker() {
    let breaker: Arc<dyn Breaker> = Arc::new(CircuitBreaker::new(CircuitBreakerConfig {
        failure_threshold: 3,
        ..CircuitBreakerConfig::default()
    }));
    let mut service = MockService::new();
    service
        .expect_fetch()
        .times(3)
        .returning(|| Err("injected".to_owned()));
    for _ in 0..10 {
        assert!(guarded(&*breaker, &service).await.is_err());
    }
    assert_eq!(breaker.current_state(), "Open");
    assert_eq!(breaker.snapshot().rejected_count, 7);
    breaker.record_success_sync();
    breaker.record_failure_sync();
    assert_eq!(breaker.snapshot().success_count, 1);
}
