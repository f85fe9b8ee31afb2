//! The guarded service.

use std::fmt;
use std::mem;
use std::task::{Context, Poll, Waker, ready};

use tower_service::Service;

use super::reject::{OnRejection, RejectWithError};
use super::{ResponseClassifier, ResponseFuture};
use crate::breaker::CircuitBreaker;
use crate::classifier::ErrorsAreFailures;
use crate::error::Rejection;
use crate::machine::{Outcome, RejectReason};

/// A service guarded by a circuit breaker; from [`CircuitBreakerLayer`](super::CircuitBreakerLayer).
///
/// See the [module](super) for when a call is admitted and what becomes of it. Clones share the
/// breaker; none of them holds a permit.
pub struct CircuitBreakerService<S, K = ErrorsAreFailures, R = RejectWithError> {
    inner: S,
    breaker: CircuitBreaker<K>,
    rejections: R,
    /// Whether `inner` has said that it is ready, and has not been called since.
    ready: bool,
}

impl<S, K, R> CircuitBreakerService<S, K, R> {
    pub(super) const fn new(inner: S, breaker: CircuitBreaker<K>, rejections: R) -> Self {
        Self {
            inner,
            breaker,
            rejections,
            ready: false,
        }
    }

    /// The inner service.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The inner service. Calls that are made through it are not guarded.
    pub const fn get_mut(&mut self) -> &mut S {
        // Whoever has it may call it, and use up its readiness.
        self.ready = false;
        &mut self.inner
    }

    /// The inner service, taken out.
    pub fn into_inner(self) -> S {
        self.inner
    }

    /// The breaker.
    pub const fn breaker(&self) -> &CircuitBreaker<K> {
        &self.breaker
    }

    /// Whether `inner` may be called now. If it was not asked (the breaker was open in `poll_ready`
    /// and admits by now), it is asked here, and must not wait: the waker wakes nobody.
    fn take_readiness<Req>(&mut self) -> Poll<Result<(), S::Error>>
    where
        S: Service<Req>,
    {
        if mem::take(&mut self.ready) {
            return Poll::Ready(Ok(()));
        }
        self.inner
            .poll_ready(&mut Context::from_waker(Waker::noop()))
    }
}

impl<S, K, R, Req> Service<Req> for CircuitBreakerService<S, K, R>
where
    S: Service<Req>,
    K: ResponseClassifier<S::Response, S::Error> + Clone,
    R: OnRejection<K::Response, S::Error> + Clone,
{
    type Response = K::Response;
    type Error = R::Error;
    type Future = ResponseFuture<S::Future, S::Error, K, R>;

    /// Ready at once while the breaker is open; otherwise when the inner service is.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if self.breaker.is_open() {
            return Poll::Ready(Ok(()));
        }
        let result = ready!(self.inner.poll_ready(cx));
        self.ready = result.is_ok();
        Poll::Ready(result.map_err(|error| self.rejections.pass(error)))
    }

    /// Asks for admission, and calls the inner service (the very one that was ready) if it is given.
    fn call(&mut self, request: Req) -> Self::Future {
        let classifier = self.breaker.classifier().clone();
        let rejections = self.rejections.clone();
        // Held in this frame while the inner service runs: if that panics, the permit is dropped by
        // the unwinding, and so counts as a failure (SPEC 7.4).
        let mut permit = match self.breaker.try_acquire_owned() {
            Ok(permit) => permit,
            Err(rejection) => return ResponseFuture::rejected(rejection, classifier, rejections),
        };
        match self.take_readiness() {
            Poll::Ready(Ok(())) => {
                let running = self.inner.call(request);
                ResponseFuture::running(running, permit, classifier, rejections)
            }
            // Not called, so there is no result, whatever its readiness says.
            Poll::Ready(Err(error)) => {
                permit.settle(Outcome::Cancelled);
                ResponseFuture::failed(error, classifier, rejections)
            }
            Poll::Pending => {
                permit.settle(Outcome::Cancelled);
                let rejection = Rejection::new(RejectReason::Open, None);
                ResponseFuture::rejected(rejection, classifier, rejections)
            }
        }
    }
}

// By hand: a clone of a ready service is not ready.
impl<S: Clone, K: Clone, R: Clone> Clone for CircuitBreakerService<S, K, R> {
    fn clone(&self) -> Self {
        Self::new(
            self.inner.clone(),
            self.breaker.clone(),
            self.rejections.clone(),
        )
    }
}

impl<S: fmt::Debug, K, R: fmt::Debug> fmt::Debug for CircuitBreakerService<S, K, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakerService")
            .field("inner", &self.inner)
            .field("breaker", &self.breaker)
            .field("rejections", &self.rejections)
            .field("ready", &self.ready)
            .finish()
    }
}
