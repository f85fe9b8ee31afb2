//! What `async with` awaits: an answer that is there already.

use pyo3::exceptions::PyStopIteration;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use pyo3::{PyTraverseError, PyVisit};

use crate::block_method::Kind;

/// Awaiting it gives its answer, without waiting. It is a coroutine as far as anybody can tell.
#[pyclass(frozen, module = "k1s0_circuit_breaker._native")]
#[derive(Debug)]
pub struct Ready {
    answer: Py<PyAny>,
}

#[pymethods]
impl Ready {
    fn __await__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    /// The answer comes as that of every coroutine does. Where it is None, no exception need be made for it.
    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        if self.answer.is_none(py) {
            return Ok(None);
        }
        Err(self.ended(py))
    }

    fn send(&self, py: Python<'_>, _value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        Err(self.ended(py))
    }

    /// Raises it: there is nobody inside to catch it.
    #[pyo3(signature = (*error))]
    fn throw(&self, error: &Bound<'_, PyTuple>) -> PyResult<Py<PyAny>> {
        let last = error.iter().take(2).filter(|it| !it.is_none()).last();
        match last {
            Some(error) => Err(PyErr::from_value(error)),
            None => Err(pyo3::exceptions::PyTypeError::new_err(
                "throw() needs an exception",
            )),
        }
    }

    fn close(&self) {}

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.answer)
    }
}

impl Ready {
    fn ended(&self, py: Python<'_>) -> PyErr {
        PyStopIteration::new_err(self.answer.clone_ref(py))
    }
}

/// The answer, or what awaits it.
pub(crate) fn answer(kind: Kind, answer: Bound<'_, PyAny>) -> PyResult<*mut ffi::PyObject> {
    match kind {
        Kind::Plain => Ok(answer.into_ptr()),
        Kind::Async => {
            let py = answer.py();
            let answer = answer.unbind();
            Ok(Bound::new(py, Ready { answer })?.into_ptr())
        }
    }
}
