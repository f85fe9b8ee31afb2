//! The future of a guarded call.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::ResponseClassifier;
use super::reject::OnRejection;
use crate::error::Rejection;
use crate::machine::Outcome;
use crate::permit::OwnedPermit;

pin_project! {
    /// The response of a [`CircuitBreakerService`](super::CircuitBreakerService).
    ///
    /// Dropped before it is ready, the call counts as cancelled and its slot comes back (SPEC 7.3). If
    /// the inner future panics, the call counts as a failure, and the panic goes on (7.4).
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct ResponseFuture<F, E, K, R> {
        #[pin]
        running: Option<F>,
        permit: Option<OwnedPermit>,
        // Why the inner service was not called.
        refused: Option<Refused<E>>,
        classifier: K,
        rejections: R,
    }

    impl<F, E, K, R> PinnedDrop for ResponseFuture<F, E, K, R> {
        fn drop(this: Pin<&mut Self>) {
            // The caller gave up (SPEC 7.3), even if what made it give up is a panic somewhere else.
            if let Some(mut permit) = this.project().permit.take() {
                permit.settle(Outcome::Cancelled);
            }
        }
    }
}

enum Refused<E> {
    ByBreaker(Rejection),
    ByService(E),
}

impl<F, E, K, R> ResponseFuture<F, E, K, R> {
    pub(super) const fn running(
        running: F,
        permit: OwnedPermit,
        classifier: K,
        rejections: R,
    ) -> Self {
        Self {
            running: Some(running),
            permit: Some(permit),
            refused: None,
            classifier,
            rejections,
        }
    }

    pub(super) const fn rejected(rejection: Rejection, classifier: K, rejections: R) -> Self {
        Self::refused(Refused::ByBreaker(rejection), classifier, rejections)
    }

    pub(super) const fn failed(error: E, classifier: K, rejections: R) -> Self {
        Self::refused(Refused::ByService(error), classifier, rejections)
    }

    const fn refused(refused: Refused<E>, classifier: K, rejections: R) -> Self {
        Self {
            running: None,
            permit: None,
            refused: Some(refused),
            classifier,
            rejections,
        }
    }
}

impl<F, E, K, R, Res> Future for ResponseFuture<F, E, K, R>
where
    F: Future<Output = Result<Res, E>>,
    K: ResponseClassifier<Res, E>,
    R: OnRejection<K::Response, E>,
{
    type Output = Result<K::Response, R::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        match this.refused.take() {
            Some(Refused::ByBreaker(rejection)) => {
                return Poll::Ready(this.rejections.reject(rejection));
            }
            Some(Refused::ByService(error)) => {
                return Poll::Ready(Err(this.rejections.pass(error)));
            }
            None => {}
        }
        // The permit is held in this frame while user code runs: if that panics, it is dropped by
        // the unwinding, and so counts as a failure (SPEC 7.4).
        let permit = this.permit.take();
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
                let result = this.classifier.observe(permit, result);
                this.running.set(None);
                Poll::Ready(result.map_err(|error| this.rejections.pass(error)))
            }
        }
    }
}

impl<F, E, K, R> fmt::Debug for ResponseFuture<F, E, K, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture")
            .field("permit", &self.permit)
            .finish_non_exhaustive()
    }
}
