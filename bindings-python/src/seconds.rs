//! Seconds of Python, nanoseconds of core.

use breaker::machine::Nanos;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt};

/// Seconds, of nanoseconds.
pub(crate) fn of(nanos: Nanos) -> f64 {
    nanos as f64 / 1e9
}

/// Nanoseconds, of seconds: a float to the nearest, any other number (int, Fraction, Decimal) exactly, cut to whole
/// nanoseconds. More than fit are as many as fit, which is "never" (SPEC 2.4). None for what is negative, infinite or no number.
///
/// # Errors
///
/// If it is nothing like a number.
pub(crate) fn nanos(seconds: &Bound<'_, PyAny>) -> PyResult<Option<Nanos>> {
    if !seconds.is_instance_of::<PyFloat>()
        && let Ok(exact) = exact(seconds)
    {
        if exact.lt(0)? {
            return Ok(None);
        }
        return Ok(Some(exact.extract().unwrap_or(Nanos::MAX)));
    }
    let seconds: f64 = match seconds.extract() {
        Ok(seconds) => seconds,
        Err(error) if error.is_instance_of::<pyo3::exceptions::PyOverflowError>(seconds.py()) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if !seconds.is_finite() || seconds < 0.0 {
        return Ok(None);
    }
    // Casting stops at the largest.
    Ok(Some((seconds * 1e9).round() as Nanos))
}

fn exact<'py>(seconds: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = seconds.py();
    // What is no number may be repeated too: a text, a list.
    if !seconds.hasattr("__float__")? && !seconds.hasattr("__index__")? {
        return Err(PyTypeError::new_err("no number"));
    }
    let nanos = seconds.mul(1_000_000_000_u64)?;
    py.get_type::<PyInt>().call1((nanos,))
}
