//! Core's tables and readings for HTTP and gRPC, as the adapters ask for them.

use breaker::Outcome;
use breaker::classify::{self, TransportError};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// What an HTTP status says: the value of an `Outcome`. A number that is no status is a failure.
#[pyfunction]
pub fn classify_http_status(status: i64) -> &'static str {
    u16::try_from(status)
        .map_or(Outcome::Failure, classify::http_status)
        .name()
}

/// What a gRPC status code says. A number that is no code is a failure.
#[pyfunction]
pub fn classify_grpc_status(code: i64) -> &'static str {
    i32::try_from(code)
        .map_or(Outcome::Failure, classify::grpc_status)
        .name()
}

/// What a call that ended without a status says: "connect", "tls", "reset", "timeout", "cancelled" or
/// "invalid_request".
#[pyfunction]
pub fn classify_transport_error(error: &str) -> PyResult<&'static str> {
    TransportError::ALL
        .into_iter()
        .find(|known| known.name() == error)
        .map(|known| classify::transport_error(known).name())
        .ok_or_else(|| {
            let names = TransportError::ALL.map(TransportError::name).join(", ");
            PyValueError::new_err(format!("error is {error:?}; it must be one of {names}"))
        })
}

/// For how many seconds an HTTP response asks not to be called, or None: its `Retry-After`, a date being taken
/// against its own `Date` (SPEC 13.4).
#[pyfunction]
#[pyo3(signature = (status, retry_after, date=None))]
pub fn retry_after(status: i64, retry_after: Option<&str>, date: Option<&str>) -> Option<f64> {
    let status = u16::try_from(status).ok()?;
    classify::retry_after(status, retry_after?, date).map(|asked| asked.as_secs_f64())
}

/// The same of a gRPC response: its `grpc-retry-pushback-ms`.
#[pyfunction]
pub fn grpc_retry_pushback(value: &str) -> Option<f64> {
    classify::grpc_retry_pushback(value).map(|asked| asked.as_secs_f64())
}
