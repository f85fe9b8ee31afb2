//! Listeners, and telling them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use breaker::engine::InOrder;
use breaker::{CircuitBreakerState as State, Transition as Made};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3::{PyTraverseError, PyVisit, intern};

use crate::breaker_class::Breaker;
use crate::fork;
use crate::python::report;
use crate::transition::Transition;

/// A breaker's listeners, and the order in which they are told.
#[derive(Debug)]
pub(crate) struct Told {
    order: InOrder,
    listeners: Mutex<Listeners>,
}

#[derive(Debug, Default)]
struct Listeners {
    all: Vec<(u64, Py<PyAny>)>,
    /// How many there have been.
    ever: u64,
}

impl Told {
    pub(crate) fn boxed() -> Box<Self> {
        Box::new(Self {
            order: InOrder::new(),
            listeners: Mutex::default(),
        })
    }

    /// Tells the listeners, unless another thread is telling them now: then that one will. Whatever a listener
    /// raises is reported, and costs the caller nothing.
    pub(crate) fn tell(&self, py: Python<'_>, name: Option<&Py<PyAny>>, made: Made) {
        self.order.deliver(fork::generation(), made, |made| {
            if let Err(error) = self.tell_one(py, name, made) {
                report(py, error, None);
            }
        });
    }

    fn tell_one(&self, py: Python<'_>, name: Option<&Py<PyAny>>, made: Made) -> PyResult<()> {
        log(py, name, &made).unwrap_or_else(|error| report(py, error, None));
        let listeners: Vec<_> = self
            .listeners()
            .all
            .iter()
            .map(|(_, listener)| listener.clone_ref(py))
            .collect();
        if listeners.is_empty() {
            return Ok(());
        }
        let transition = Transition::new(py, name, made).into_pyobject(py)?;
        for listener in listeners {
            let listener = listener.bind(py);
            if let Err(error) = listener.call1((&transition,)) {
                report(py, error, Some(listener));
            }
        }
        Ok(())
    }

    fn add(&self, listener: Py<PyAny>) -> u64 {
        let mut listeners = self.listeners();
        listeners.ever += 1;
        let id = listeners.ever;
        listeners.all.push((id, listener));
        id
    }

    fn remove(&self, id: u64) {
        let removed = {
            let mut listeners = self.listeners();
            let place = listeners.all.iter().position(|(other, _)| *other == id);
            place.map(|place| listeners.all.remove(place))
        };
        // Outside of the lock: it may run Python.
        drop(removed);
    }

    pub(crate) fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self.listeners.try_lock() {
            Ok(listeners) => listeners
                .all
                .iter()
                .try_for_each(|(_, listener)| visit.call(listener)),
            // Nobody stands still inside of it.
            Err(_) => Ok(()),
        }
    }

    pub(crate) fn clear(&self) {
        let all = std::mem::take(&mut self.listeners().all);
        drop(all);
    }

    fn listeners(&self) -> MutexGuard<'_, Listeners> {
        self.listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes a transition to the logger `k1s0_circuit_breaker`, if the program uses logging at all: importing it is
/// for the program to do.
fn log(py: Python<'_>, name: Option<&Py<PyAny>>, made: &Made) -> PyResult<()> {
    let modules = py
        .import(intern!(py, "sys"))?
        .getattr(intern!(py, "modules"))?;
    let Some(logging) = modules.cast::<PyDict>()?.get_item(intern!(py, "logging"))? else {
        return Ok(());
    };
    let logger = logging.call_method1(
        intern!(py, "getLogger"),
        (intern!(py, "k1s0_circuit_breaker"),),
    )?;
    let level = logging.getattr(if made.to == State::Open {
        intern!(py, "WARNING")
    } else {
        intern!(py, "INFO")
    })?;
    let (from, to, reason) = (made.from.label(), made.to.label(), made.reason.name());
    match name {
        Some(name) => {
            let text = intern!(py, "circuit breaker %s: %s -> %s (%s)");
            logger.call_method1(intern!(py, "log"), (level, text, name, from, to, reason))?;
        }
        None => {
            let text = intern!(py, "circuit breaker: %s -> %s (%s)");
            logger.call_method1(intern!(py, "log"), (level, text, from, to, reason))?;
        }
    }
    Ok(())
}

/// A listener's place, from `on_transition`: `cancel()` ends it, and so does leaving a `with` block. Dropping it
/// does not.
#[pyclass(frozen, module = "k1s0_circuit_breaker._native")]
#[derive(Debug)]
pub struct Subscription {
    breaker: Py<Breaker>,
    id: u64,
}

#[pymethods]
impl Subscription {
    /// The listener is told nothing more; doing it twice does nothing.
    fn cancel(&self) {
        if let Some(told) = self.breaker.get().told.get() {
            told.remove(self.id);
        }
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __exit__(
        &self,
        _kind: &Bound<'_, PyAny>,
        _error: &Bound<'_, PyAny>,
        _traceback: &Bound<'_, PyAny>,
    ) {
        self.cancel();
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.breaker)
    }
}

/// Adds a listener.
pub(crate) fn listen(breaker: Py<Breaker>, listener: Py<PyAny>) -> Subscription {
    let id = breaker.get().told.get_or_init(Told::boxed).add(listener);
    Subscription { breaker, id }
}
