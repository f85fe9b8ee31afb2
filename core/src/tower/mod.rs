//! Tower middleware: a layer that guards any tower service with a breaker (feature `tower`).
//!
//! | the service speaks | use | settled |
//! | --- | --- | --- |
//! | HTTP | [`CircuitBreakerLayer::http`] | by the status, at the response head; see [`HttpStatus`] |
//! | gRPC | [`CircuitBreakerLayer::grpc`] | by `grpc-status`, at the end of the response; see [`GrpcStatus`] |
//! | anything | [`CircuitBreakerLayer::new`] | by the breaker's own [`Classifier`](crate::Classifier): every `Err` is a failure |
//! | anything | [`CircuitBreakerLayer::with_classifier`] | by a [`ResponseClassifier`] of yours |
//!
//! ```
//! use k1s0_circuit_breaker::tower::CircuitBreakerLayer;
//! use k1s0_circuit_breaker::{CircuitBreaker, CircuitBreakerConfig, CircuitBreakerError};
//! use std::io;
//! use tower::{Service, ServiceBuilder, ServiceExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let cb = CircuitBreaker::new(CircuitBreakerConfig {
//!     failure_threshold: 1,
//!     ..CircuitBreakerConfig::default()
//! });
//! let mut client = ServiceBuilder::new()
//!     .layer(CircuitBreakerLayer::new(cb.clone()))
//!     .service_fn(|_request: u32| async { Err::<u32, _>(io::Error::other("no")) });
//!
//! let error = client.ready().await.unwrap().call(1).await.unwrap_err();
//! assert!(matches!(error, CircuitBreakerError::Inner(_)));
//!
//! let error = client.ready().await.unwrap().call(2).await.unwrap_err();
//! assert!(error.is_open());
//! assert_eq!(cb.snapshot().failure_count, 1);
//! # }
//! ```
//!
//! # When a call is admitted
//!
//! In `call`, never in `poll_ready`: a caller may hold a ready service for as long as it likes, and
//! would hold a probe's slot meanwhile (SPEC 6.1). So a clone of the service has no permit to copy,
//! and a rejection comes out of the response future, as an error (or a response, see
//! [rejections](#rejections)).
//!
//! While the breaker is open, `poll_ready` answers without asking the inner service, which may be
//! saturated by the very calls that hang: the rejection comes at once. Otherwise it is the inner
//! service's readiness, which is not a call: if it fails, the error passes through and counts
//! nowhere. A caller that waits for that readiness already when the breaker opens goes on waiting.
//!
//! If the wait ends between `poll_ready` and `call`, the inner service is asked then, and the call
//! goes through if it is ready at once; if not, the call is rejected and gives its slot back.
//!
//! # Rejections
//!
//! | | a rejection is | the inner error becomes |
//! | --- | --- | --- |
//! | by default | [`CircuitBreakerError::Open`](crate::CircuitBreakerError::Open) | [`CircuitBreakerError::Inner`](crate::CircuitBreakerError::Inner) |
//! | by default, [gRPC](CircuitBreakerLayer::grpc) | `UNAVAILABLE` with `grpc-retry-pushback-ms` | itself |
//! | [`reject_with_response`](CircuitBreakerLayer::reject_with_response), HTTP | a 503 with `Retry-After` | itself |
//! | [`box_errors`](CircuitBreakerLayer::box_errors) | a boxed [`Rejection`](crate::Rejection) | boxed, itself |
//!
//! # `Retry-After`
//!
//! A response that counts as a failure may say when to come back: `Retry-After` with a 429 or a 503,
//! `grpc-retry-pushback-ms` with a gRPC status (see [`retry_after`](crate::classify::retry_after) and
//! [`grpc_retry_pushback`](crate::classify::grpc_retry_pushback)). If the failure opens the circuit,
//! the wait is at least that long (SPEC 13.4).
//!
//! # The order of layers
//!
//! From the outside in: **retry, breaker, timeout**.
//!
//! * A timeout *inside* the breaker is an error of the inner service: a failure. One *outside* drops
//!   the response future, and nothing tells it from a caller that gave up: cancelled, which never
//!   opens the circuit (SPEC 7.3).
//! * A retry *outside* has each attempt counted and stops where the circuit opens. Its policy must
//!   not retry a rejection at once (see `examples/retry.rs`). One *inside* hides all failures but
//!   the last of each call from the breaker.
//!
//! ```
//! # use k1s0_circuit_breaker::CircuitBreaker;
//! # use k1s0_circuit_breaker::tower::CircuitBreakerLayer;
//! # use std::time::Duration;
//! # let cb = CircuitBreaker::default();
//! # #[derive(Clone)] struct MyPolicy;
//! let stack = tower::ServiceBuilder::new()
//!     .retry(MyPolicy)
//!     .layer(CircuitBreakerLayer::http(cb))
//!     .timeout(Duration::from_secs(2));
//! # let _ = stack;
//! ```

mod asked;
mod body;
mod classify;
mod future;
mod grpc;
mod http;
mod layer;
mod reject;
mod service;

pub use self::body::GrpcBody;
pub use self::classify::{ClassifyError, ResponseClassifier};
pub use self::future::ResponseFuture;
pub use self::grpc::GrpcStatus;
pub use self::http::HttpStatus;
pub use self::layer::CircuitBreakerLayer;
pub use self::reject::{
    OnRejection, RejectWithBoxError, RejectWithError, RejectWithGrpcStatus, RejectWithHttpStatus,
};
pub use self::service::CircuitBreakerService;
