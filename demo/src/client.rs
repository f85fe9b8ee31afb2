//! The two clients: the same connection pool and the same deadline, one of them behind the breaker.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use k1s0_circuit_breaker::CircuitBreaker;
use k1s0_circuit_breaker::Outcome;
use k1s0_circuit_breaker::classify::http_status;
use tokio::time::Instant;
use tower::timeout::Timeout;
use tower::{BoxError, ServiceExt};

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

type Http = Timeout<Pool<HttpConnector, Empty<Bytes>>>;

/// A client and the book of its calls.
pub(crate) struct Client {
    http: Http,
    breaker: Option<CircuitBreaker>,
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
        Ok(Arc::new(Self {
            // Inside the breaker: a deadline that passes must be a failure. Outside, it would
            // drop the guarded call, and that is the caller's own doing.
            http: Timeout::new(pool, DEADLINE),
            breaker,
            uri: format!("http://{address}/").parse()?,
            origin,
            calls: Mutex::default(),
        }))
    }

    /// Makes one call and writes it down.
    pub(crate) async fn call(&self, due: Duration) {
        let started = self.origin.elapsed();
        let answer = match &self.breaker {
            None => answer_of(&self.exchange().await),
            Some(breaker) => self.guarded(breaker).await,
        };
        let mut calls = self.calls();
        calls.push(Call {
            due,
            started,
            ended: self.origin.elapsed(),
            answer,
        });
    }

    async fn guarded(&self, breaker: &CircuitBreaker) -> Answer {
        let Ok(mut permit) = breaker.try_acquire_owned() else {
            return Answer::Rejected;
        };
        let result = self.exchange().await;
        permit.settle(match &result {
            Ok(status) => http_status(status.as_u16()),
            Err(_) => Outcome::Failure,
        });
        answer_of(&result)
    }

    async fn exchange(&self) -> Result<StatusCode, BoxError> {
        let request = Request::get(self.uri.clone()).body(Empty::new())?;
        let response = self.http.clone().oneshot(request).await?;
        let status = response.status();
        // Read to the end, or the connection cannot be used again.
        response.into_body().collect().await?;
        Ok(status)
    }

    /// The calls that have ended, from number `first` on, in order of their end.
    pub(crate) fn calls_from(&self, first: usize) -> Vec<Call> {
        self.calls()[first..].to_vec()
    }

    fn calls(&self) -> MutexGuard<'_, Vec<Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn answer_of(result: &Result<StatusCode, BoxError>) -> Answer {
    match result {
        Ok(StatusCode::OK) => Answer::Good,
        _ => Answer::Failed,
    }
}
