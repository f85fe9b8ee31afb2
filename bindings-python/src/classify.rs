//! Core's tables of what a status or a transport error says of a service's health, and its readings of a server's wish
//! not to be called, for the adapters.

use breaker::classify::{self, TransportError};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// What an HTTP status says: the value of an `Outcome`. Any int may be asked for.
#[pyfunction]
#[pyo3(signature = (status, /))]
pub(crate) fn http_status(status: i64) -> &'static str {
    // What is no 16-bit number is no status that HTTP has, and core says what that is.
    classify::http_status(u16::try_from(status).unwrap_or(0)).name()
}

/// What a gRPC status code says: the value of an `Outcome`. Any int may be asked for.
#[pyfunction]
#[pyo3(signature = (code, /))]
pub(crate) fn grpc_status(code: i64) -> &'static str {
    // What is no 32-bit number is no code that gRPC has; -1 is none either.
    classify::grpc_status(i32::try_from(code).unwrap_or(-1)).name()
}

/// What a call says that ended without a status, by what ended it: "connect", "tls", "reset", "timeout", "cancelled"
/// or "invalid_request".
#[pyfunction]
#[pyo3(signature = (error, /))]
pub(crate) fn transport_error(error: &str) -> PyResult<&'static str> {
    TransportError::ALL
        .into_iter()
        .find(|known| known.name() == error)
        .map(|known| classify::transport_error(known).name())
        .ok_or_else(|| PyValueError::new_err(format!("{error:?} is no transport error")))
}

/// For how many seconds an HTTP response asks not to be called, or None: its `Retry-After`, a date being taken
/// against its own `Date` (SPEC 13.4).
#[pyfunction]
#[pyo3(signature = (status, retry_after, date=None, /))]
pub(crate) fn retry_after(
    status: i64,
    retry_after: Option<&str>,
    date: Option<&str>,
) -> Option<f64> {
    let status = u16::try_from(status).ok()?;
    classify::retry_after(status, retry_after?, date).map(|asked| asked.as_secs_f64())
}

/// The same of a gRPC response: its `grpc-retry-pushback-ms`.
#[pyfunction]
#[pyo3(signature = (value, /))]
pub(crate) fn grpc_retry_pushback(value: &str) -> Option<f64> {
    classify::grpc_retry_pushback(value).map(|asked| asked.as_secs_f64())
}
