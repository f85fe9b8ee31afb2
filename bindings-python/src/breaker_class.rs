//! The class `Breaker`, which `CircuitBreaker` in Python extends by what is `async`.

use std::sync::OnceLock;

use breaker::engine::Engine;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::clock::UsersClock;
use crate::config::Rules;
use crate::judge::Judge;
use crate::told::Told;

/// One circuit breaker. Any number of threads and tasks may use it at once.
#[pyclass(
    frozen,
    subclass,
    weakref,
    module = "k1s0_circuit_breaker._native",
    name = "Breaker"
)]
#[derive(Debug)]
pub struct Breaker {
    pub(crate) engine: Engine,
    /// Whether results go unlooked at and exceptions unwrapped: what the healthy path asks.
    pub(crate) plain: bool,
    pub(crate) wrap_errors: bool,
    pub(crate) name: Option<Py<PyAny>>,
    config: Py<PyAny>,
    pub(crate) judge: Option<Box<Judge>>,
    pub(crate) clock: Option<Box<UsersClock>>,
    /// Made with the first transition or listener.
    pub(crate) told: OnceLock<Box<Told>>,
}

#[pymethods]
impl Breaker {
    #[new]
    #[pyo3(signature = (config=None, *, name=None, clock=None, exclude=None, failure_if=None, classifier=None, wrap_errors=false))]
    #[allow(clippy::too_many_arguments, reason = "these are keywords")]
    fn new(
        py: Python<'_>,
        config: Option<Bound<'_, PyAny>>,
        name: Option<Bound<'_, PyAny>>,
        clock: Option<Bound<'_, PyAny>>,
        exclude: Option<Bound<'_, PyAny>>,
        failure_if: Option<Bound<'_, PyAny>>,
        classifier: Option<Bound<'_, PyAny>>,
        wrap_errors: bool,
    ) -> PyResult<Self> {
        let config = match config {
            Some(config) => config,
            None => default_config(py)?,
        };
        let rules = config
            .getattr(pyo3::intern!(py, "_rules"))
            .ok()
            .and_then(|rules| rules.cast_into::<Rules>().ok())
            .ok_or_else(|| {
                PyTypeError::new_err(format!(
                    "config is {}; it must be a CircuitBreakerConfig",
                    shown(&config)
                ))
            })?;
        if let Some(name) = &name
            && !name.is_instance_of::<PyString>()
        {
            let message = format!("name is {}; it must be a str", shown(name));
            return Err(PyTypeError::new_err(message));
        }
        if let Some(clock) = &clock
            && !clock.is_callable()
        {
            let message = format!("clock is {}; it must be callable", shown(clock));
            return Err(PyTypeError::new_err(message));
        }
        let exclude = exclude.unwrap_or_else(|| PyTuple::empty(py).into_any());
        let judge = Judge::new(&exclude, failure_if, classifier)?;
        let looks = judge.as_ref().is_some_and(Judge::judges_results);
        Ok(Self {
            engine: Engine::new(&rules.get().0),
            plain: !looks && !wrap_errors,
            wrap_errors,
            name: name.map(Bound::unbind),
            config: config.unbind(),
            judge: judge.map(Box::new),
            clock: clock.map(|clock| Box::new(UsersClock::new(clock.unbind()))),
            told: OnceLock::new(),
        })
    }

    /// The name in logs, metrics and errors, or None.
    #[getter]
    fn name(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.name.as_ref().map(|name| name.clone_ref(py))
    }

    /// The configuration it was made with.
    #[getter]
    fn config(&self, py: Python<'_>) -> Py<PyAny> {
        self.config.clone_ref(py)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.config)?;
        if let Some(judge) = &self.judge {
            judge.visit(&visit)?;
        }
        if let Some(clock) = &self.clock {
            clock.slot().visit(&visit)?;
        }
        if let Some(told) = self.told.get() {
            told.visit(&visit)?;
        }
        Ok(())
    }

    /// Only what the user handed in can be part of a cycle.
    fn __clear__(&self) {
        if let Some(judge) = &self.judge {
            judge.clear();
        }
        if let Some(clock) = &self.clock {
            clock.slot().clear();
        }
        if let Some(told) = self.told.get() {
            told.clear();
        }
    }
}

fn default_config(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    static DEFAULT: pyo3::sync::PyOnceLock<Py<PyAny>> = pyo3::sync::PyOnceLock::new();
    let config = DEFAULT.get_or_try_init(py, || {
        let class = py
            .import("k1s0_circuit_breaker.config")?
            .getattr("CircuitBreakerConfig")?;
        class.call0().map(Bound::unbind)
    })?;
    Ok(config.bind(py).clone())
}

/// How Python writes it, for a message.
fn shown(object: &Bound<'_, PyAny>) -> String {
    object
        .repr()
        .map_or_else(|_| "something else".to_owned(), |text| text.to_string())
}
