//! State and totals, as Python sees them.

use breaker::{CircuitBreakerMetrics as Found, CircuitBreakerState as State, RejectReason};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::python;

/// State and totals of one breaker at one moment (SPEC 9.2); from `metrics()`.
#[pyclass(frozen, module = "k1s0_circuit_breaker._native")]
#[derive(Debug)]
pub struct CircuitBreakerMetrics(Found);

impl CircuitBreakerMetrics {
    pub(crate) const fn new(found: Found) -> Self {
        Self(found)
    }
}

/// What is shown as it is: each a property, and in the dict.
const PLAIN: &[&str] = &[
    "success_count",
    "failure_count",
    "ignored_count",
    "cancelled_count",
    "rejected_count",
    "would_reject_count",
    "slow_count",
    "stale_count",
    "transition_count",
    "epoch",
    "consecutive_failures",
    "probes_in_flight",
    "forced",
    "window_calls",
    "window_failures",
    "window_slow",
    "rejected_by_reason",
    "would_reject_by_reason",
    "transitions",
    "remaining_wait",
    "success_rate",
    "state",
];

#[pymethods]
impl CircuitBreakerMetrics {
    /// Calls that succeeded. This and every total only ever grows.
    #[getter]
    const fn success_count(&self) -> u64 {
        self.0.success_count
    }

    /// Calls that failed.
    #[getter]
    const fn failure_count(&self) -> u64 {
        self.0.failure_count
    }

    /// Calls whose result says nothing about the service.
    #[getter]
    const fn ignored_count(&self) -> u64 {
        self.0.ignored_count
    }

    /// Calls that their caller gave up.
    #[getter]
    const fn cancelled_count(&self) -> u64 {
        self.0.cancelled_count
    }

    /// Calls that were not admitted, for whatever reason.
    #[getter]
    const fn rejected_count(&self) -> u64 {
        self.0.rejected_count
    }

    /// Calls that would not have been admitted but for `shadow`.
    #[getter]
    const fn would_reject_count(&self) -> u64 {
        self.0.would_reject_count
    }

    /// Calls that took as long as `slow_call_duration`, or longer, or were found to hang.
    #[getter]
    const fn slow_count(&self) -> u64 {
        self.0.slow_count
    }

    /// Results that came too late to count.
    #[getter]
    const fn stale_count(&self) -> u64 {
        self.0.stale_count
    }

    /// Changes of state and resets.
    #[getter]
    const fn transition_count(&self) -> u64 {
        self.0.transition_count
    }

    /// The epoch: 1 at first, one more after each transition.
    #[getter]
    const fn epoch(&self) -> u64 {
        self.0.epoch
    }

    /// Failures in a row; 0 unless closed.
    #[getter]
    const fn consecutive_failures(&self) -> u32 {
        self.0.consecutive_failures
    }

    /// Probes that are not settled yet.
    #[getter]
    const fn probes_in_flight(&self) -> u16 {
        self.0.probes_in_flight
    }

    /// Whether `force_open` or `force_closed` is on.
    #[getter]
    const fn forced(&self) -> bool {
        self.0.forced
    }

    /// Calls in the window; 0 unless closed.
    #[getter]
    const fn window_calls(&self) -> u64 {
        self.0.window_calls
    }

    /// Those of them that failed.
    #[getter]
    const fn window_failures(&self) -> u64 {
        self.0.window_failures
    }

    /// Those of them that were slow.
    #[getter]
    const fn window_slow(&self) -> u64 {
        self.0.window_slow
    }

    /// `rejected_count` by reason: "open", "half_open", "forced_open".
    #[getter]
    fn rejected_by_reason<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        by_reason(py, |reason| self.0.rejected_for(reason))
    }

    /// `would_reject_count` by reason.
    #[getter]
    fn would_reject_by_reason<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        by_reason(py, |reason| self.0.would_reject_for(reason))
    }

    /// Transitions by the states they led from and to: (from, to) -> count, of all nine pairs.
    #[getter]
    fn transitions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let counts = PyDict::new(py);
        for from in State::ALL {
            for to in State::ALL {
                let pair = (python::state(py, from)?, python::state(py, to)?);
                counts.set_item(pair, self.0.transitions_between(from, to))?;
            }
        }
        Ok(counts)
    }

    /// Seconds that are left of the wait while open: 0 once it is over. None otherwise, and where it never ends.
    #[getter]
    fn remaining_wait(&self) -> Option<f64> {
        self.0.remaining_wait.map(|wait| wait.as_secs_f64())
    }

    /// success / (success + failure), None before the first of either.
    #[getter]
    fn success_rate(&self) -> Option<f64> {
        self.0.success_rate()
    }

    /// The state.
    #[getter]
    fn state(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        python::state(py, self.0.state)
    }

    /// All of it as a dict.
    fn to_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        let all = PyDict::new(slf.py());
        for name in PLAIN {
            all.set_item(name, slf.getattr(*name)?)?;
        }
        Ok(all)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other
            .cast::<Self>()
            .is_ok_and(|other| other.get().0 == self.0)
    }

    fn __repr__(&self) -> String {
        let Found {
            success_count,
            failure_count,
            rejected_count,
            ..
        } = self.0;
        let state = self.0.state.label();
        format!(
            "<CircuitBreakerMetrics {state}, {success_count} succeeded, {failure_count} failed, \
             {rejected_count} rejected>"
        )
    }
}

fn by_reason(py: Python<'_>, count: impl Fn(RejectReason) -> u64) -> PyResult<Bound<'_, PyDict>> {
    let counts = PyDict::new(py);
    for reason in RejectReason::ALL {
        counts.set_item(reason.name(), count(reason))?;
    }
    Ok(counts)
}
