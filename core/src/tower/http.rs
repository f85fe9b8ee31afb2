//! HTTP: the status says it.

use std::fmt;
use std::time::Duration;

use http::{Response, StatusCode};

use super::{ClassifyError, asked};
use crate::classifier::{Classifier, ErrorsAreFailures};
use crate::classify;
use crate::machine::Outcome;

/// Classifies an HTTP response by its status, with the table of [`crate::classify::http_status`];
/// every error of the client is a failure. A failure's `Retry-After` is handed on (SPEC 13.4).
///
/// The call is settled when the response head is there. What happens to the body later (a reset, a
/// stall) counts nowhere: read it inside the guarded service if it is to count.
///
/// It is a [`Classifier`], so it works for [`call`](crate::CircuitBreaker::call) as well:
///
/// ```
/// use k1s0_circuit_breaker::CircuitBreaker;
/// use k1s0_circuit_breaker::tower::HttpStatus;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let cb = CircuitBreaker::default().with_classifier(HttpStatus::new());
/// # let send = || async { http::Response::builder().status(503).body(()) };
/// let response = cb.call(send).await?;
/// assert_eq!(response.status(), 503);
/// assert_eq!(cb.snapshot().failure_count, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct HttpStatus<F = fn(StatusCode) -> Outcome, G = ErrorsAreFailures> {
    statuses: F,
    errors: G,
}

impl HttpStatus {
    /// The table, and every error a failure.
    pub fn new() -> Self {
        Self {
            statuses: |status| classify::http_status(status.as_u16()),
            errors: ErrorsAreFailures,
        }
    }
}

impl<F, G> HttpStatus<F, G> {
    /// Classifies statuses with a function instead.
    pub fn statuses<H: Fn(StatusCode) -> Outcome>(self, statuses: H) -> HttpStatus<H, G> {
        HttpStatus {
            statuses,
            errors: self.errors,
        }
    }

    /// Classifies the client's errors with a function instead of counting all as failures.
    ///
    /// ```
    /// use k1s0_circuit_breaker::Outcome;
    /// use k1s0_circuit_breaker::tower::HttpStatus;
    /// use std::io;
    ///
    /// let classifier = HttpStatus::new().errors(|error: &io::Error| match error.kind() {
    ///     io::ErrorKind::InvalidInput => Outcome::Ignored,
    ///     _ => Outcome::Failure,
    /// });
    /// # let _ = classifier;
    /// ```
    pub fn errors<E, H: Fn(&E) -> Outcome>(self, errors: H) -> HttpStatus<F, H> {
        HttpStatus {
            statuses: self.statuses,
            errors,
        }
    }
}

impl Default for HttpStatus {
    fn default() -> Self {
        Self::new()
    }
}

impl<B, E, F, G> Classifier<Response<B>, E> for HttpStatus<F, G>
where
    F: Fn(StatusCode) -> Outcome,
    G: ClassifyError<E>,
{
    fn classify(&self, result: Result<&Response<B>, &E>) -> Outcome {
        match result {
            Ok(response) => (self.statuses)(response.status()),
            Err(error) => self.errors.classify_error(error),
        }
    }

    fn retry_after(&self, failure: Result<&Response<B>, &E>) -> Option<Duration> {
        let response = failure.ok()?;
        asked::http(response.status(), response.headers())
    }
}

impl<F, G> fmt::Debug for HttpStatus<F, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpStatus").finish_non_exhaustive()
    }
}
