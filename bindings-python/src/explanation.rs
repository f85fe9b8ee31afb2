//! Why a breaker is as it is: core's own text and JSON.

use breaker::Explanation;
use pyo3::prelude::*;

/// What a breaker is doing, why, and what would change it; from `explain()`. `print` it, or take `to_dict()`.
#[pyclass(frozen, module = "k1s0_circuit_breaker._native")]
#[derive(Debug)]
pub struct CircuitBreakerExplanation(Explanation);

impl CircuitBreakerExplanation {
    pub(crate) const fn new(explanation: Explanation) -> Self {
        Self(explanation)
    }
}

#[pymethods]
impl CircuitBreakerExplanation {
    /// As JSON, on one line. What ends in `_ns` is in nanoseconds; null where there is none, or never.
    fn to_json(&self) -> String {
        self.0.to_json()
    }

    /// The same as a dict.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.import("json")?.call_method1("loads", (self.to_json(),))
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<CircuitBreakerExplanation {}>", self.0.state.label())
    }
}
