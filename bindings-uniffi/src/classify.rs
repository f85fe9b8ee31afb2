//! What a status or a transport error says about a service's health: core's tables.

use breaker::Outcome;
use breaker::classify::{self, TransportError};
use breaker::config::nanos;

/// The outcome of an HTTP status.
#[uniffi::export]
pub fn classify_http_status(status: i32) -> u8 {
    classify::http_status(http(status)) as u8
}

/// The outcome of a gRPC status code.
#[uniffi::export]
pub fn classify_grpc_status(code: i32) -> u8 {
    classify::grpc_status(code) as u8
}

/// The outcome of a transport error, by its number; of one that is not known, which is a defect of the face, ignored.
#[uniffi::export]
pub fn classify_transport_error(error: u8) -> u8 {
    let known = TransportError::ALL.get(usize::from(error));
    known.map_or(Outcome::Ignored, |it| classify::transport_error(*it)) as u8
}

/// For how long an HTTP response asks not to be called, by its `Retry-After` and `Date`, in nanoseconds.
#[uniffi::export]
pub fn http_retry_after(status: i32, retry_after: &str, date: Option<String>) -> Option<u64> {
    let wait = classify::retry_after(http(status), retry_after, date.as_deref());
    wait.map(nanos)
}

/// What does not fit is no status, as 0 is none.
fn http(status: i32) -> u16 {
    u16::try_from(status).unwrap_or(0)
}
