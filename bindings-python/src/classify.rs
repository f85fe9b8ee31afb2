//! Core's tables of what a status or a transport error says of a service's health, for the adapters.

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
