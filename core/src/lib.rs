//! A circuit breaker: it guards calls to another service, stops calling it while it is sick, and
//! finds out by itself when it is well again.
//!
//! ```
//! use k1s0_circuit_breaker::{CircuitBreaker, CircuitBreakerConfig};
//! use std::time::Duration;
//!
//! # mod stand_in {
//! #     #[derive(Clone)]
//! #     pub struct Request;
//! #     pub struct Client;
//! #     impl Client {
//! #         pub async fn call_service(&self, _request: Request) -> Result<u32, std::io::Error> {
//! #             Ok(200)
//! #         }
//! #     }
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let grpc_client = stand_in::Client;
//! # let request = stand_in::Request;
//! // サーキットブレーカー設定（連続5回失敗で30秒遮断、HalfOpen で3回成功なら復旧）
//! let config = CircuitBreakerConfig {
//!     failure_threshold: 5,
//!     success_threshold: 3,
//!     timeout: Duration::from_secs(30),
//! };
//!
//! let cb = CircuitBreaker::new(config);
//!
//! // サーキットブレーカー経由でサービス呼び出し
//! let result = cb.call(|| async {
//!     grpc_client.call_service(request.clone()).await
//! }).await?;
//!
//! // 現在の状態を確認
//! let state = cb.state().await;
//! println!("CircuitBreaker state: {:?}", state);
//!
//! // メトリクス取得
//! let metrics = cb.metrics().await;
//! println!("failures: {}, successes: {}", metrics.failure_count, metrics.success_count);
//! # assert_eq!(result, 200);
//! # assert_eq!(state, "Closed");
//! # assert_eq!((metrics.failure_count, metrics.success_count), (0, 1));
//! # Ok(())
//! # }
//! ```
//!
//! # How it behaves
//!
//! A breaker is [closed](CircuitBreakerState::Closed) and lets every call through, until
//! `failure_threshold` calls in a row have failed. Then it is
//! [open](CircuitBreakerState::Open): calls are rejected at once, for `timeout`. After that it is
//! [half-open](CircuitBreakerState::HalfOpen): one call at a time (or
//! [`half_open_max_calls`](Builder::half_open_max_calls)) goes through as a probe;
//! `success_threshold` good ones close it, a bad one opens it again. Every rule has a number in
//! `conformance/SPEC.md`, and the documentation cites them.
//!
//! * **Late results never count.** A permit carries the epoch in which it was given; a result of an
//!   earlier epoch changes one counter and nothing else.
//! * **A slot always comes back.** A dropped future, a panic, an ignored error: each gives its
//!   probe's slot back. Probes that hang are given up after
//!   [`probe_timeout`](Builder::probe_timeout).
//! * **Your code never runs under a lock.** Listeners, classifiers and clocks may use the breaker.
//!
//! # Which method
//!
//! | you have | use |
//! | --- | --- |
//! | a future to guard | [`call`](CircuitBreaker::call) |
//! | a blocking function | [`call_sync`](CircuitBreaker::call_sync) |
//! | a call that begins here and ends there | [`try_acquire`](CircuitBreaker::try_acquire), [`try_acquire_owned`](CircuitBreaker::try_acquire_owned) |
//! | results from elsewhere | [`record_success`](CircuitBreaker::record_success), [`record_failure`](CircuitBreaker::record_failure) |
//! | a tower service | [`tower::CircuitBreakerLayer`] (feature `tower`) |
//! | one breaker per host | [`Registry`] |
//! | a question: why is it open? | [`explain`](CircuitBreaker::explain) |
//!
//! # Features
//!
//! | feature | default | gives |
//! | --- | --- | --- |
//! | `std` | yes | the breaker; without it only [`machine`], for homes of another kind |
//! | `tokio` | yes | the standard clock follows `tokio::time::pause` and `advance` |
//! | `tracing` | yes | an event per transition, target `k1s0_circuit_breaker` |
//! | `coarse-clock` | no | [`CoarseClock`], on Linux |
//! | `metrics` | no | OpenTelemetry instruments |
//! | `tower` | no | a layer, with HTTP and gRPC classification |
//! | `serde` | no | an [`Explanation`] can be serialised |
//! | `json` | no | `Explanation::to_json` |
//! | `retry-after` | no | `classify::retry_after`; on with `tower` |
//! | `trace` | no | `TraceRecorder` writes calls down, for `cargo xtask replay` |
//! | `mock` | no | `MockBreaker` |

#![cfg_attr(not(any(feature = "std", loom)), no_std)]
#![forbid(unsafe_code)]
#![cfg_attr(
    loom,
    allow(dead_code, reason = "the models use the cell and the stripes alone")
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

#[cfg(any(feature = "std", loom))]
mod annex;
#[cfg(feature = "std")]
mod breaker;
#[cfg(feature = "std")]
mod builder;
#[cfg(feature = "std")]
mod call;
#[cfg(any(feature = "std", loom))]
mod cell;
mod classifier;
pub mod classify;
#[cfg(feature = "std")]
mod clock;
pub mod config;
#[cfg(feature = "std")]
mod counters;
#[cfg(feature = "std")]
pub mod engine;
pub mod error;
#[cfg(feature = "std")]
mod event;
pub mod explain;
pub mod machine;
#[cfg(feature = "std")]
pub mod metrics;
#[cfg(any(feature = "std", loom))]
mod pace;
#[cfg(feature = "std")]
mod permit;
#[cfg(feature = "std")]
mod registry;
#[cfg(feature = "std")]
mod shared;
#[cfg(any(feature = "std", loom))]
mod stripe;
#[cfg(any(feature = "std", loom))]
mod sync;
#[cfg(feature = "tower")]
pub mod tower;
#[cfg(feature = "trace")]
mod trace;
#[cfg(feature = "std")]
mod traits;
pub mod window;

pub use classifier::{Classifier, ErrorsAreFailures};
#[cfg(all(feature = "coarse-clock", target_os = "linux"))]
pub use clock::CoarseClock;
pub use config::{CircuitBreakerConfig, WindowSize};
pub use error::{CircuitBreakerError, ConfigError, Rejection};
pub use machine::{
    Effect, Evidence, Outcome, Reason, RejectReason, Settlement, State as CircuitBreakerState,
    Transition,
};
#[cfg(feature = "metrics")]
pub use metrics::CircuitBreakerInstruments;
#[cfg(feature = "trace")]
pub use trace::TraceRecorder;
#[cfg(feature = "mock")]
pub use traits::MockBreaker;
#[cfg(feature = "std")]
pub use {
    breaker::CircuitBreaker,
    builder::Builder,
    call::Call,
    clock::{Clock, ManualClock, SystemClock},
    counters::HostCounters,
    event::TransitionEvent,
    explain::Explanation,
    metrics::CircuitBreakerMetrics,
    permit::{OwnedPermit, Permit, PermitOf},
    registry::{Registry, RegistryBuilder, RegistryError},
    traits::{Breaker, BreakerExt},
};

/// The version of this crate, for faces that say what they stand on.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../../README.md")]
struct ReadmeDoctests;
