//! Which results are failures.

use alloc::sync::Arc;
use core::time::Duration;

use crate::machine::Outcome;

/// Decides what the result of a guarded call says about the callee's health.
///
/// A closure `Fn(Result<&T, &E>) -> Outcome` is a classifier. It runs after the call, outside every
/// lock, and may use the breaker. If it panics, the panic goes on to the caller and the call counts
/// as a failure (SPEC 7.4).
///
/// ```
/// use k1s0_circuit_breaker::{CircuitBreaker, CircuitBreakerConfig, Outcome};
/// use std::io;
///
/// let cb = CircuitBreaker::builder(CircuitBreakerConfig::default())
///     .classifier(|result: Result<&u32, &io::Error>| match result {
///         Ok(_) => Outcome::Success,
///         // A missing file is an answer like any other.
///         Err(error) if error.kind() == io::ErrorKind::NotFound => Outcome::Ignored,
///         Err(_) => Outcome::Failure,
///     })
///     .build()?;
///
/// let missing = cb.call_sync(|| Err::<u32, _>(io::Error::from(io::ErrorKind::NotFound)));
/// assert!(missing.is_err());
/// assert_eq!(cb.snapshot().failure_count, 0);
/// assert_eq!(cb.snapshot().ignored_count, 1);
/// # Ok::<(), k1s0_circuit_breaker::ConfigError>(())
/// ```
///
/// To name the type of a breaker with a classifier, implement the trait for a type of your own, or
/// use `Arc<dyn Classifier<T, E> + Send + Sync>`.
pub trait Classifier<T, E> {
    /// What the result says.
    fn classify(&self, result: Result<&T, &E>) -> Outcome;

    /// For how long the server asks not to be called, its `Retry-After`; asked of failures only. If the
    /// failure opens the circuit, the wait is at least that long (SPEC 13.4).
    #[inline]
    fn retry_after(&self, _failure: Result<&T, &E>) -> Option<Duration> {
        None
    }
}

/// Every `Ok` is a success and every `Err` a failure: the classifier of a breaker that was given
/// none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErrorsAreFailures;

impl<T, E> Classifier<T, E> for ErrorsAreFailures {
    #[inline]
    fn classify(&self, result: Result<&T, &E>) -> Outcome {
        match result {
            Ok(_) => Outcome::Success,
            Err(_) => Outcome::Failure,
        }
    }
}

impl<T, E, F> Classifier<T, E> for F
where
    F: Fn(Result<&T, &E>) -> Outcome,
{
    #[inline]
    fn classify(&self, result: Result<&T, &E>) -> Outcome {
        self(result)
    }
}

impl<T, E> Classifier<T, E> for Arc<dyn Classifier<T, E> + Send + Sync> {
    fn classify(&self, result: Result<&T, &E>) -> Outcome {
        (**self).classify(result)
    }

    fn retry_after(&self, failure: Result<&T, &E>) -> Option<Duration> {
        (**self).retry_after(failure)
    }
}
