//! The two clients: the same connection pool and the same deadline, one of them behind the breaker.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use k1s0_circuit_breaker::tower::{CircuitBreakerLayer, CircuitBreakerService, HttpStatus};
use k1s0_circuit_breaker::{CircuitBreaker, CircuitBreakerError};
use tokio::time::Instant;
use tower::timeout::Timeout;
use tower::{Layer, Service, ServiceExt};

use crate::script::DEADLINE;

/// What the caller was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// 200 and the whole body.
    Good,
    /// An error of the server, or none before the deadline.
    Failed,
    /// The breaker said no; nothing was sent.
    Rejected,
}

/// One request, as the caller saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// When it was due. Waiting counts from here, so a client that falls behind cannot hide it.
    pub(crate) due: Duration,
    /// When it was asked for.
    pub(crate) started: Duration,
    /// When the caller had its answer.
    pub(crate) ended: Duration,
    /// The answer.
    pub(crate) answer: Answer,
}

impl Call {
    /// How long the caller waited.
    pub(crate) fn waited(&self) -> Duration {
        self.ended.saturating_sub(self.due)
    }
}

/// A connection pool with a deadline.
type Plain = Timeout<Pool<HttpConnector, Empty<Bytes>>>;
/// The same behind the breaker.
type Guarded = CircuitBreakerService<Plain, HttpStatus>;

enum Stack {
    Plain(Plain),
    Guarded(Guarded),
}

/// A client and the book of its calls.
pub(crate) struct Client {
    stack: Stack,
    uri: Uri,
    origin: Instant,
    calls: Mutex<Vec<Call>>,
}

impl Client {
    /// A client of the server at `address`, behind `breaker` if there is one.
    pub(crate) fn new(
        address: SocketAddr,
        breaker: Option<CircuitBreaker>,
        origin: Instant,
    ) -> anyhow::Result<Arc<Self>> {
        let pool = Pool::builder(TokioExecutor::new()).build_http();
        // Inside the breaker: a deadline that passes must be a failure. Outside, it would drop the
        // guarded call, and that is the caller's own doing.
        let plain = Timeout::new(pool, DEADLINE);
        Ok(Arc::new(Self {
            stack: match breaker {
                None => Stack::Plain(plain),
                Some(breaker) => Stack::Guarded(CircuitBreakerLayer::http(breaker).layer(plain)),
            },
            uri: format!("http://{address}/").parse()?,
            origin,
            calls: Mutex::default(),
        }))
    }

    /// Makes one call and writes it down.
    pub(crate) async fn call(&self, due: Duration) {
        let started = self.origin.elapsed();
        let answer = match &self.stack {
            Stack::Plain(service) => self
                .exchange(service.clone())
                .await
                .unwrap_or(Answer::Failed),
            Stack::Guarded(service) => match self.exchange(service.clone()).await {
                Ok(answer) => answer,
                Err(CircuitBreakerError::Open(_)) => Answer::Rejected,
                Err(CircuitBreakerError::Inner(_)) => Answer::Failed,
            },
        };
        let mut calls = self.calls();
        calls.push(Call {
            due,
            started,
            ended: self.origin.elapsed(),
            answer,
        });
    }

    async fn exchange<S>(&self, service: S) -> Result<Answer, S::Error>
    where
        S: Service<Request<Empty<Bytes>>, Response = Response<Incoming>>,
    {
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = self.uri.clone();
        let response = service.oneshot(request).await?;
        let status = response.status();
        // Read to the end, or the connection cannot be used again. These bodies are a few bytes
        // and come with the head.
        let complete = response.into_body().collect().await.is_ok();
        Ok(if status == StatusCode::OK && complete {
            Answer::Good
        } else {
            Answer::Failed
        })
    }

    /// The calls that have ended, from number `first` on, in order of their end.
    pub(crate) fn calls_from(&self, first: usize) -> Vec<Call> {
        self.calls()[first..].to_vec()
    }

    fn calls(&self) -> MutexGuard<'_, Vec<Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
