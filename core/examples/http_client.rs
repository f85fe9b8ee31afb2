//! An HTTP client that stops calling a sick server, and finds out by itself when it is well again.
//!
//! `cargo run -p k1s0-circuit-breaker --example http_client --features tower`

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use k1s0_circuit_breaker::tower::CircuitBreakerLayer;
use k1s0_circuit_breaker::{CircuitBreaker, CircuitBreakerConfig, CircuitBreakerError};
use tokio::net::TcpListener;
use tower::{Service, ServiceBuilder, ServiceExt};

type BoxError = Box<dyn Error + Send + Sync>;

/// Starts a server that is sick while the flag is set, and answers with its address.
async fn start_server(sick: Arc<AtomicBool>) -> Result<String, BoxError> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}/", listener.local_addr()?);
    let answer = async move || match sick.load(Ordering::SeqCst) {
        true => StatusCode::SERVICE_UNAVAILABLE,
        false => StatusCode::OK,
    };
    tokio::spawn(async { axum::serve(listener, Router::new().route("/", get(answer))).await });
    Ok(address)
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let sick = Arc::new(AtomicBool::new(false));
    let address = start_server(Arc::clone(&sick)).await?;

    let cb = CircuitBreaker::builder(CircuitBreakerConfig {
        failure_threshold: 3,
        success_threshold: 2,
        timeout: Duration::from_millis(500),
    })
    .name("inventory")
    .listener(|event| println!("    {} -> {}", event.transition.from, event.transition.to))
    .build()?;

    let mut client = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::http(cb.clone()))
        // Inside the breaker: a call that takes too long is a failure.
        .timeout(Duration::from_secs(1))
        .service(Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>());

    for step in 0..20 {
        sick.store((3..10).contains(&step), Ordering::SeqCst);
        let request = Request::get(&address).body(Empty::new())?;
        // A tower timeout boxes its errors, and a boxed error is not an `Error` itself: `?` needs help.
        let ready = client
            .ready()
            .await
            .map_err(CircuitBreakerError::into_box_error)?;
        match ready.call(request).await {
            Ok(response) => println!("{step:2} {}", response.status()),
            Err(CircuitBreakerError::Open(rejection)) => {
                println!(
                    "{step:2} rejected, come back in {:?}",
                    rejection.retry_after
                );
            }
            Err(CircuitBreakerError::Inner(error)) => println!("{step:2} {error}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    let metrics = cb.metrics().await;
    println!(
        "{} succeeded, {} failed, {} rejected; now {}",
        metrics.success_count, metrics.failure_count, metrics.rejected_count, metrics.state
    );
    Ok(())
}
