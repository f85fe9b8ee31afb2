//! The future of a guarded call.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::breaker::CircuitBreaker;
use crate::classifier::Classifier;
use crate::error::CircuitBreakerError;
use crate::machine::Outcome;
use crate::permit::Permit;

pin_project! {
    /// A guarded call, from [`CircuitBreaker::call`].
    ///
    /// It asks for admission when it is first polled. It is written by hand because the future of an
    /// `async fn` around another one is copied more often than this one.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Call<'a, C, F, Fut> {
        breaker: &'a CircuitBreaker<C>,
        function: Option<F>,
        permit: Option<Permit<'a>>,
        #[pin]
        running: Option<Fut>,
    }

    impl<C, F, Fut> PinnedDrop for Call<'_, C, F, Fut> {
        fn drop(this: Pin<&mut Self>) {
            // Dropped while it was pending: the caller gave up (SPEC 7.3), even if what made it
            // give up is a panic somewhere else.
            if let Some(mut permit) = this.project().permit.take() {
                permit.settle(Outcome::Cancelled);
            }
        }
    }
}

impl<'a, C, F, Fut> Call<'a, C, F, Fut> {
    #[inline]
    pub(crate) const fn new(breaker: &'a CircuitBreaker<C>, function: F) -> Self {
        Self {
            breaker,
            function: Some(function),
            permit: None,
            running: None,
        }
    }
}

impl<C, F, Fut, T, E> Future for Call<'_, C, F, Fut>
where
    C: Classifier<T, E>,
    F: FnOnce() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    type Output = Result<T, CircuitBreakerError<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        // The permit is held in this frame while user code runs: if that panics, it is dropped by
        // the unwinding, and so counts as a failure (SPEC 7.4).
        let permit = match this.function.take() {
            Some(function) => match this.breaker.try_acquire() {
                Ok(permit) => {
                    this.running.set(Some(function()));
                    Some(permit)
                }
                Err(rejection) => return Poll::Ready(Err(rejection.into())),
            },
            None => this.permit.take(),
        };
        let (Some(permit), Some(running)) = (permit, this.running.as_mut().as_pin_mut()) else {
            // Polled again after it had ended: as every future, it may then do what it likes.
            return Poll::Pending;
        };
        match running.poll(cx) {
            Poll::Pending => {
                *this.permit = Some(permit);
                Poll::Pending
            }
            Poll::Ready(result) => {
                let result = this.breaker.conclude(permit, result);
                this.running.set(None);
                Poll::Ready(result)
            }
        }
    }
}

impl<C, F, Fut> fmt::Debug for Call<'_, C, F, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("permit", &self.permit)
            .finish_non_exhaustive()
    }
}
