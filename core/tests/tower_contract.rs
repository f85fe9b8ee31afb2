//! The layer keeps tower's contract, whatever the service speaks.
#![cfg(feature = "tower")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by failing"
)]

use std::convert::Infallible;
use std::future::{Future, Ready, pending, ready};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use k1s0_circuit_breaker::tower::{CircuitBreakerLayer, CircuitBreakerService};
use k1s0_circuit_breaker::{
    CircuitBreaker, CircuitBreakerConfig, CircuitBreakerError, Classifier, ManualClock, Outcome,
    RejectReason, Rejection,
};
use tokio::sync::oneshot;
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};

const TIMEOUT: Duration = Duration::from_secs(30);

/// One failure opens, one probe closes.
fn breaker(clock: &ManualClock) -> CircuitBreaker {
    CircuitBreaker::builder(CircuitBreakerConfig {
        failure_threshold: 1,
        success_threshold: 1,
        timeout: TIMEOUT,
    })
    .clock(clock.clone())
    .build()
    .unwrap()
}

fn poll_now<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn poll_ready<S: Service<R>, R>(service: &mut S) -> Poll<Result<(), S::Error>> {
    service.poll_ready(&mut Context::from_waker(Waker::noop()))
}

/// A service that insists on the contract: it panics when it is called without having been ready.
/// How ready it is, is set by the test.
#[derive(Debug, Default)]
struct Strict {
    ready: bool,
    readiness: Readiness,
    ready_asked: u32,
    calls: Arc<AtomicU32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Readiness {
    #[default]
    Ready,
    Pending,
    Failing,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self {
            ready: false,
            calls: Arc::clone(&self.calls),
            ..*self
        }
    }
}

impl Service<u32> for Strict {
    type Response = u32;
    type Error = io::Error;
    type Future = Ready<io::Result<u32>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.ready_asked += 1;
        match self.readiness {
            Readiness::Ready => {
                self.ready = true;
                Poll::Ready(Ok(()))
            }
            Readiness::Pending => Poll::Pending,
            Readiness::Failing => Poll::Ready(Err(io::Error::other("not ready"))),
        }
    }

    fn call(&mut self, request: u32) -> Self::Future {
        assert!(self.ready, "called without having been ready");
        self.ready = false;
        self.calls.fetch_add(1, Ordering::SeqCst);
        ready(match request {
            0 => Err(io::Error::other("zero")),
            number => Ok(number),
        })
    }
}

fn guarded(cb: &CircuitBreaker) -> CircuitBreakerService<Strict> {
    CircuitBreakerLayer::new(cb.clone()).layer(Strict::default())
}

fn calls(service: &CircuitBreakerService<Strict>) -> u32 {
    service.get_ref().calls.load(Ordering::SeqCst)
}

#[tokio::test]
async fn the_instance_that_was_ready_is_called() {
    let mut service = guarded(&breaker(&ManualClock::new()));
    for number in 1..=3 {
        let response = service.ready().await.unwrap().call(number).await.unwrap();
        assert_eq!(response, number);
    }
    assert_eq!(calls(&service), 3);
}

#[tokio::test]
async fn a_clone_of_a_ready_service_asks_again() {
    let mut service = guarded(&breaker(&ManualClock::new()));
    service.ready().await.unwrap();
    let mut clone = service.clone();
    assert_eq!(clone.ready().await.unwrap().call(1).await.unwrap(), 1);
    assert_eq!(service.call(2).await.unwrap(), 2);
}

#[tokio::test]
async fn readiness_takes_no_slot() {
    let clock = ManualClock::new();
    let cb = breaker(&clock);
    cb.trip();
    clock.advance(TIMEOUT);
    let mut first = guarded(&cb);
    let mut second = first.clone();
    first.ready().await.unwrap();
    // The one slot is free, though somebody has been ready for long.
    assert_eq!(cb.snapshot().probes_in_flight, 0);
    assert_eq!(second.ready().await.unwrap().call(1).await.unwrap(), 1);
    assert_eq!(cb.current_state(), "Closed");
}

#[test]
fn readiness_is_the_inner_services() {
    let mut service = guarded(&breaker(&ManualClock::new()));
    service.get_mut().readiness = Readiness::Pending;
    assert!(poll_ready(&mut service).is_pending());
    service.get_mut().readiness = Readiness::Ready;
    assert!(poll_ready(&mut service).is_ready());
}

#[test]
fn a_readiness_error_passes_through_and_counts_nowhere() {
    let cb = breaker(&ManualClock::new());
    let mut service = guarded(&cb);
    service.get_mut().readiness = Readiness::Failing;
    let Poll::Ready(Err(CircuitBreakerError::Inner(error))) = poll_ready(&mut service) else {
        panic!("not the inner error");
    };
    assert_eq!(error.to_string(), "not ready");
    assert_eq!(cb.snapshot().failure_count, 0);
    assert_eq!(cb.current_state(), "Closed");
}

#[tokio::test]
async fn an_open_breaker_neither_asks_nor_calls_the_inner_service() {
    let cb = breaker(&ManualClock::new());
    let mut service = guarded(&cb);
    service.get_mut().readiness = Readiness::Pending;
    cb.trip();
    for _ in 0..3 {
        let error = service.ready().await.unwrap().call(1).await.unwrap_err();
        assert_eq!(error.retry_after(), Some(TIMEOUT));
        assert_eq!(error.to_string(), "circuit breaker is open");
    }
    assert_eq!(service.get_ref().ready_asked, 0);
    assert_eq!(calls(&service), 0);
    assert_eq!(cb.snapshot().rejected_count, 3);
}

#[tokio::test]
async fn a_rejection_leaves_the_service_ready() {
    let cb = breaker(&ManualClock::new());
    let mut service = guarded(&cb);
    service.ready().await.unwrap();
    cb.trip();
    assert!(service.call(1).await.unwrap_err().is_open());
    cb.reset();
    assert_eq!(service.ready().await.unwrap().call(2).await.unwrap(), 2);
}

#[tokio::test]
async fn the_wait_may_end_between_readiness_and_call() {
    let clock = ManualClock::new();
    let cb = breaker(&clock);
    let mut service = guarded(&cb);
    // Its readiness is used up by this call, and must be asked for again.
    service.ready().await.unwrap().call(1).await.unwrap();
    cb.trip();
    service.ready().await.unwrap();
    clock.advance(TIMEOUT);
    assert_eq!(service.call(2).await.unwrap(), 2);
    assert_eq!(cb.current_state(), "Closed");
}

#[tokio::test]
async fn a_service_that_is_not_ready_then_is_not_called() {
    let clock = ManualClock::new();
    let cb = breaker(&clock);
    let mut service = guarded(&cb);
    service.get_mut().readiness = Readiness::Pending;
    cb.trip();
    service.ready().await.unwrap();
    clock.advance(TIMEOUT);
    assert!(service.call(1).await.unwrap_err().is_open());
    // Its slot came back.
    assert_eq!(cb.snapshot().cancelled_count, 1);
    assert_eq!(cb.snapshot().probes_in_flight, 0);

    cb.trip();
    service.ready().await.unwrap();
    clock.advance(TIMEOUT);
    service.get_mut().readiness = Readiness::Failing;
    let error = service.call(1).await.unwrap_err();
    assert_eq!(error.into_inner().unwrap().to_string(), "not ready");
    assert_eq!(cb.snapshot().probes_in_flight, 0);
    assert_eq!(calls(&service), 0);
}

#[tokio::test]
async fn results_are_counted_and_errors_typed() {
    let cb = breaker(&ManualClock::new());
    let mut service = guarded(&cb);
    service.ready().await.unwrap().call(1).await.unwrap();
    let error = service.ready().await.unwrap().call(0).await.unwrap_err();
    assert_eq!(error.to_string(), "inner error: zero");
    assert!(error.into_inner().is_some());
    let metrics = cb.snapshot();
    assert_eq!((metrics.success_count, metrics.failure_count), (1, 1));
    assert_eq!(metrics.state, "Open");
}

#[test]
fn a_dropped_response_is_cancelled() {
    let clock = ManualClock::new();
    let cb = breaker(&clock);
    let mut service = CircuitBreakerLayer::new(cb.clone())
        .layer(service_fn(|()| pending::<Result<(), Infallible>>()));
    cb.trip();
    clock.advance(TIMEOUT);
    for _ in 0..3 {
        assert!(poll_ready(&mut service).is_ready());
        let mut probe = Box::pin(service.call(()));
        assert!(poll_now(probe.as_mut()).is_pending());
        assert_eq!(cb.snapshot().probes_in_flight, 1);
    }
    let metrics = cb.snapshot();
    assert_eq!((metrics.cancelled_count, metrics.failure_count), (3, 0));
    assert_eq!((metrics.probes_in_flight, metrics.rejected_count), (0, 0));
}

#[test]
fn a_response_that_was_never_polled_is_cancelled() {
    let cb = breaker(&ManualClock::new());
    let mut service = guarded(&cb);
    assert!(poll_ready(&mut service).is_ready());
    drop(service.call(1));
    assert_eq!(cb.snapshot().cancelled_count, 1);
}

#[test]
fn a_response_dropped_by_somebody_elses_panic_is_cancelled() {
    let cb = breaker(&ManualClock::new());
    let mut service = guarded(&cb);
    assert!(poll_ready(&mut service).is_ready());
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _response = service.call(1);
        panic!("elsewhere");
    }));
    assert!(caught.is_err());
    assert_eq!(cb.snapshot().cancelled_count, 1);
    assert_eq!(cb.current_state(), "Closed");
}

#[test]
fn panics_are_failures_and_go_on() {
    type Response = Pin<Box<dyn Future<Output = Result<(), Infallible>>>>;

    let in_call = |()| -> Response { panic!("in call") };
    let in_future = |()| -> Response { Box::pin(async { panic!("in the future") }) };
    for inner in [in_call, in_future] {
        let cb = breaker(&ManualClock::new());
        let mut service = CircuitBreakerLayer::new(cb.clone()).layer(service_fn(inner));
        assert!(poll_ready(&mut service).is_ready());
        let caught = catch_unwind(AssertUnwindSafe(|| {
            poll_now(Box::pin(service.call(())).as_mut())
        }));
        assert!(caught.is_err());
        assert_eq!(cb.snapshot().failure_count, 1);
        assert_eq!(cb.current_state(), "Open");
    }
}

#[test]
fn a_panicking_classifier_is_a_failure() {
    let cb = breaker(&ManualClock::new());
    let mut service = CircuitBreakerLayer::new(cb.clone())
        .with_classifier(|_: Result<&u32, &io::Error>| -> Outcome { panic!("classifier") })
        .layer(Strict::default());
    assert!(poll_ready(&mut service).is_ready());
    let caught = catch_unwind(AssertUnwindSafe(|| {
        poll_now(Box::pin(service.call(1)).as_mut())
    }));
    assert!(caught.is_err());
    assert_eq!(cb.snapshot().failure_count, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_so_many_probes_are_in_flight() {
    let clock = ManualClock::new();
    let cb = CircuitBreaker::builder(CircuitBreakerConfig::default())
        .half_open_max_calls(3)
        .clock(clock.clone())
        .build()
        .unwrap();
    cb.trip();
    clock.advance(TIMEOUT);

    // The inner service answers when the test says so.
    let (called, mut calls) = tokio::sync::mpsc::unbounded_channel::<oneshot::Sender<()>>();
    let service = CircuitBreakerLayer::new(cb.clone()).layer(service_fn(move |()| {
        let (answer, answered) = oneshot::channel();
        called.send(answer).unwrap();
        answered
    }));
    let callers: Vec<_> = (0..50)
        .map(|_| tokio::spawn(service.clone().oneshot(())))
        .collect();

    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(calls.recv().await.unwrap());
    }
    while cb.snapshot().rejected_count < 47 {
        tokio::task::yield_now().await;
    }
    assert!(calls.try_recv().is_err());
    assert_eq!(cb.snapshot().probes_in_flight, 3);
    assert_eq!(cb.snapshot().rejected_for(RejectReason::HalfOpen), 47);
    for answer in answers {
        answer.send(()).unwrap();
    }
    let mut admitted = 0;
    for caller in callers {
        admitted += u32::from(caller.await.unwrap().is_ok());
    }
    assert_eq!(admitted, 3);
    assert_eq!(cb.current_state(), "Closed");
}

#[tokio::test]
async fn a_late_result_is_stale() {
    let cb = breaker(&ManualClock::new());
    let mut service = guarded(&cb);
    let late = service.ready().await.unwrap().call(0);
    cb.reset();
    assert!(!late.await.unwrap_err().is_open());
    assert_eq!(cb.snapshot().stale_count, 1);
    assert_eq!(cb.current_state(), "Closed");
}

#[tokio::test]
async fn the_breakers_own_classifier_decides() {
    struct EvenIsBad;
    impl Classifier<u32, io::Error> for EvenIsBad {
        fn classify(&self, result: Result<&u32, &io::Error>) -> Outcome {
            match result {
                Ok(number) if number % 2 == 0 => Outcome::Failure,
                Ok(_) => Outcome::Success,
                Err(_) => Outcome::Ignored,
            }
        }
    }
    let shared: Arc<dyn Classifier<u32, io::Error> + Send + Sync> = Arc::new(EvenIsBad);
    let cb = breaker(&ManualClock::new());
    let mut service = CircuitBreakerLayer::new(cb.with_classifier(shared)).layer(Strict::default());
    service.ready().await.unwrap().call(1).await.unwrap();
    service.ready().await.unwrap().call(0).await.unwrap_err();
    service.ready().await.unwrap().call(2).await.unwrap();
    let metrics = cb.snapshot();
    assert_eq!((metrics.success_count, metrics.failure_count), (1, 1));
    assert_eq!(metrics.ignored_count, 1);
    assert_eq!(metrics.state, "Open");
}

#[tokio::test(start_paused = true)]
async fn a_timeout_inside_is_a_failure_and_one_outside_is_cancelled() {
    let never = || service_fn(|()| pending::<Result<(), io::Error>>());
    let limit = Duration::from_secs(1);

    let cb = breaker(&ManualClock::new());
    let inside = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::new(cb.clone()))
        .timeout(limit)
        .service(never());
    inside.oneshot(()).await.unwrap_err();
    assert_eq!(cb.current_state(), "Open");

    let cb = breaker(&ManualClock::new());
    let outside = ServiceBuilder::new()
        .timeout(limit)
        .layer(CircuitBreakerLayer::new(cb.clone()))
        .service(never());
    outside.oneshot(()).await.unwrap_err();
    assert_eq!(cb.current_state(), "Closed");
    assert_eq!(cb.snapshot().cancelled_count, 1);
}

#[tokio::test]
async fn boxed_errors_are_boxed_as_themselves() {
    let cb = breaker(&ManualClock::new());
    let mut service = ServiceBuilder::new()
        .buffer::<u32>(4)
        .layer(CircuitBreakerLayer::new(cb.clone()).box_errors())
        .timeout(TIMEOUT)
        .service(Strict::default());
    let error: BoxError = service.ready().await.unwrap().call(0).await.unwrap_err();
    assert!(error.is::<io::Error>());
    let error: BoxError = service.ready().await.unwrap().call(1).await.unwrap_err();
    assert!(error.is::<Rejection>());
}

#[test]
fn the_service_gives_its_parts_back() {
    let cb = breaker(&ManualClock::new());
    let layer = CircuitBreakerLayer::new(cb.clone());
    assert!(format!("{layer:?}").starts_with("CircuitBreakerLayer"));
    let mut service = layer.layer(Strict::default());
    service.get_mut().ready_asked = 7;
    assert_eq!(service.get_ref().ready_asked, 7);
    assert_eq!(service.breaker().current_state(), "Closed");
    assert_eq!(layer.breaker().current_state(), "Closed");
    assert!(format!("{service:?}").contains("ready_asked: 7"));
    assert!(poll_ready(&mut service).is_ready());
    assert!(format!("{:?}", service.call(1)).contains("Permit"));
    assert_eq!(service.into_inner().ready_asked, 8);
}

#[test]
fn everything_may_go_to_another_task() {
    fn check<T: Send + Sync + 'static>(_: &T) {}

    let mut service = guarded(&breaker(&ManualClock::new()));
    check(&service);
    assert!(poll_ready(&mut service).is_ready());
    check(&service.call(1));
}
