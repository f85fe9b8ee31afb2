//! Two steps: a permit, and what became of the call.

use std::sync::atomic::{AtomicBool, Ordering};

use breaker::machine::{Ending, Nanos, Ticket, Word};
use breaker::{Effect, Outcome};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use crate::breaker_class::Breaker;
use crate::judge::outcome_named;
use crate::python::{Raised, execution_failed};
use crate::seconds;

/// Leave to make one call; from `try_acquire` or `acquire`.
///
/// Settle it with `success()`, `failure()`, `ignore()` or `cancel()`, or use it in a `with` block, which
/// settles by how the block ends. The first settles, the rest do nothing and say so. Dropped unsettled it counts
/// as cancelled (SPEC 7.3). It may be handed to another thread or task.
#[pyclass(frozen, weakref, module = "k1s0_circuit_breaker._native")]
#[derive(Debug)]
pub struct Permit {
    breaker: Py<Breaker>,
    ticket: Ticket,
    settled: AtomicBool,
}

impl Permit {
    pub(crate) fn new(breaker: Py<Breaker>, ticket: Ticket) -> Self {
        Self {
            breaker,
            ticket,
            settled: AtomicBool::new(false),
        }
    }

    /// Whether this is the first to settle it.
    fn is_mine(&self) -> bool {
        !self.settled.swap(true, Ordering::Relaxed)
    }

    fn settle(&self, py: Python<'_>, ending: impl Into<Ending>) -> &'static str {
        let effect = if self.is_mine() {
            self.breaker.get().settle(py, self.ticket, ending.into())
        } else {
            Effect::AlreadySettled
        };
        effect.name()
    }

    /// Settles it by how a block ended, None or an exception, if it is not settled yet.
    pub(crate) fn leave(&self, error: &Bound<'_, PyAny>) -> PyResult<()> {
        if !self.is_mine() {
            return Ok(());
        }
        let breaker = self.breaker.get();
        if error.is_none() {
            breaker.settle(error.py(), self.ticket, Outcome::Success.into());
            return Ok(());
        }
        breaker.settle_and_wrap(self.ticket, error)
    }
}

#[pymethods]
impl Permit {
    /// The service did its work. Answers what that did: "applied", "stale", "already_settled" or "shadowed".
    fn success(&self, py: Python<'_>) -> &'static str {
        self.settle(py, Outcome::Success)
    }

    /// The service did not. `retry_after`: seconds for which the server asked not to be called; if this
    /// failure opens the circuit, it waits at least so long (SPEC 13.4).
    #[pyo3(signature = (*, retry_after=None))]
    fn failure(
        &self,
        py: Python<'_>,
        retry_after: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<&'static str> {
        let ending = Ending {
            outcome: Outcome::Failure,
            retry_after: retry_after.map(wait).transpose()?,
        };
        Ok(self.settle(py, ending))
    }

    /// The result says nothing about the service: a business error.
    fn ignore(&self, py: Python<'_>) -> &'static str {
        self.settle(py, Outcome::Ignored)
    }

    /// The caller gave up.
    fn cancel(&self, py: Python<'_>) -> &'static str {
        self.settle(py, Outcome::Cancelled)
    }

    /// Settles it with an `Outcome` or its value; `retry_after` as in `failure()`, and nothing with another outcome.
    /// Raises `ValueError` for what is no outcome, and the permit stays as it was.
    #[pyo3(name = "settle", signature = (outcome, *, retry_after=None))]
    fn settle_with(
        &self,
        py: Python<'_>,
        outcome: &Bound<'_, PyAny>,
        retry_after: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<&'static str> {
        let ending = Ending {
            outcome: outcome_named(outcome)?,
            retry_after: retry_after.map(wait).transpose()?,
        };
        Ok(self.settle(py, ending))
    }

    /// Whether it is settled.
    #[getter]
    fn settled(&self) -> bool {
        self.settled.load(Ordering::Relaxed)
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    /// Settles by how the block ended, if it did not do so itself.
    fn __exit__(
        &self,
        _kind: &Bound<'_, PyAny>,
        error: &Bound<'_, PyAny>,
        _traceback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        self.leave(error)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.breaker)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.is_mine() {
            // There is none while the interpreter goes: nobody is left to care.
            let _ = Python::try_attach(|py| self.breaker.get().cancel(py, self.ticket));
        }
    }
}

impl Breaker {
    /// A permit, where the call is not rejected.
    pub(crate) fn permit(slf: &Bound<'_, Self>) -> Result<Permit, Raised> {
        let breaker = slf.get();
        let ticket = match breaker.engine.admit_unasked() {
            Some(word) => word.into(),
            None => breaker.ask(slf.py())?,
        };
        Ok(Permit::new(slf.clone().unbind(), ticket))
    }

    /// Settles by what the exception says; with `wrap_errors`, raises `ExecutionFailedError` from it.
    fn settle_and_wrap(&self, ticket: Ticket, error: &Bound<'_, PyAny>) -> PyResult<()> {
        let outcome = self.settle_error(ticket, error);
        if self.wrap_errors && outcome == Outcome::Failure {
            let py = error.py();
            let cause = PyErr::from_value(error.clone());
            return Err(execution_failed(py, self.name.as_ref(), cause));
        }
        Ok(())
    }
}

#[pymethods]
impl Breaker {
    /// A permit, or None where the call is rejected.
    fn try_acquire(slf: &Bound<'_, Self>) -> PyResult<Option<Permit>> {
        match Self::acquire(slf) {
            Ok(permit) => Ok(Some(permit)),
            Err(error) => {
                let py = slf.py();
                let rejected = py
                    .import("k1s0_circuit_breaker.exceptions")?
                    .getattr("CircuitOpenError")?;
                if error.is_instance(py, &rejected) {
                    Ok(None)
                } else {
                    Err(error)
                }
            }
        }
    }

    /// A permit; raises `CircuitOpenError` where the call is rejected.
    fn acquire(slf: &Bound<'_, Self>) -> PyResult<Permit> {
        Self::permit(slf).map_err(|error| error.hold(slf.py()))
    }

    /// What `_enter` gave ended with this exception. Private.
    fn _fail(&self, entered: &Bound<'_, PyAny>, error: &Bound<'_, PyAny>) -> PyResult<()> {
        match ticket_of(entered)? {
            Some(ticket) => self.settle_and_wrap(ticket, error),
            None => Ok(()),
        }
    }
}

/// What `_enter` gave; none where it is settled.
pub(crate) fn ticket_of(entered: &Bound<'_, PyAny>) -> PyResult<Option<Ticket>> {
    if let Ok(permit) = entered.cast::<Permit>() {
        let permit = permit.get();
        return Ok(permit.is_mine().then_some(permit.ticket));
    }
    let low: u32 = entered
        .extract()
        .map_err(|_| PyTypeError::new_err("this is not from _enter"))?;
    Ok(Some(Word::from_bits(low.into()).into()))
}

/// Seconds that a server asked for.
fn wait(seconds: &Bound<'_, PyAny>) -> PyResult<Nanos> {
    seconds::nanos(seconds)?.ok_or_else(|| match seconds.repr() {
        Ok(seconds) => PyValueError::new_err(format!(
            "retry_after is {seconds}; it must be a finite number of seconds, 0 or more"
        )),
        Err(error) => error,
    })
}
