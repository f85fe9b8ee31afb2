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
use crate::shared::Shared;

pin_project! {
    /// A guarded call, from [`CircuitBreaker::call`].
    ///
    /// It asks for admission when it is first polled. It is written by hand because the future of an
    /// `async fn` around another one is copied more often than this one.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Call<'a, C, F, Fut> {
        breaker: &'a CircuitBreaker<C>,
        #[pin]
        stage: Stage<F, Fut>,
    }

    impl<C, F, Fut> PinnedDrop for Call<'_, C, F, Fut> {
        fn drop(this: Pin<&mut Self>) {
            // Dropped while it was pending: the caller gave up (SPEC 7.3), even if what made it
            // give up is a panic somewhere else.
            let this = this.project();
            if let Now::Begun { permit: Some(permit), .. } = this.stage.project() {
                this.breaker.shared().settle_quietly(permit.word, &permit.began, Outcome::Cancelled);
            }
        }
    }
}

pin_project! {
    /// How far a call is. What bounds the cost of a ready one is its stores, so none is made that the
    /// drop does not need.
    #[project = Now]
    enum Stage<F, Fut> {
        /// None while it asks for admission and while `function` runs, and for good if that came to
        /// nothing.
        New { function: Option<F> },
        /// The permit is here only between two polls: in a poll, `Running` has it. The future stays
        /// where it is until the call is dropped, as in any wrapper.
        Begun { permit: Option<Ticket>, #[pin] future: Fut },
    }
}

impl<'a, C, F, Fut> Call<'a, C, F, Fut> {
    #[inline]
    pub(crate) const fn new(breaker: &'a CircuitBreaker<C>, function: F) -> Self {
        Self {
            breaker,
            stage: Stage::New {
                function: Some(function),
            },
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
        let this = self.project();
        let (breaker, mut stage) = (*this.breaker, this.stage);
        let mut began = 0;
        // While user code runs, `Running` is held in this frame, and knows what a panic of it means.
        let word = match stage.as_mut().project() {
            Now::New { function } => {
                // Before anything else: a store with no load behind it is made once with the next.
                let Some(function) = function.take() else {
                    return ended();
                };
                let shared: &Shared = breaker.shared();
                let word = shared.admit(&mut began)?;
                let running = Running::new(shared, word, &began);
                let future = function();
                let permit = None;
                stage.set(Stage::Begun { permit, future });
                running.returned()
            }
            Now::Begun { permit, .. } => match permit.take() {
                Some(ticket) => {
                    began = ticket.began;
                    ticket.word
                }
                None => return ended(),
            },
        };
        let Now::Begun { permit, future } = stage.project() else {
            // It has begun: if not before, then just now.
            return ended();
        };
        let running = Running::new(breaker.shared(), word, &began);
        match future.poll(cx) {
            Poll::Pending => {
                let word = running.returned();
                *permit = Some(Ticket { word, began });
                Poll::Pending
            }
            Poll::Ready(result) => Poll::Ready(breaker.conclude(running, result)),
        }
    }
}

/// Polled again after it had ended: as every future, it may then do what it likes.
const fn ended<T>() -> Poll<T> {
    Poll::Pending
}

impl<C, F, Fut> fmt::Debug for Call<'_, C, F, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let epoch = match &self.stage {
            Stage::Begun { permit, .. } => permit.map(|ticket| ticket.word.epoch()),
            Stage::New { .. } => None,
        };
        f.debug_struct("Call")
            .field("epoch", &epoch)
            .finish_non_exhaustive()
    }
}
