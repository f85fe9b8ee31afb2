//! The breaker as a trait, for code that is tested with a stand-in.

use std::future::Future;

use crate::breaker::CircuitBreaker;
use crate::error::{CircuitBreakerError, Rejection};
use crate::machine::State;
use crate::metrics::CircuitBreakerMetrics;
use crate::permit::OwnedPermit;

/// What code that uses a breaker needs of it. Object-safe: hold an `Arc<dyn Breaker>`.
///
/// With feature `mock` there is `MockBreaker`, whose answers a test sets: a rejection, to see what the
/// code does with an open circuit, or a permit of a real breaker, to count what is settled.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Breaker: Send + Sync {
    /// As [`CircuitBreaker::try_acquire_owned`].
    ///
    /// # Errors
    ///
    /// [`Rejection`] says why not.
    fn try_acquire_owned(&self) -> Result<OwnedPermit, Rejection>;

    /// As [`CircuitBreaker::current_state`].
    fn current_state(&self) -> State;

    /// As [`CircuitBreaker::snapshot`].
    fn snapshot(&self) -> CircuitBreakerMetrics;

    /// As [`CircuitBreaker::record_success_sync`].
    fn record_success_sync(&self);

    /// As [`CircuitBreaker::record_failure_sync`].
    fn record_failure_sync(&self);
}

impl<C: Send + Sync> Breaker for CircuitBreaker<C> {
    fn try_acquire_owned(&self) -> Result<OwnedPermit, Rejection> {
        Self::try_acquire_owned(self)
    }

    fn current_state(&self) -> State {
        Self::current_state(self)
    }

    fn snapshot(&self) -> CircuitBreakerMetrics {
        Self::snapshot(self)
    }

    fn record_success_sync(&self) {
        Self::record_success_sync(self);
    }

    fn record_failure_sync(&self) {
        Self::record_failure_sync(self);
    }
}

/// The guarded call, for every [`Breaker`].
pub trait BreakerExt: Breaker {
    /// Guards a future, as [`CircuitBreaker::call`] does with every `Err` a failure.
    ///
    /// # Errors
    ///
    /// As [`CircuitBreaker::call`].
    fn call<F, Fut, T, E>(
        &self,
        function: F,
    ) -> impl Future<Output = Result<T, CircuitBreakerError<E>>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        async {
            let permit = self.try_acquire_owned()?;
            let result = function().await;
            match &result {
                Ok(_) => permit.success(),
                Err(_) => permit.failure(),
            };
            result.map_err(CircuitBreakerError::Inner)
        }
    }
}

impl<B: Breaker + ?Sized> BreakerExt for B {}
