//! The layer around a tonic client, against a real tonic server.
#![cfg(feature = "tower")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by failing"
)]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use k1s0_circuit_breaker::tower::{
    CircuitBreakerLayer, CircuitBreakerService, GrpcBody, GrpcStatus, RejectWithError,
    RejectWithGrpcStatus,
};
use k1s0_circuit_breaker::{
    CircuitBreaker, CircuitBreakerConfig, CircuitBreakerError, CircuitBreakerMetrics, ManualClock,
    Outcome, Rejection,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_stream::{Stream, StreamExt};
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Request, Response, Status};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tower::{BoxError, Layer, ServiceExt, service_fn};

const TIMEOUT: Duration = Duration::from_secs(30);

// ===== the server =====

/// Answers as the request's `service` says: `check` a code, or "hang"; `watch` the number of
/// messages and then a code, or "hang", such as "2 14". A code may carry a pushback, such as "14/500".
#[derive(Clone, Default)]
struct Scripted {
    hits: Arc<AtomicU32>,
}

fn status(code: &str) -> Result<(), Status> {
    let (code, pushback) = match code.split_once('/') {
        Some((code, pushback)) => (code, Some(pushback)),
        None => (code, None),
    };
    let mut status = match Code::from_bytes(code.as_bytes()) {
        Code::Ok => return Ok(()),
        code => Status::new(code, "as asked"),
    };
    if let Some(pushback) = pushback {
        let metadata = status.metadata_mut();
        metadata.insert("grpc-retry-pushback-ms", pushback.parse().unwrap());
    }
    Err(status)
}

#[tonic::async_trait]
impl Health for Scripted {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        self.hits.fetch_add(1, Ordering::SeqCst);
        let script = request.into_inner().service;
        if script == "hang" {
            std::future::pending::<()>().await;
        }
        status(&script)?;
        Ok(Response::new(HealthCheckResponse::default()))
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        self.hits.fetch_add(1, Ordering::SeqCst);
        let script = request.into_inner().service;
        let (messages, end) = script.split_once(' ').unwrap();
        let messages = std::iter::repeat_n((), messages.parse().unwrap())
            .map(|()| Ok(HealthCheckResponse::default()));
        let messages = tokio_stream::iter(messages);
        Ok(Response::new(if end == "hang" {
            Box::pin(messages.chain(tokio_stream::pending()))
        } else {
            Box::pin(messages.chain(tokio_stream::iter(status(end).err().map(Err))))
        }))
    }
}

async fn serve(health: Scripted) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(
        Server::builder()
            .add_service(HealthServer::new(health))
            .serve_with_incoming(TcpListenerStream::new(listener)),
    );
    address
}

/// An address where nobody listens.
async fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

// ===== the client =====

/// Two failures open, two probes close.
fn breaker(clock: &ManualClock) -> CircuitBreaker {
    CircuitBreaker::builder(CircuitBreakerConfig {
        failure_threshold: 2,
        success_threshold: 2,
        timeout: TIMEOUT,
    })
    .clock(clock.clone())
    .build()
    .unwrap()
}

fn channel(address: SocketAddr) -> Channel {
    Endpoint::try_from(format!("http://{address}"))
        .unwrap()
        .connect_lazy()
}

type Guarded<R> = HealthClient<CircuitBreakerService<Channel, GrpcStatus, R>>;

fn client(address: SocketAddr, cb: &CircuitBreaker) -> Guarded<RejectWithGrpcStatus> {
    let layer = CircuitBreakerLayer::grpc(cb.clone());
    HealthClient::new(layer.layer(channel(address)))
}

fn ask(script: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: script.into(),
    }
}

struct Setup {
    clock: ManualClock,
    cb: CircuitBreaker,
    health: Scripted,
    client: Guarded<RejectWithGrpcStatus>,
}

async fn setup() -> Setup {
    let clock = ManualClock::new();
    let cb = breaker(&clock);
    let health = Scripted::default();
    let client = client(serve(health.clone()).await, &cb);
    Setup {
        clock,
        cb,
        health,
        client,
    }
}

impl Setup {
    async fn check(&mut self, script: &str) -> Code {
        match self.client.check(ask(script)).await {
            Ok(_) => Code::Ok,
            Err(status) => status.code(),
        }
    }

    fn hits(&self) -> u32 {
        self.health.hits.load(Ordering::SeqCst)
    }
}

/// success, failure, ignored, cancelled
fn totals(cb: &CircuitBreaker) -> [u64; 4] {
    let CircuitBreakerMetrics {
        success_count,
        failure_count,
        ignored_count,
        cancelled_count,
        ..
    } = cb.snapshot();
    [success_count, failure_count, ignored_count, cancelled_count]
}

// ===== unary calls =====

#[tokio::test]
async fn unavailable_opens_and_probes_close() {
    let mut it = setup().await;
    assert_eq!(it.check("0").await, Code::Ok);
    assert_eq!(it.check("14").await, Code::Unavailable);
    assert_eq!(it.check("14").await, Code::Unavailable);
    assert_eq!(it.cb.current_state(), "Open");
    assert_eq!(it.hits(), 3);

    for _ in 0..10 {
        assert_eq!(it.check("0").await, Code::Unavailable);
    }
    assert_eq!(it.hits(), 3);

    it.clock.advance(TIMEOUT);
    assert_eq!(it.check("0").await, Code::Ok);
    assert_eq!(it.cb.current_state(), "HalfOpen");
    assert_eq!(it.check("0").await, Code::Ok);
    assert_eq!(it.cb.current_state(), "Closed");
    assert_eq!(it.hits(), 5);
    assert_eq!(totals(&it.cb), [3, 2, 0, 0]);
}

#[tokio::test]
async fn every_status_counts_as_the_table_says() {
    let mut it = setup().await;
    for code in 0..=16 {
        it.cb.reset();
        let before = totals(&it.cb);
        assert_eq!(it.check(&code.to_string()).await, Code::from(code));
        let after = totals(&it.cb);
        let outcome = k1s0_circuit_breaker::classify::grpc_status(code) as usize;
        assert_eq!(after[outcome], before[outcome] + 1, "code {code}");
        assert_eq!(after.iter().sum::<u64>(), before.iter().sum::<u64>() + 1);
    }
}

#[tokio::test]
async fn a_pushback_makes_the_wait_longer() {
    let wait = |it: &Setup| it.cb.try_acquire().unwrap_err().retry_after;
    let mut it = setup().await;

    // In a response of trailers only, and in the trailers of a stream.
    it.check("14").await;
    it.check("14/45000").await;
    assert_eq!(wait(&it), Some(Duration::from_secs(45)));
    it.cb.reset();
    it.check("14").await;
    let mut stream = it
        .client
        .watch(ask("1 8/40000"))
        .await
        .unwrap()
        .into_inner();
    stream.message().await.unwrap().unwrap();
    stream.message().await.unwrap_err();
    assert_eq!(wait(&it), Some(Duration::from_secs(40)));

    // It makes none shorter, and a negative one says nothing of time.
    for pushback in ["1", "-1", "soon"] {
        it.cb.reset();
        it.check("14").await;
        it.check(&format!("14/{pushback}")).await;
        assert_eq!(wait(&it), Some(TIMEOUT), "{pushback}");
    }
}

#[tokio::test]
async fn not_found_opens_nothing() {
    let mut it = setup().await;
    for _ in 0..10 {
        assert_eq!(it.check("5").await, Code::NotFound);
    }
    assert_eq!(it.cb.current_state(), "Closed");
    assert_eq!(totals(&it.cb), [10, 0, 0, 0]);
}

#[tokio::test]
async fn a_refused_connection_is_a_failure_and_stays_unavailable() {
    let cb = breaker(&ManualClock::new());
    let mut client = client(nobody().await, &cb);
    for _ in 0..2 {
        let status = client.check(ask("0")).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
    }
    assert_eq!(cb.current_state(), "Open");
}

#[tokio::test]
async fn the_clients_deadline_is_a_failure() {
    let mut it = setup().await;
    for _ in 0..2 {
        let mut request = Request::new(ask("hang"));
        request.set_timeout(Duration::from_millis(20));
        it.client.check(request).await.unwrap_err();
    }
    assert_eq!(totals(&it.cb), [0, 2, 0, 0]);
    assert_eq!(it.cb.current_state(), "Open");
}

#[tokio::test]
async fn a_call_that_is_dropped_is_cancelled() {
    let mut it = setup().await;
    let hits = Arc::clone(&it.health.hits);
    for calls in 1..=5 {
        let arrived = async {
            while hits.load(Ordering::SeqCst) < calls {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = it.client.check(ask("hang")) => panic!("answered"),
            () = arrived => {}
        }
    }
    assert_eq!(totals(&it.cb), [0, 0, 0, 5]);
    assert_eq!(it.cb.current_state(), "Closed");
}

// ===== streams =====

#[tokio::test]
async fn a_stream_that_ends_well_is_a_success() {
    let mut it = setup().await;
    let mut stream = it.client.watch(ask("3 0")).await.unwrap().into_inner();
    for _ in 0..3 {
        stream.message().await.unwrap().unwrap();
        assert_eq!(totals(&it.cb), [0; 4]);
    }
    assert!(stream.message().await.unwrap().is_none());
    assert_eq!(totals(&it.cb), [1, 0, 0, 0]);
}

#[tokio::test]
async fn an_error_in_the_trailers_is_a_failure() {
    let mut it = setup().await;
    for _ in 0..2 {
        let mut stream = it.client.watch(ask("2 14")).await.unwrap().into_inner();
        stream.message().await.unwrap().unwrap();
        stream.message().await.unwrap().unwrap();
        let status = stream.message().await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
    }
    assert_eq!(it.cb.current_state(), "Open");
    assert_eq!(totals(&it.cb), [0, 2, 0, 0]);
}

#[tokio::test]
async fn a_stream_dropped_after_a_message_is_a_success() {
    let mut it = setup().await;
    let mut stream = it.client.watch(ask("1 hang")).await.unwrap().into_inner();
    stream.message().await.unwrap().unwrap();
    drop(stream);
    assert_eq!(totals(&it.cb), [1, 0, 0, 0]);
}

#[tokio::test]
async fn a_stream_dropped_before_a_message_is_cancelled() {
    let mut it = setup().await;
    let stream = it.client.watch(ask("0 hang")).await.unwrap();
    drop(stream);
    assert_eq!(totals(&it.cb), [0, 0, 0, 1]);
}

#[tokio::test]
async fn a_probing_stream_holds_its_slot_until_it_ends() {
    let mut it = setup().await;
    it.cb.trip();
    it.clock.advance(TIMEOUT);
    let stream = it.client.watch(ask("0 hang")).await.unwrap();
    assert_eq!(it.cb.snapshot().probes_in_flight, 1);
    let status = it.client.check(ask("0")).await.unwrap_err();
    assert_eq!(status.message(), "circuit breaker is open");
    drop(stream);
    assert_eq!(it.cb.snapshot().probes_in_flight, 0);
    assert_eq!(it.check("0").await, Code::Ok);
}

#[tokio::test]
async fn a_stream_may_be_settled_at_its_first_message() {
    let cb = breaker(&ManualClock::new());
    let layer = CircuitBreakerLayer::grpc(cb.clone())
        .with_classifier(GrpcStatus::new().settle_at_first_message());
    let address = serve(Scripted::default()).await;
    let mut client = HealthClient::new(layer.layer(channel(address)));
    let mut stream = client.watch(ask("1 14")).await.unwrap().into_inner();
    stream.message().await.unwrap().unwrap();
    assert_eq!(totals(&cb), [1, 0, 0, 0]);
    stream.message().await.unwrap_err();
    assert_eq!(totals(&cb), [1, 0, 0, 0]);
}

// ===== rejections =====

#[tokio::test]
async fn a_rejection_as_a_response() {
    let mut it = setup().await;
    it.cb.trip();
    it.clock.advance(TIMEOUT - Duration::from_micros(1500));
    let status = it.client.check(ask("0")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(status.message(), "circuit breaker is open");
    // Rounded up: after 2 ms the wait is over.
    assert_eq!(
        status.metadata().get("grpc-retry-pushback-ms").unwrap(),
        "2"
    );

    it.cb.force_open();
    let status = it.client.watch(ask("0 0")).await.unwrap_err();
    assert_eq!(
        status.metadata().get("grpc-retry-pushback-ms").unwrap(),
        "-1"
    );
    assert_eq!(it.hits(), 0);
}

#[tokio::test]
async fn a_rejection_as_an_error() {
    type Error = CircuitBreakerError<tonic::transport::Error>;

    let cb = breaker(&ManualClock::new());
    let layer = CircuitBreakerLayer::grpc(cb.clone()).on_rejection(RejectWithError);
    let mut client = HealthClient::new(layer.layer(channel(nobody().await)));
    cb.trip();
    // Not an error that tonic knows.
    let status = client.check(ask("0")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unknown);
    assert_eq!(status.message(), "circuit breaker is open");
    let source = std::error::Error::source(&status).unwrap();
    assert_eq!(
        source.downcast_ref::<Error>().unwrap().retry_after(),
        Some(TIMEOUT)
    );
}

#[tokio::test]
async fn a_rejection_as_a_boxed_error() {
    let cb = breaker(&ManualClock::new());
    let layer = CircuitBreakerLayer::grpc(cb.clone()).box_errors();
    let mut client = HealthClient::new(layer.layer(channel(nobody().await)));
    let status = client.check(ask("0")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    cb.trip();
    let status = client.check(ask("0")).await.unwrap_err();
    assert!(
        std::error::Error::source(&status)
            .unwrap()
            .is::<Rejection>()
    );
}

// ===== responses that no well-behaved server gives =====

/// A body that is a list of frames.
#[derive(Default)]
struct Frames(VecDeque<Result<Frame<Bytes>, BoxError>>);

impl Body for Frames {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(self.0.pop_front())
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}

fn data() -> Result<Frame<Bytes>, BoxError> {
    Ok(Frame::data(Bytes::from_static(b"\0\0\0\0\0")))
}

fn trailers(status: &'static str) -> Result<Frame<Bytes>, BoxError> {
    let mut trailers = http::HeaderMap::new();
    trailers.insert("grpc-status", http::HeaderValue::from_static(status));
    Ok(Frame::trailers(trailers))
}

/// The guarded response to a call that is answered with these.
async fn respond(
    cb: &CircuitBreaker,
    http_status: u16,
    frames: impl IntoIterator<Item = Result<Frame<Bytes>, BoxError>>,
) -> http::Response<GrpcBody<Frames>> {
    let body = Frames(frames.into_iter().collect());
    let response = http::Response::builder().status(http_status).body(body);
    let response = std::sync::Mutex::new(Some(response.unwrap()));
    let service = service_fn(|()| {
        let response = response.lock().unwrap().take().unwrap();
        async { Ok::<_, Infallible>(response) }
    });
    let service = CircuitBreakerLayer::grpc(cb.clone()).layer(service);
    service.oneshot(()).await.unwrap()
}

/// What a response counts as that is read to its end.
async fn read(
    http_status: u16,
    frames: impl IntoIterator<Item = Result<Frame<Bytes>, BoxError>>,
) -> [u64; 4] {
    let cb = breaker(&ManualClock::new());
    let _ = respond(&cb, http_status, frames).await.collect().await;
    totals(&cb)
}

#[tokio::test]
async fn responses_that_are_read_to_their_end() {
    const SUCCESS: [u64; 4] = [1, 0, 0, 0];
    const FAILURE: [u64; 4] = [0, 1, 0, 0];

    assert_eq!(read(200, [data(), trailers("0")]).await, SUCCESS);
    assert_eq!(read(200, [data(), trailers("13")]).await, FAILURE);
    assert_eq!(read(200, [data(), trailers("no number")]).await, FAILURE);
    assert_eq!(read(200, [data(), trailers("99")]).await, FAILURE);
    assert_eq!(read(200, [data(), Err("reset".into())]).await, FAILURE);
    assert_eq!(read(200, [data()]).await, FAILURE);
    assert_eq!(read(200, []).await, FAILURE);
    assert_eq!(read(503, []).await, FAILURE);
    assert_eq!(read(429, []).await, FAILURE);
    assert_eq!(read(404, []).await, SUCCESS);
    assert_eq!(read(425, []).await, [0, 0, 1, 0]);
}

#[tokio::test]
async fn responses_that_are_dropped() {
    let cb = breaker(&ManualClock::new());
    // It has ended, without a status: nothing was lost by the caller's leaving.
    drop(respond(&cb, 200, []).await);
    assert_eq!(totals(&cb), [0, 1, 0, 0]);

    // An empty frame is no message.
    let cb = breaker(&ManualClock::new());
    let empty = Ok(Frame::data(Bytes::new()));
    let mut body = respond(&cb, 200, [empty, data()]).await.into_body();
    body.frame().await.unwrap().unwrap();
    drop(body);
    assert_eq!(totals(&cb), [0, 0, 0, 1]);

    // But it does not undo one.
    let cb = breaker(&ManualClock::new());
    let empty = Ok(Frame::data(Bytes::new()));
    let mut body = respond(&cb, 200, [data(), empty, data()]).await.into_body();
    body.frame().await.unwrap().unwrap();
    body.frame().await.unwrap().unwrap();
    drop(body);
    assert_eq!(totals(&cb), [1, 0, 0, 0]);
}

#[tokio::test]
async fn a_panic_of_the_body_is_a_failure_and_one_elsewhere_is_not() {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// A body that panics when it is read.
    #[derive(Debug, Default)]
    struct Panicking;
    impl Body for Panicking {
        type Data = Bytes;
        type Error = BoxError;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            panic!("in the body")
        }
    }

    let cb = breaker(&ManualClock::new());
    let service = CircuitBreakerLayer::grpc(cb.clone()).layer(service_fn(|()| async {
        Ok::<_, Infallible>(http::Response::new(Panicking))
    }));
    let mut body = service.clone().oneshot(()).await.unwrap().into_body();
    assert!(format!("{body:?}").contains("Panicking"));
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        Pin::new(&mut body).poll_frame(&mut cx).is_ready()
    }));
    assert!(caught.is_err());
    assert_eq!(totals(&cb), [0, 1, 0, 0]);

    let body = service.oneshot(()).await.unwrap().into_body();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _body = body;
        panic!("elsewhere");
    }));
    assert!(caught.is_err());
    assert_eq!(totals(&cb), [0, 1, 0, 1]);
}

#[tokio::test]
async fn a_client_error_may_be_ignored() {
    let cb = breaker(&ManualClock::new());
    let layer = CircuitBreakerLayer::grpc(cb.clone())
        .with_classifier(GrpcStatus::new().errors(|_: &BoxError| Outcome::Ignored));
    let service = layer.layer(service_fn(|()| async {
        Err::<http::Response<Frames>, BoxError>("bad address".into())
    }));
    assert!(service.oneshot(()).await.is_err());
    assert_eq!(totals(&cb), [0, 0, 1, 0]);
}
