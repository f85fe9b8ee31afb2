//! The layer.

use tower_layer::Layer;

use super::reject::{
    RejectWithBoxError, RejectWithError, RejectWithGrpcStatus, RejectWithHttpStatus,
};
use super::{CircuitBreakerService, GrpcStatus, HttpStatus};
use crate::breaker::CircuitBreaker;
use crate::classifier::ErrorsAreFailures;

/// Guards a service with a circuit breaker; see the [module](super).
///
/// All services that one layer makes, and all their clones, share one breaker: use one layer per
/// callee.
///
/// `K` says what a response means ([`ResponseClassifier`](super::ResponseClassifier)), `R` what
/// becomes of a rejection ([`OnRejection`](super::OnRejection)).
#[derive(Clone, Debug)]
pub struct CircuitBreakerLayer<K = ErrorsAreFailures, R = RejectWithError> {
    breaker: CircuitBreaker<K>,
    rejections: R,
}

impl<K> CircuitBreakerLayer<K> {
    /// A layer for any service. Results are classified as the breaker classifies them: every `Err` is
    /// a failure, unless it was [built](crate::Builder::classifier) with a classifier of its own.
    pub const fn new(breaker: CircuitBreaker<K>) -> Self {
        Self {
            breaker,
            rejections: RejectWithError,
        }
    }
}

impl CircuitBreakerLayer<HttpStatus> {
    /// A layer for an HTTP client, with [`HttpStatus`]'s defaults. The breaker's own classifier is
    /// not used.
    pub fn http<C>(breaker: CircuitBreaker<C>) -> Self {
        Self::new(breaker.with_classifier(HttpStatus::new()))
    }
}

impl CircuitBreakerLayer<GrpcStatus, RejectWithGrpcStatus> {
    /// A layer for a gRPC client, with [`GrpcStatus`]'s defaults. The breaker's own classifier is
    /// not used.
    ///
    /// A rejection is a response with status `UNAVAILABLE` ([`RejectWithGrpcStatus`]), and the service's
    /// error is the inner one's: so a generated client's `Status` is what it would be without the
    /// layer. As an error of ours, tonic would make `UNKNOWN` of it; whoever wants that says
    /// [`on_rejection`](Self::on_rejection)`(`[`RejectWithError`]`)`.
    pub fn grpc<C>(breaker: CircuitBreaker<C>) -> Self {
        CircuitBreakerLayer::new(breaker.with_classifier(GrpcStatus::new()))
            .on_rejection(RejectWithGrpcStatus)
    }
}

impl<K, R> CircuitBreakerLayer<K, R> {
    /// Classifies responses in another way.
    ///
    /// ```
    /// use http::StatusCode;
    /// use k1s0_circuit_breaker::tower::{CircuitBreakerLayer, HttpStatus};
    /// use k1s0_circuit_breaker::{CircuitBreaker, Outcome, classify};
    ///
    /// let cb = CircuitBreaker::default();
    /// let layer = CircuitBreakerLayer::http(cb).with_classifier(HttpStatus::new().statuses(
    ///     |status: StatusCode| match status {
    ///         // Our own quota, not its health.
    ///         StatusCode::TOO_MANY_REQUESTS => Outcome::Ignored,
    ///         other => classify::http_status(other.as_u16()),
    ///     },
    /// ));
    /// # let _ = layer;
    /// ```
    pub fn with_classifier<L>(self, classifier: L) -> CircuitBreakerLayer<L, R> {
        CircuitBreakerLayer {
            breaker: self.breaker.with_classifier(classifier),
            rejections: self.rejections,
        }
    }

    /// Answers rejections in another way; see [`OnRejection`](super::OnRejection).
    pub fn on_rejection<Q>(self, rejections: Q) -> CircuitBreakerLayer<K, Q> {
        CircuitBreakerLayer {
            breaker: self.breaker,
            rejections,
        }
    }

    /// Makes the service's error a `Box<dyn Error + Send + Sync>`: a boxed
    /// [`Rejection`](crate::Rejection), or the inner service's error itself.
    ///
    /// For stacks where that is the error of the inner service already (a tower `Timeout`) and what
    /// is around must have an error that it can box.
    pub fn box_errors(self) -> CircuitBreakerLayer<K, RejectWithBoxError> {
        self.on_rejection(RejectWithBoxError)
    }

    /// The breaker.
    pub const fn breaker(&self) -> &CircuitBreaker<K> {
        &self.breaker
    }
}

impl<F, G, R> CircuitBreakerLayer<HttpStatus<F, G>, R> {
    /// Answers a rejection with a 503 response instead of an error; see [`RejectWithHttpStatus`].
    pub fn reject_with_response(
        self,
    ) -> CircuitBreakerLayer<HttpStatus<F, G>, RejectWithHttpStatus> {
        self.on_rejection(RejectWithHttpStatus)
    }
}

impl<S, K: Clone, R: Clone> Layer<S> for CircuitBreakerLayer<K, R> {
    type Service = CircuitBreakerService<S, K, R>;

    fn layer(&self, inner: S) -> Self::Service {
        CircuitBreakerService::new(inner, self.breaker.clone(), self.rejections.clone())
    }
}
