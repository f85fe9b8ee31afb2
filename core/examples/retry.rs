//! Retry and breaker together: the retry *outside*, so that the breaker counts each attempt and the
//! attempts end where the circuit opens. A rejection is not retried at once: nothing was called, so
//! nothing has changed. `core/tests/retry.rs` asserts what this example shows.
//!
//! `cargo run -p k1s0-circuit-breaker --example retry --features tower`

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use k1s0_circuit_breaker::tower::CircuitBreakerLayer;
use k1s0_circuit_breaker::{
    CircuitBreaker, CircuitBreakerConfig, CircuitBreakerError, Classifier, Outcome, classify,
};
use tokio::net::TcpListener;
use tower::retry::Policy;
use tower::{Service, ServiceBuilder, ServiceExt};

/// As tower has it.
pub type BoxError = Box<dyn Error + Send + Sync>;

// ===== with tower =====

/// Retries failures, each after twice the wait of the one before. Rejections it hands on.
#[derive(Clone, Debug)]
pub struct RetryFailures {
    /// How many times at most, after the first attempt.
    pub retries: u32,
    /// The first wait.
    pub backoff: Duration,
}

impl<Req: Clone, B, E> Policy<Req, Response<B>, CircuitBreakerError<E>> for RetryFailures {
    type Future = tokio::time::Sleep;

    fn retry(
        &mut self,
        _request: &mut Req,
        result: &mut Result<Response<B>, CircuitBreakerError<E>>,
    ) -> Option<Self::Future> {
        let failed = match result {
            Ok(response) => classify::http_status(response.status().as_u16()) == Outcome::Failure,
            Err(CircuitBreakerError::Inner(_)) => true,
            Err(CircuitBreakerError::Open(_)) => false,
        };
        if !failed || self.retries == 0 {
            return None;
        }
        let wait = self.backoff;
        self.retries -= 1;
        self.backoff *= 2;
        Some(tokio::time::sleep(wait))
    }

    fn clone_request(&mut self, request: &Req) -> Option<Req> {
        Some(request.clone())
    }
}

/// Sends one request through retry, breaker and timeout, in this order from the outside in.
pub async fn send_with_tower(
    cb: &CircuitBreaker,
    policy: RetryFailures,
    server: SocketAddr,
) -> Result<StatusCode, CircuitBreakerError<BoxError>> {
    let mut client = ServiceBuilder::new()
        .retry(policy)
        .layer(CircuitBreakerLayer::http(cb.clone()))
        .timeout(Duration::from_secs(5))
        .service(Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>());
    let request = Request::get(format!("http://{server}/"))
        .body(Empty::new())
        .map_err(|error| CircuitBreakerError::Inner(error.into()))?;
    let response = client.ready().await?.call(request).await?;
    Ok(response.status())
}

// ===== without =====

/// The same as a loop around [`CircuitBreaker::call`]. This one is patient: where it is rejected, it
/// waits until the breaker may probe.
pub async fn call_with_retries<C, T, E>(
    cb: &CircuitBreaker<C>,
    mut retries: u32,
    mut backoff: Duration,
    wait: impl AsyncFn(Duration),
    send: impl AsyncFn() -> Result<T, E>,
) -> Result<T, CircuitBreakerError<E>>
where
    C: Classifier<T, E>,
{
    loop {
        let error = match cb.call(|| send()).await {
            Ok(response) => return Ok(response),
            Err(error) if retries == 0 => return Err(error),
            Err(error) => error,
        };
        retries -= 1;
        match error {
            CircuitBreakerError::Inner(_) => {
                wait(backoff).await;
                backoff *= 2;
            }
            CircuitBreakerError::Open(rejection) => match rejection.retry_after {
                Some(time) => wait(time).await,
                None => return Err(error),
            },
        }
    }
}

// ===== the server =====

/// A server that is sick for so many requests, and counts them.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    hits: Arc<AtomicU32>,
}

impl Server {
    /// Starts it on a free port.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub async fn start(sick_for: u32) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let hits = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&hits);
        let answer = async move || match counted.fetch_add(1, Ordering::SeqCst) {
            hit if hit < sick_for => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::OK,
        };
        let routes = Router::new().route("/", get(answer));
        tokio::spawn(async { axum::serve(listener, routes).await });
        Ok(Self { address, hits })
    }

    /// How many requests have come.
    pub fn hits(&self) -> u32 {
        self.hits.load(Ordering::SeqCst)
    }
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let config = CircuitBreakerConfig {
        failure_threshold: 3,
        success_threshold: 1,
        timeout: Duration::from_millis(500),
    };
    let policy = RetryFailures {
        retries: 10,
        backoff: Duration::from_millis(10),
    };

    println!("with tower, 20 requests of up to 11 attempts each:");
    let cb = CircuitBreaker::new(config);
    let server = Server::start(u32::MAX).await?;
    let mut rejected = 0;
    for _ in 0..20 {
        if let Err(error) = send_with_tower(&cb, policy.clone(), server.address).await {
            rejected += u32::from(error.is_open());
        }
    }
    println!(
        "  {rejected} were rejected in the end, and the server was called {} times",
        server.hits()
    );

    println!("without, waiting where it is rejected:");
    let cb = CircuitBreaker::new(config);
    let server = Server::start(3).await?;
    // The guarded call has no breaker in it; it only turns a bad status into an error.
    let send = async || match send_once(server.address).await? {
        StatusCode::OK => Ok("OK"),
        status => Err(BoxError::from(status.to_string())),
    };
    let wait = async |time| {
        println!("    wait {time:?}");
        tokio::time::sleep(time).await;
    };
    let answer = call_with_retries(&cb, 10, policy.backoff, wait, send).await;
    println!(
        "  {answer:?}; the server was called {} times",
        server.hits()
    );
    Ok(())
}

/// Sends one request.
pub async fn send_once(server: SocketAddr) -> Result<StatusCode, BoxError> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let response = client.get(format!("http://{server}/").parse()?).await?;
    Ok(response.status())
}
