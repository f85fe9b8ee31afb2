//! The layer around hyper's client, against real servers.
#![cfg(feature = "tower")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by failing"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::TokioExecutor;
use k1s0_circuit_breaker::tower::{CircuitBreakerLayer, HttpStatus};
use k1s0_circuit_breaker::{
    CircuitBreaker, CircuitBreakerConfig, ManualClock, Outcome, Rejection, classify,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt};

const TIMEOUT: Duration = Duration::from_secs(30);

// ===== the server =====

/// Answers with a status that the test sets, and counts.
#[derive(Clone)]
struct Server {
    status: Arc<AtomicU16>,
    hits: Arc<AtomicU32>,
    address: SocketAddr,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            status: Arc::new(AtomicU16::new(200)),
            hits: Arc::default(),
            address: listener.local_addr().unwrap(),
        };
        let answering = server.clone();
        let answer = move || {
            let server = answering.clone();
            async move {
                server.hits.fetch_add(1, Ordering::SeqCst);
                StatusCode::from_u16(server.status.load(Ordering::SeqCst)).unwrap()
            }
        };
        let hang = || std::future::pending::<()>();
        let routes = Router::new()
            .route("/", get(answer))
            .route("/hang", get(hang));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        server
    }

    fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    fn hits(&self) -> u32 {
        self.hits.load(Ordering::SeqCst)
    }
}

/// A server that reads a request, writes this much of a response and hangs up.
async fn hanging_up(after: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let _ = connection.read(&mut [0; 1024]).await;
            let _ = connection.write_all(after.as_bytes()).await;
        }
    });
    address
}

// ===== the client =====

type Body = Empty<Bytes>;

fn hyper() -> Client<HttpConnector, Body> {
    Client::builder(TokioExecutor::new()).build_http()
}

fn request(address: SocketAddr, path: &str) -> Request<Body> {
    let uri: Uri = format!("http://{address}{path}").parse().unwrap();
    Request::builder().uri(uri).body(Body::new()).unwrap()
}

async fn send<S: Service<Request<Body>>>(
    service: &mut S,
    address: SocketAddr,
) -> Result<S::Response, S::Error> {
    service.ready().await?.call(request(address, "/")).await
}

/// Two failures open, three probes close.
fn breaker(clock: &ManualClock) -> CircuitBreaker {
    CircuitBreaker::builder(CircuitBreakerConfig {
        failure_threshold: 2,
        success_threshold: 3,
        timeout: TIMEOUT,
    })
    .clock(clock.clone())
    .build()
    .unwrap()
}

#[tokio::test]
async fn a_503_opens_and_probes_close() {
    let clock = ManualClock::new();
    let cb = breaker(&clock);
    let server = Server::start().await;
    let mut client = CircuitBreakerLayer::http(cb.clone()).layer(hyper());

    server.answer(503);
    for _ in 0..2 {
        let response = send(&mut client, server.address).await.unwrap();
        assert_eq!(response.status(), 503);
    }
    assert_eq!(cb.current_state(), "Open");
    for _ in 0..10 {
        let error = send(&mut client, server.address).await.unwrap_err();
        assert_eq!(error.retry_after(), Some(TIMEOUT));
    }
    assert_eq!(server.hits(), 2);

    // The first probe finds it sick still.
    clock.advance(TIMEOUT);
    send(&mut client, server.address).await.unwrap();
    assert_eq!(server.hits(), 3);
    assert!(
        send(&mut client, server.address)
            .await
            .unwrap_err()
            .is_open()
    );
    assert_eq!(server.hits(), 3);

    // Then three find it well.
    server.answer(200);
    clock.advance(TIMEOUT);
    for probe in 1..=3 {
        assert_eq!(cb.current_state(), "HalfOpen");
        send(&mut client, server.address).await.unwrap();
        assert_eq!(server.hits(), 3 + probe);
    }
    assert_eq!(cb.current_state(), "Closed");
}

#[tokio::test]
async fn one_probe_at_a_time_reaches_the_server() {
    let clock = ManualClock::new();
    let cb = breaker(&clock);
    let server = Server::start().await;
    let client = CircuitBreakerLayer::http(cb.clone()).layer(hyper());
    cb.trip();
    clock.advance(TIMEOUT);

    // All ask before the first has its answer: calls are admitted in `call`.
    let mut calls = Vec::new();
    for _ in 0..20 {
        let mut client = client.clone();
        client.ready().await.unwrap();
        calls.push(client.call(request(server.address, "/")));
    }
    let mut admitted = 0;
    for call in calls {
        admitted += u32::from(call.await.is_ok());
    }
    assert_eq!((admitted, server.hits()), (1, 1));
}

#[tokio::test]
async fn every_status_counts_as_the_table_says() {
    let cb = breaker(&ManualClock::new());
    let server = Server::start().await;
    let mut client = CircuitBreakerLayer::http(cb.clone()).layer(hyper());
    for status in [
        200, 204, 301, 400, 401, 404, 408, 425, 429, 500, 501, 502, 503, 504, 505,
    ] {
        cb.reset();
        let before = cb.snapshot();
        server.answer(status);
        send(&mut client, server.address).await.unwrap();
        let after = cb.snapshot();
        let counted = [
            after.success_count - before.success_count,
            after.failure_count - before.failure_count,
            after.ignored_count - before.ignored_count,
        ];
        let mut expected = [0; 3];
        expected[classify::http_status(status) as usize] = 1;
        assert_eq!(counted, expected, "status {status}");
    }
}

/// How long the circuit stays open after a failure that is answered so.
async fn wait_after(head: &'static str) -> Option<Duration> {
    let cb = CircuitBreaker::builder(CircuitBreakerConfig {
        failure_threshold: 1,
        success_threshold: 1,
        timeout: TIMEOUT,
    })
    .max_timeout(Duration::from_secs(600))
    .clock(ManualClock::new())
    .build()
    .unwrap();
    let address = hanging_up(head).await;
    let mut client = CircuitBreakerLayer::http(cb.clone()).layer(hyper());
    send(&mut client, address).await.unwrap();
    cb.try_acquire().err().map(|it| it.retry_after.unwrap())
}

#[tokio::test]
async fn retry_after_makes_the_wait_longer() {
    let seconds = "HTTP/1.1 503 Unwell\r\nContent-Length: 0\r\nRetry-After: 120\r\n\r\n";
    assert_eq!(wait_after(seconds).await, Some(Duration::from_secs(120)));
    let overload = "HTTP/1.1 429 Full\r\nContent-Length: 0\r\nRetry-After: 90\r\n\r\n";
    assert_eq!(wait_after(overload).await, Some(Duration::from_secs(90)));
    let date = "HTTP/1.1 503 Unwell\r\nContent-Length: 0\r\n\
        Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n\r\n";
    assert_eq!(wait_after(date).await, Some(Duration::from_secs(60)));
    let for_ever = "HTTP/1.1 503 Unwell\r\nContent-Length: 0\r\n\
        Retry-After: 99999999999999999999999\r\n\r\n";
    assert_eq!(wait_after(for_ever).await, Some(Duration::from_secs(600)));
}

#[tokio::test]
async fn retry_after_makes_no_wait_shorter_and_no_success_a_failure() {
    let shorter = "HTTP/1.1 503 Unwell\r\nContent-Length: 0\r\nRetry-After: 1\r\n\r\n";
    assert_eq!(wait_after(shorter).await, Some(TIMEOUT));
    let no_date = "HTTP/1.1 503 Unwell\r\nContent-Length: 0\r\n\
        Retry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n\r\n";
    assert_eq!(wait_after(no_date).await, Some(TIMEOUT));
    let other = "HTTP/1.1 500 Broken\r\nContent-Length: 0\r\nRetry-After: 120\r\n\r\n";
    assert_eq!(wait_after(other).await, Some(TIMEOUT));
    let moved = "HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nRetry-After: 120\r\n\r\n";
    assert_eq!(wait_after(moved).await, None);
}

#[tokio::test]
async fn a_404_opens_nothing() {
    let cb = breaker(&ManualClock::new());
    let server = Server::start().await;
    let mut client = CircuitBreakerLayer::http(cb.clone()).layer(hyper());
    server.answer(404);
    for _ in 0..10 {
        send(&mut client, server.address).await.unwrap();
    }
    assert_eq!(cb.snapshot().success_count, 10);
    assert_eq!(cb.current_state(), "Closed");
}

#[tokio::test]
async fn a_refused_connection_is_a_failure() {
    let cb = breaker(&ManualClock::new());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = listener.local_addr().unwrap();
    drop(listener);
    let mut client = CircuitBreakerLayer::http(cb.clone()).layer(hyper());
    for _ in 0..2 {
        let error = send(&mut client, nobody).await.unwrap_err();
        assert!(error.into_inner().unwrap().is_connect());
    }
    assert_eq!(cb.current_state(), "Open");
}

#[tokio::test]
async fn a_connection_lost_before_the_head_is_a_failure() {
    for written in ["", "HTTP/1.1 200 OK\r\nContent-Le"] {
        let cb = breaker(&ManualClock::new());
        let address = hanging_up(written).await;
        let mut client = CircuitBreakerLayer::http(cb.clone()).layer(hyper());
        for _ in 0..2 {
            let error = send(&mut client, address).await.unwrap_err();
            assert!(!error.is_open());
        }
        assert_eq!(cb.current_state(), "Open");
    }
}

#[tokio::test]
async fn a_connection_lost_in_the_body_counts_where_the_body_is_read_inside() {
    let address = hanging_up("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").await;

    let cb = breaker(&ManualClock::new());
    let mut client = CircuitBreakerLayer::http(cb.clone()).layer(hyper());
    let response = send(&mut client, address).await.unwrap();
    assert!(response.into_body().collect().await.is_err());
    assert_eq!(cb.snapshot().success_count, 1);

    let mut client = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::http(cb.clone()))
        .service(
            hyper()
                .map_response(|response| response.map(axum::body::Body::new))
                .map_err(BoxError::from)
                .and_then(|response: Response<axum::body::Body>| async {
                    let (head, body) = response.into_parts();
                    Ok::<_, BoxError>(Response::from_parts(head, body.collect().await?))
                }),
        );
    assert!(send(&mut client, address).await.is_err());
    assert_eq!(cb.snapshot().failure_count, 1);
}

#[tokio::test]
async fn a_timeout_inside_is_a_failure() {
    let cb = breaker(&ManualClock::new());
    let server = Server::start().await;
    let mut client = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::http(cb.clone()))
        .timeout(Duration::from_millis(20))
        .service(hyper());
    for _ in 0..2 {
        let call = client.ready().await.unwrap();
        let error = call.call(request(server.address, "/hang")).await;
        let error = error.unwrap_err().into_inner().unwrap();
        assert!(error.is::<tower::timeout::error::Elapsed>());
    }
    assert_eq!(cb.current_state(), "Open");
}

#[tokio::test]
async fn statuses_and_errors_may_be_classified_by_the_user() {
    let cb = breaker(&ManualClock::new());
    let server = Server::start().await;
    let classifier = HttpStatus::new()
        .statuses(|status| match status {
            StatusCode::NOT_FOUND => Outcome::Failure,
            other => classify::http_status(other.as_u16()),
        })
        .errors(|error: &Error| match error.is_connect() {
            true => Outcome::Failure,
            false => Outcome::Ignored,
        });
    let layer = CircuitBreakerLayer::http(cb.clone()).with_classifier(classifier);
    let mut client = layer.layer(hyper());

    // An address that hyper refuses to send to.
    let relative = Request::builder().uri("/relative").body(Body::new());
    let call = client.ready().await.unwrap().call(relative.unwrap());
    assert!(!call.await.unwrap_err().is_open());
    assert_eq!(cb.snapshot().ignored_count, 1);

    server.answer(404);
    send(&mut client, server.address).await.unwrap();
    assert_eq!(cb.snapshot().failure_count, 1);
}

#[tokio::test]
async fn a_rejection_as_a_response() {
    let clock = ManualClock::new();
    let cb = breaker(&clock);
    let server = Server::start().await;
    // The error is hyper's own then.
    let mut client = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::http(cb.clone()).reject_with_response())
        .map_response(|response: Response<_>| response.map(axum::body::Body::new))
        .service(hyper());
    let response: Result<_, Error> = send(&mut client, server.address).await;
    assert!(response.unwrap().extensions().get::<Rejection>().is_none());

    cb.trip();
    clock.advance(Duration::from_millis(1));
    let response = send(&mut client, server.address).await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "30");
    let rejection = response.extensions().get::<Rejection>().unwrap();
    assert_eq!(
        rejection.retry_after,
        Some(TIMEOUT - Duration::from_millis(1))
    );

    cb.force_open();
    let response = send(&mut client, server.address).await.unwrap();
    assert!(response.headers().get("retry-after").is_none());
    assert_eq!(server.hits(), 1);
}
