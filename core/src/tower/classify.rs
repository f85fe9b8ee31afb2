//! Who decides what a response says.

use std::sync::Arc;

use http::Response;

use super::{HttpStatus, asked};
use crate::classifier::{Classifier, ErrorsAreFailures};
use crate::machine::Outcome;
use crate::permit::OwnedPermit;

/// Takes over the permit of a call whose inner service has answered.
///
/// It may settle the permit at once, from the result, or put it into the response and settle it
/// when the response ends, as [`GrpcStatus`](super::GrpcStatus) does. Of the first kind are
/// [`HttpStatus`], [`ErrorsAreFailures`], an `Arc<dyn Classifier<Res, E> + Send + Sync>` and every
/// closure `Fn(Result<&Res, &E>) -> Outcome`; a [`Classifier`] of another type is used through such a
/// closure.
///
/// If it panics, the permit is dropped by the unwinding and the call counts as a failure (SPEC 7.4).
pub trait ResponseClassifier<Res, E> {
    /// The response as the caller sees it.
    type Response;

    /// Settles the permit, or sees to it that it will be. A permit that is dropped counts as
    /// cancelled (SPEC 7.3).
    ///
    /// # Errors
    ///
    /// The inner service's error, as it was handed in.
    fn observe(&self, permit: OwnedPermit, result: Result<Res, E>) -> Result<Self::Response, E>;
}

fn settle_at_once<Res, E, C: Classifier<Res, E>>(
    classifier: &C,
    mut permit: OwnedPermit,
    result: Result<Res, E>,
) -> Result<Res, E> {
    let outcome = classifier.classify(result.as_ref());
    let asked = match outcome {
        Outcome::Failure => classifier.retry_after(result.as_ref()),
        _ => None,
    };
    asked::settle(&mut permit, outcome, asked);
    result
}

// One by one, not for every `Classifier`: the language would take `GrpcStatus` for one that might
// become a `Classifier` elsewhere.

impl<Res, E> ResponseClassifier<Res, E> for ErrorsAreFailures {
    type Response = Res;

    fn observe(&self, permit: OwnedPermit, result: Result<Res, E>) -> Result<Res, E> {
        settle_at_once(self, permit, result)
    }
}

impl<Res, E, F: Fn(Result<&Res, &E>) -> Outcome> ResponseClassifier<Res, E> for F {
    type Response = Res;

    fn observe(&self, permit: OwnedPermit, result: Result<Res, E>) -> Result<Res, E> {
        settle_at_once(self, permit, result)
    }
}

impl<Res, E> ResponseClassifier<Res, E> for Arc<dyn Classifier<Res, E> + Send + Sync> {
    type Response = Res;

    fn observe(&self, permit: OwnedPermit, result: Result<Res, E>) -> Result<Res, E> {
        settle_at_once(self, permit, result)
    }
}

impl<B, E, F, G> ResponseClassifier<Response<B>, E> for HttpStatus<F, G>
where
    Self: Classifier<Response<B>, E>,
{
    type Response = Response<B>;

    fn observe(
        &self,
        permit: OwnedPermit,
        result: Result<Response<B>, E>,
    ) -> Result<Response<B>, E> {
        settle_at_once(self, permit, result)
    }
}

/// Decides what an error of the inner service says: a closure `Fn(&E) -> Outcome`, or
/// [`ErrorsAreFailures`].
///
/// For the errors of a client that the caller caused itself, such as a malformed address:
/// [`Outcome::Ignored`], or what [`crate::classify::transport_error`] says of the kind.
pub trait ClassifyError<E> {
    /// What the error says.
    fn classify_error(&self, error: &E) -> Outcome;
}

impl<E> ClassifyError<E> for ErrorsAreFailures {
    fn classify_error(&self, _error: &E) -> Outcome {
        Outcome::Failure
    }
}

impl<E, F: Fn(&E) -> Outcome> ClassifyError<E> for F {
    fn classify_error(&self, error: &E) -> Outcome {
        self(error)
    }
}
