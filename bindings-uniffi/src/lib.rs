//! The core for Kotlin, Ruby and Swift: what uniffi makes their private layer of. What their users see is written by hand
//! in `kotlin/`, `ruby/` and `swift/`, and decides nothing.
//!
//! Everything that crosses is a number, a text, or a record of such. Enumerations cross as the numbers of
//! `conformance/constants.json`, times as nanoseconds.
//!
//! A healthy call does not cross (DESIGN 5): the host reads the admission word at [`NativeBreaker::admission_address`], and
//! counts its successes at [`NativeBreaker::counter_address`].

mod breaker;
mod classify;
mod config;
mod direct;
mod explained;
mod metrics;
mod transition;

pub use breaker::{Asked, NativeBreaker, Settled};
pub use classify::{
    classify_grpc_status, classify_http_status, classify_transport_error, http_retry_after,
};
pub use config::{Refused, Settings, default_settings};
pub use explained::Explained;
pub use metrics::Metrics;
pub use transition::Made;

uniffi::setup_scaffolding!("k1s0_circuit_breaker");

/// The version of the library. The package that loads it must be of the same one.
#[uniffi::export]
pub fn library_version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
