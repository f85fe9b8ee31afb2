//! A change of state, as Python sees it.

use breaker::Transition as Made;
use pyo3::prelude::*;

use crate::{python, seconds};

/// One change of state (SPEC 9.3).
#[pyclass(frozen, module = "k1s0_circuit_breaker._native")]
#[derive(Debug)]
pub struct Transition {
    name: Option<Py<PyAny>>,
    made: Made,
}

impl Transition {
    pub(crate) fn new(py: Python<'_>, name: Option<&Py<PyAny>>, made: Made) -> Self {
        Self {
            name: name.map(|name| name.clone_ref(py)),
            made,
        }
    }
}

#[pymethods]
impl Transition {
    /// The breaker's name, or None.
    #[getter]
    fn name(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.name.as_ref().map(|name| name.clone_ref(py))
    }

    /// The state before.
    #[getter(from_state)]
    fn before(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        python::state(py, self.made.from)
    }

    /// The state after; the same where only the epoch changed.
    #[getter(to_state)]
    fn after(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        python::state(py, self.made.to)
    }

    /// The epoch that began: 2 with the first transition, one more with each.
    #[getter]
    const fn epoch(&self) -> u64 {
        self.made.epoch
    }

    /// Why: "failure_threshold", "timeout_elapsed", "success_threshold", "probe_failed", "probe_timeout",
    /// "failure_rate", "slow_call_rate", "reset", "trip", "forced" or "automatic".
    #[getter]
    const fn reason(&self) -> &'static str {
        self.made.reason.name()
    }

    /// When, in seconds of the breaker's clock.
    #[getter]
    fn at(&self) -> f64 {
        seconds::of(self.made.at)
    }

    /// Failures in a row by then.
    #[getter]
    const fn consecutive_failures(&self) -> u32 {
        self.made.evidence.consecutive_failures
    }

    /// Successful probes by then.
    #[getter]
    const fn successful_probes(&self) -> u32 {
        self.made.evidence.successful_probes
    }

    /// Calls in the window by then.
    #[getter]
    const fn window_calls(&self) -> u64 {
        self.made.evidence.window.calls
    }

    /// Those of them that failed.
    #[getter]
    const fn window_failures(&self) -> u64 {
        self.made.evidence.window.failures
    }

    /// Those of them that were slow.
    #[getter]
    const fn window_slow(&self) -> u64 {
        self.made.evidence.window.slow
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let name = match &self.name {
            Some(name) => format!(" {}", name.bind(py).repr()?),
            None => String::new(),
        };
        let Made {
            from,
            to,
            epoch,
            reason,
            ..
        } = &self.made;
        let (from, to, reason) = (from.label(), to.label(), reason.name());
        Ok(format!(
            "<Transition{name} {from} -> {to}, {reason}, epoch {epoch}>"
        ))
    }
}
