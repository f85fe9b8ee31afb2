//! What can go wrong, as types.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use core::time::Duration;

use crate::machine::RejectReason;

/// Why a guarded call has no result.
///
/// `Open(_)` means that the guarded function was not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CircuitBreakerError<E> {
    /// The call was rejected; see [`Rejection`].
    #[error("circuit breaker is open")]
    Open(Rejection),
    /// The guarded call's own error, unchanged. It is not the `source`, so that it may be anything
    /// that prints: a `String`, an `anyhow::Error`. See [`into_box_error`](Self::into_box_error).
    #[error("inner error: {0}")]
    Inner(E),
}

impl<E> CircuitBreakerError<E> {
    /// Whether the call was rejected. Do not retry such an error at once: nothing was called.
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    /// When to come back, if the call was rejected and somebody can say (SPEC 5.1).
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Open(rejection) => rejection.retry_after,
            Self::Inner(_) => None,
        }
    }

    /// The guarded call's own error, if there is one.
    pub fn into_inner(self) -> Option<E> {
        match self {
            Self::Open(_) => None,
            Self::Inner(error) => Some(error),
        }
    }

    /// Boxes the error as itself: the [`Rejection`], or the guarded call's own error.
    ///
    /// For callers that look for a known error in the chain of sources, or want it without "inner
    /// error: " before it.
    ///
    /// ```
    /// use k1s0_circuit_breaker::{CircuitBreaker, CircuitBreakerError, Rejection};
    /// use std::error::Error;
    ///
    /// fn ask(cb: &CircuitBreaker) -> Result<u32, Box<dyn Error + Send + Sync>> {
    ///     cb.call_sync(|| "no number".parse::<u32>().map_err(|_| String::from("no number")))
    ///         .map_err(CircuitBreakerError::into_box_error)
    /// }
    ///
    /// let cb = CircuitBreaker::default();
    /// assert_eq!(ask(&cb).unwrap_err().to_string(), "no number");
    /// cb.trip();
    /// assert!(ask(&cb).unwrap_err().is::<Rejection>());
    /// ```
    pub fn into_box_error(self) -> Box<dyn core::error::Error + Send + Sync>
    where
        E: Into<Box<dyn core::error::Error + Send + Sync>>,
    {
        match self {
            Self::Open(rejection) => rejection.into(),
            Self::Inner(error) => error.into(),
        }
    }
}

impl<E> From<Rejection> for CircuitBreakerError<E> {
    fn from(rejection: Rejection) -> Self {
        Self::Open(rejection)
    }
}

/// A call was not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Rejection {
    /// Why.
    pub reason: RejectReason,
    /// What is left of the wait (SPEC 5.1). None while probes are out, in a forced mode, and when
    /// the wait never ends: then nobody can say.
    pub retry_after: Option<Duration>,
}

impl Rejection {
    /// A rejection, for code that stands in for a breaker in a test.
    pub const fn new(reason: RejectReason, retry_after: Option<Duration>) -> Self {
        Self {
            reason,
            retry_after,
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("circuit breaker is open")
    }
}

impl core::error::Error for Rejection {}

/// A configuration that was refused: which field, its value, and what it may be (SPEC 3.1).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} is {value}; it must be {range}")]
pub struct ConfigError {
    field: &'static str,
    value: String,
    range: Cow<'static, str>,
}

impl ConfigError {
    pub(crate) const fn new(field: &'static str, value: String, range: Cow<'static, str>) -> Self {
        Self {
            field,
            value,
            range,
        }
    }

    /// The field's name, as in SPEC 3.
    pub const fn field(&self) -> &'static str {
        self.field
    }

    /// The value, as it was given.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The values that the field may have.
    pub fn range(&self) -> &str {
        &self.range
    }
}
