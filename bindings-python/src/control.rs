//! Reading, recording, and doing things to the state by hand.

use breaker::CircuitBreakerState as State;
use breaker::engine::Engine;
use breaker::machine::{Nanos, Recorded};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::breaker_class::Breaker;
use crate::explanation::CircuitBreakerExplanation;
use crate::metrics::CircuitBreakerMetrics;
use crate::python;
use crate::told::{self, Subscription};
use crate::transition::Transition;

impl Breaker {
    fn state_now(&self, py: Python<'_>) -> PyResult<State> {
        self.decide(py, &mut None, |now| self.engine.state(now))
    }

    fn by_hand(
        &self,
        py: Python<'_>,
        control: impl FnOnce(&Engine, Nanos) -> Option<breaker::Transition>,
    ) -> PyResult<Option<Transition>> {
        let made = self.control(py, control)?;
        Ok(made.map(|made| Transition::new(py, self.name.as_ref(), made)))
    }
}

#[pymethods]
impl Breaker {
    /// The state now: HALF_OPEN as soon as the wait is over, though no call has come yet (SPEC 9.1).
    #[getter]
    fn state(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        python::state(py, self.state_now(py)?)
    }

    /// Whether the state is OPEN: calls are rejected now.
    #[getter]
    fn is_open(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.state_now(py)? == State::Open)
    }

    /// Records a success that no permit was taken for (SPEC 8.1).
    fn record_success(&self, py: Python<'_>) -> PyResult<()> {
        self.record(py, Recorded::Success)
    }

    /// Records a failure that no permit was taken for (SPEC 8.1).
    fn record_failure(&self, py: Python<'_>) -> PyResult<()> {
        self.record(py, Recorded::Failure)
    }

    /// Closes the circuit, ends a forced mode and forgets every count but the totals (SPEC 10.1). Calls that
    /// are running go on; their results no longer count.
    fn reset(&self, py: Python<'_>) -> PyResult<()> {
        self.control(py, Engine::reset).map(drop)
    }

    /// Opens the circuit as a failure would, with a fresh wait. In a forced mode it does nothing (SPEC 10.2).
    fn trip(&self, py: Python<'_>) -> PyResult<Option<Transition>> {
        self.by_hand(py, Engine::trip)
    }

    /// Rejects every call until `automatic` or `reset` (SPEC 10.3).
    fn force_open(&self, py: Python<'_>) -> PyResult<Option<Transition>> {
        self.by_hand(py, Engine::force_open)
    }

    /// Admits every call and only counts, until `automatic` or `reset` (SPEC 10.3).
    fn force_closed(&self, py: Python<'_>) -> PyResult<Option<Transition>> {
        self.by_hand(py, Engine::force_closed)
    }

    /// Ends a forced mode: the state from before comes back, its wait running on from where it began
    /// (SPEC 10.4).
    fn automatic(&self, py: Python<'_>) -> PyResult<Option<Transition>> {
        self.by_hand(py, Engine::automatic)
    }

    /// Counts calls that hang, as the next admission would (SPEC 12.5): for a program whose traffic stops while its
    /// calls hang. Without `count_hung_calls` it does nothing; it never ends a wait.
    fn tick(&self, py: Python<'_>) -> PyResult<Option<Transition>> {
        self.by_hand(py, Engine::tick)
    }

    /// State and totals at one moment (SPEC 9.2).
    fn metrics(&self, py: Python<'_>) -> PyResult<CircuitBreakerMetrics> {
        let found = self.decide(py, &mut None, |now| self.engine.snapshot(now))?;
        Ok(CircuitBreakerMetrics::new(found))
    }

    /// As `metrics`.
    fn snapshot(&self, py: Python<'_>) -> PyResult<CircuitBreakerMetrics> {
        self.metrics(py)
    }

    /// What it is doing, why, and what would change that. Costs calls nothing.
    fn explain(&self, py: Python<'_>) -> PyResult<CircuitBreakerExplanation> {
        let mut found = self.decide(py, &mut None, |now| self.engine.explain(now))?;
        found.name = self
            .name
            .as_ref()
            .map(|name| name.bind(py).to_string().into());
        Ok(CircuitBreakerExplanation::new(found))
    }

    /// The last transitions, at most 32, the oldest first.
    fn recent_transitions(&self, py: Python<'_>) -> Vec<Transition> {
        self.engine
            .recent_transitions()
            .into_iter()
            .map(|made| Transition::new(py, self.name.as_ref(), made))
            .collect()
    }

    /// Calls `listener(transition)` for every transition from now on, once each and in order, on the thread that
    /// made it or on one that was telling at the time, outside every lock, before that operation returns. It may use
    /// the breaker. What it raises goes to `sys.unraisablehook`. A limit: while other threads make transitions faster
    /// than the listeners take them, the thread that tells goes on telling and what it has still to tell grows, so a
    /// listener hands long work on.
    fn on_transition(slf: Py<Self>, listener: &Bound<'_, PyAny>) -> PyResult<Subscription> {
        if !listener.is_callable() {
            return Err(PyTypeError::new_err("a listener must be callable"));
        }
        Ok(told::listen(slf, listener.clone().unbind()))
    }

    /// Whether there is nothing to remember: closed, nothing failed lately, nothing forced.
    #[getter]
    fn is_idle(&self) -> bool {
        self.engine.is_idle()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let py = slf.py();
        let class = slf.get_type().name()?;
        let name = match &slf.get().name {
            Some(name) => format!(" {}", name.bind(py).repr()?),
            None => String::new(),
        };
        // Reading the state may take the user's clock, which may raise; a repr should not.
        let state = slf.get().state_now(py).map_or("?", State::label);
        Ok(format!("<{class}{name} {state}>"))
    }
}
