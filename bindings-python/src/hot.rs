//! A guarded call, over CPython's own interface: ask, call, settle.
//!
//! Between asking and settling a healthy call does loads, comparisons and an addition; everything else is out of line. What
//! CPython promises to every slot, and so to this: it is attached to the interpreter, `self` is a live
//! object of the type, arguments are live for the duration of the call.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::OnceLock;

use breaker::Outcome;
use breaker::machine::{Ticket, Word};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;

use crate::breaker_class::Breaker;
use crate::panics::{at_once, raising};
use crate::python::execution_failed;

/// Types of what does its work only later, outside of the guard.
struct Lazy {
    coroutine: *mut ffi::PyTypeObject,
    generator: *mut ffi::PyTypeObject,
    async_generator: *mut ffi::PyTypeObject,
}

// SAFETY: the types live as long as the interpreter, for references to them are never given back, and they may be
// looked at from every thread.
unsafe impl Send for Lazy {}
// SAFETY: as above.
unsafe impl Sync for Lazy {}

static LAZY: OnceLock<Lazy> = OnceLock::new();

impl Lazy {
    /// Whether this object, a result, is a promise rather than a result.
    ///
    /// # Safety
    ///
    /// It is a live object.
    #[inline(always)]
    unsafe fn has(&self, object: *mut ffi::PyObject) -> bool {
        // SAFETY: the caller promises a live object.
        let kind = unsafe { ffi::Py_TYPE(object) };
        kind == self.coroutine || kind == self.generator || kind == self.async_generator
    }
}

/// Asks, calls, settles. `entry` is what called it.
///
/// # Safety
///
/// Attached to the interpreter; `call` answers as a vectorcall does: a new reference, or NULL with an exception
/// set.
#[inline(always)]
pub(crate) unsafe fn run(
    entry: &'static str,
    breaker: &Breaker,
    call: impl FnOnce() -> *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let Some(lazy) = LAZY.get() else {
        // The module was never set up, so nobody is here.
        return ptr::null_mut();
    };
    let Some(word) = at_once(|| breaker.engine.admit_unasked()) else {
        // SAFETY: the caller's promises.
        return unsafe { run_asking(entry, breaker, lazy, call) };
    };
    let result = call();
    // Until here and in these lines nothing can panic: there is nothing but loads, comparisons and an addition.
    if !result.is_null()
        && breaker.plain
        // SAFETY: it is a result, so a live object.
        && !unsafe { lazy.has(result) }
        && breaker.engine.success_changes_nothing(word)
        && breaker.engine.count_success_at_once()
    {
        return result;
    }
    // SAFETY: the caller's promises.
    unsafe { finish(breaker, lazy, result, word.into()) }
}

#[inline(never)]
unsafe fn run_asking(
    entry: &'static str,
    breaker: &Breaker,
    lazy: &Lazy,
    call: impl FnOnce() -> *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let mut ticket = None;
    // SAFETY: the caller is attached to the interpreter.
    unsafe {
        raising(entry, |py| {
            match breaker.ask(py) {
                Ok(given) => ticket = Some(given),
                Err(error) => error.set(py),
            }
            Ok(ptr::null_mut())
        });
    }
    match ticket {
        // SAFETY: the caller's promises.
        Some(ticket) => unsafe { finish(breaker, lazy, call(), ticket) },
        None => ptr::null_mut(),
    }
}

/// Settles by what the call answered, and answers it.
///
/// # Safety
///
/// Attached to the interpreter; `result` is owned, or NULL with an exception set.
#[inline(never)]
unsafe fn finish(
    breaker: &Breaker,
    lazy: &Lazy,
    result: *mut ffi::PyObject,
    ticket: Ticket,
) -> *mut ffi::PyObject {
    // SAFETY: the caller's promises, for all of it.
    unsafe {
        if result.is_null() && breaker.judge.is_none() && !breaker.wrap_errors {
            // Where nothing but the exception's class is asked, it stays where it is.
            let kind = ffi::PyErr_Occurred();
            let is_exception = ffi::PyErr_GivenExceptionMatches(kind, ffi::PyExc_Exception) != 0;
            let outcome = if is_exception {
                Outcome::Failure
            } else {
                Outcome::Cancelled
            };
            if settled_at_once(breaker, ticket, outcome) {
                return ptr::null_mut();
            }
        }
        let py = Python::assume_attached();
        let held = Held::new(py, breaker, ticket);
        let result = Bound::from_owned_ptr_or_opt(py, result);
        raising("settle", move |py| {
            let Some(result) = result else {
                let error = PyErr::take(py)
                    .unwrap_or_else(|| PyValueError::new_err("NULL without an exception"));
                return Err(failed(py, breaker, held.ticket(), error));
            };
            if lazy.has(result.as_ptr()) {
                drop(held);
                return Err(refused(&result));
            }
            breaker.settle_result(held.ticket(), &result);
            Ok(result.into_ptr())
        })
    }
}

/// A ticket that is to be settled. Dropped with it, by a panic too, it is cancelled.
struct Held<'a>(Option<(Python<'a>, &'a Breaker, Ticket)>);

impl<'a> Held<'a> {
    fn new(py: Python<'a>, breaker: &'a Breaker, ticket: Ticket) -> Self {
        Self(Some((py, breaker, ticket)))
    }

    /// For whoever settles it now.
    fn ticket(mut self) -> Ticket {
        self.0
            .take()
            .map_or(Word::SHADOW.into(), |(_, _, ticket)| ticket)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some((py, breaker, ticket)) = self.0.take() {
            breaker.cancel(py, ticket);
        }
    }
}

/// Settles without Python, where that is possible; see `Engine::settle_unasked`.
fn settled_at_once(breaker: &Breaker, ticket: Ticket, outcome: Outcome) -> bool {
    let settle = || {
        breaker
            .engine
            .settle_unasked(ticket.word, outcome)
            .is_some()
    };
    catch_unwind(AssertUnwindSafe(settle)).unwrap_or(true)
}

fn failed(py: Python<'_>, breaker: &Breaker, ticket: Ticket, error: PyErr) -> PyErr {
    let outcome = breaker.settle_error(ticket, error.value(py).as_any());
    if breaker.wrap_errors && outcome == Outcome::Failure {
        execution_failed(py, breaker.name.as_ref(), error)
    } else {
        error
    }
}

/// Nothing may look guarded and not be.
fn refused(result: &Bound<'_, PyAny>) -> PyErr {
    // So that nobody is told that it was never awaited, on top.
    let _ = result.call_method0("close");
    let kind = result
        .get_type()
        .name()
        .map_or_else(|_| "something lazy".to_owned(), |name| name.to_string());
    let instead = if kind == "coroutine" {
        "await execute(...), or decorate the `async def` itself"
    } else {
        "with breaker: around the loop that consumes it"
    };
    PyTypeError::new_err(format!(
        "the guarded function returned a {kind}, which would run unguarded; use {instead}"
    ))
}

/// Looks up the types that are refused. References to them are kept for ever.
pub(crate) fn set_up(py: Python<'_>) -> PyResult<()> {
    let types = py.import("types")?;
    let find = |name: &str| -> PyResult<*mut ffi::PyTypeObject> {
        Ok(types.getattr(name)?.into_ptr().cast())
    };
    let found = Lazy {
        coroutine: find("CoroutineType")?,
        generator: find("GeneratorType")?,
        async_generator: find("AsyncGeneratorType")?,
    };
    // A second import finds the same.
    let _ = LAZY.set(found);
    Ok(())
}
