//! What becomes of a rejection.

use std::error::Error;
use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};

use crate::error::{CircuitBreakerError, Rejection};

/// The number of gRPC's `UNAVAILABLE`.
const UNAVAILABLE: HeaderValue = HeaderValue::from_static("14");

/// What a guarded service answers when the breaker rejects a call, and how it hands on the inner
/// service's errors.
pub trait OnRejection<Res, E> {
    /// The guarded service's error.
    type Error;

    /// The answer to a call that was rejected.
    ///
    /// # Errors
    ///
    /// The rejection, unless it is answered with a response.
    fn reject(&self, rejection: Rejection) -> Result<Res, Self::Error>;

    /// Hands on an error of the inner service.
    fn pass(&self, error: E) -> Self::Error;
}

/// Rejections and inner errors are told apart by type: [`CircuitBreakerError`]. The default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RejectWithError;

impl<Res, E> OnRejection<Res, E> for RejectWithError {
    type Error = CircuitBreakerError<E>;

    fn reject(&self, rejection: Rejection) -> Result<Res, Self::Error> {
        Err(rejection.into())
    }

    fn pass(&self, error: E) -> Self::Error {
        CircuitBreakerError::Inner(error)
    }
}

/// Rejections and inner errors are boxed, each as itself: `error.is::<Rejection>()` tells them
/// apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RejectWithBoxError;

impl<Res, E: Into<Box<dyn Error + Send + Sync>>> OnRejection<Res, E> for RejectWithBoxError {
    type Error = Box<dyn Error + Send + Sync>;

    fn reject(&self, rejection: Rejection) -> Result<Res, Self::Error> {
        Err(rejection.into())
    }

    fn pass(&self, error: E) -> Self::Error {
        error.into()
    }
}

/// A rejection is a `503 Service Unavailable` with an empty body, with `Retry-After` (in whole
/// seconds, rounded up) where the breaker knows when to come back.
///
/// The [`Rejection`] is in the response's extensions: that is how to tell it from the server's own
/// 503. Inner errors pass through unchanged. The body type must have a `Default`, as those of axum
/// and tonic and `BoxBody` do; hyper's `Incoming` does not, so map it inside the breaker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RejectWithHttpStatus;

impl<B: Default, E> OnRejection<Response<B>, E> for RejectWithHttpStatus {
    type Error = E;

    fn reject(&self, rejection: Rejection) -> Result<Response<B>, E> {
        let mut response = Response::new(B::default());
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        if let Some(wait) = rejection.retry_after {
            let seconds = rounded_up(wait, Duration::from_secs(1));
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(rejection);
        Ok(response)
    }

    fn pass(&self, error: E) -> E {
        error
    }
}

/// A rejection is a trailers-only gRPC response: status `UNAVAILABLE` (14), message "circuit breaker
/// is open", and `grpc-retry-pushback-ms`: when to come back, or -1, "do not retry", where nobody
/// knows.
///
/// The pushback keeps clients that retry `UNAVAILABLE` by themselves from doing so at once. The
/// [`Rejection`] is in the response's extensions. Inner errors pass through unchanged, so that tonic
/// finds the status in them that it would find without a breaker. The body type must have a
/// `Default`, as tonic's has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RejectWithGrpcStatus;

impl<B: Default, E> OnRejection<Response<B>, E> for RejectWithGrpcStatus {
    type Error = E;

    fn reject(&self, rejection: Rejection) -> Result<Response<B>, E> {
        let pushback = match rejection.retry_after {
            Some(wait) => rounded_up(wait, Duration::from_millis(1)).into(),
            None => HeaderValue::from_static("-1"),
        };
        let message = HeaderValue::from_static("circuit breaker is open");
        let mut response = Response::new(B::default());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert("grpc-status", UNAVAILABLE);
        headers.insert("grpc-message", message);
        headers.insert("grpc-retry-pushback-ms", pushback);
        response.extensions_mut().insert(rejection);
        Ok(response)
    }

    fn pass(&self, error: E) -> E {
        error
    }
}

/// How many units it takes to cover the wait.
fn rounded_up(wait: Duration, unit: Duration) -> u64 {
    let units = wait.as_nanos().div_ceil(unit.as_nanos());
    u64::try_from(units).unwrap_or(u64::MAX)
}
