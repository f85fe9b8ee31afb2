//! A tonic client that stops calling a sick server. A rejection is a `Status` with code
//! `UNAVAILABLE`, which says when to come back.
//!
//! `cargo run -p k1s0-circuit-breaker --example grpc_client --features tower`

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use k1s0_circuit_breaker::tower::CircuitBreakerLayer;
use k1s0_circuit_breaker::{CircuitBreaker, CircuitBreakerConfig};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Response, Status};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tower::ServiceBuilder;

type BoxError = Box<dyn Error + Send + Sync>;

/// Any gRPC service would do; this one needs no `.proto` file of its own.
struct Service {
    sick: Arc<AtomicBool>,
}

#[tonic::async_trait]
impl Health for Service {
    type WatchStream = tokio_stream::Empty<Result<HealthCheckResponse, Status>>;

    async fn check(
        &self,
        _request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        match self.sick.load(Ordering::SeqCst) {
            true => Err(Status::unavailable("the database is away")),
            false => Ok(Response::new(HealthCheckResponse::default())),
        }
    }

    async fn watch(
        &self,
        _request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        Ok(Response::new(tokio_stream::empty()))
    }
}

/// Starts a server that is sick while the flag is set, and answers with its address.
async fn start_server(sick: Arc<AtomicBool>) -> Result<String, BoxError> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let server = Server::builder().add_service(HealthServer::new(Service { sick }));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
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

    let channel = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::grpc(cb.clone()))
        .service(Endpoint::try_from(address)?.connect_lazy());
    let mut client = HealthClient::new(channel);

    for step in 0..20 {
        sick.store((3..10).contains(&step), Ordering::SeqCst);
        match client.check(HealthCheckRequest::default()).await {
            Ok(_) => println!("{step:2} OK"),
            Err(status) => {
                let pushback = status.metadata().get("grpc-retry-pushback-ms");
                println!(
                    "{step:2} {:?}: {} (come back in ms: {pushback:?})",
                    status.code(),
                    status.message(),
                );
            }
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
