//! The future of a guarded call.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::breaker::CircuitBreaker;
use crate::classifier::Classifier;
use crate::error::CircuitBreakerError;
use crate::machine::{Outcome, Ticket};
use crate::permit::Running;

pin_project! {
    /// A guarded call, from [`CircuitBreaker::call`].
    ///
    /// It asks for admission when it is first polled. It is written by hand because the future of an
    /// `async fn` around another one is copied more often than this one.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Call<'a, C, F, Fut> {
        breaker: &'a CircuitBreaker<C>,
        function: Option<F>,
        permit: Option<Ticket>,
        #[pin]
        future: Option<Fut>,
    }

    impl<C, F, Fut> PinnedDrop for Call<'_, C, F, Fut> {
        fn drop(this: Pin<&mut Self>) {
            // Dropped while it was pending: the caller gave up (SPEC 7.3), even if what made it
            // give up is a panic somewhere else.
            let this = this.project();
            if let Some(permit) = this.permit.take() {
                this.breaker.shared().settle_quietly(permit, Outcome::Cancelled);
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
            future: None,
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
        let shared = this.breaker.shared();
        // `Running` is held in this frame while user code runs, and knows what a panic of it means.
        let running = match this.function.take() {
            Some(function) => {
                let running = Running::new(shared, shared.admit()?);
                this.future.set(Some(function()));
                running
            }
            None => match this.permit.take() {
                Some(permit) => Running::new(shared, permit),
                // Polled again after it had ended: as every future, it may then do what it likes.
                None => return Poll::Pending,
            },
        };
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        match future.poll(cx) {
            Poll::Pending => {
                *this.permit = Some(running.returned());
                Poll::Pending
            }
            Poll::Ready(result) => {
                // The future stays where it is until the call is dropped, as in any wrapper.
                Poll::Ready(this.breaker.conclude(running, result))
            }
        }
    }
}

impl<C, F, Fut> fmt::Debug for Call<'_, C, F, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("epoch", &self.permit.map(|ticket| ticket.word.epoch()))
            .finish_non_exhaustive()
    }
}
