//! The two ends of an awaited call: what the `async` wrappers in `breaker.py` call before and after.
//!
//! Over CPython's own interface, like `guarded`: two of these stand in every awaited call. Between them there is
//! no more than a number while losing it loses nothing, and a permit where it may be a probe's slot: an exception
//! may fall between the call of `_enter` and the `try` after it.

use std::ffi::CStr;
use std::ptr;

use breaker::machine::Word;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::breaker_class::Breaker;
use crate::execute_sync::add_method;
use crate::panics::{at_once, raising};
use crate::permit::{Permit, ticket_of};

unsafe extern "C" fn enter(
    this: *mut ffi::PyObject,
    _none: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: a method descriptor has made sure that it is a `Breaker`, which the caller keeps alive.
    unsafe {
        let py = Python::assume_attached();
        let breaker = Bound::ref_from_ptr(py, &this).cast_unchecked::<Breaker>();
        match at_once(|| breaker.get().engine.admit_unasked()) {
            // The low half is all that a permit needs.
            Some(word) => ffi::PyLong_FromUnsignedLong((word.to_bits() as u32).into()),
            None => raising("_enter", |py| {
                let ticket = match breaker.get().ask(py) {
                    Ok(ticket) => ticket,
                    Err(error) => {
                        error.set(py);
                        return Ok(ptr::null_mut());
                    }
                };
                let permit = Permit::new(breaker.clone().unbind(), ticket);
                Ok(Py::new(py, permit)?.into_ptr())
            }),
        }
    }
}

unsafe extern "C" fn succeed(
    this: *mut ffi::PyObject,
    arguments: *mut *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    // SAFETY: a method descriptor has made sure that it is a `Breaker`; there are as many arguments as `count`
    // says. The caller keeps all of them alive.
    unsafe {
        let py = Python::assume_attached();
        if count != 2 {
            return raising("_succeed", |_| {
                let message = "_succeed() takes what _enter gave, and the result";
                Err(pyo3::exceptions::PyTypeError::new_err(message))
            });
        }
        let (entered, result) = (*arguments, *arguments.add(1));
        let breaker = Bound::ref_from_ptr(py, &this)
            .cast_unchecked::<Breaker>()
            .get();
        if cfg!(not(k1s0_cb_force_panic)) && breaker.plain && ffi::PyLong_CheckExact(entered) != 0 {
            // No larger than what `enter` made of 32 bits.
            #[allow(
                clippy::useless_conversion,
                reason = "a C long is not 64 bits everywhere"
            )]
            let word = Word::from_bits(ffi::PyLong_AsUnsignedLongMask(entered).into());
            if breaker.engine.success_changes_nothing(word)
                && breaker.engine.count_success_at_once()
            {
                return none();
            }
        }
        raising("_succeed", |py| {
            let entered = Bound::ref_from_ptr(py, &entered);
            if let Some(ticket) = ticket_of(entered)? {
                breaker.settle_result(ticket, Bound::ref_from_ptr(py, &result));
            }
            Ok(none())
        })
    }
}

/// # Safety
///
/// Attached to the interpreter.
unsafe fn none() -> *mut ffi::PyObject {
    // SAFETY: None is always there.
    unsafe {
        let none = ffi::Py_None();
        ffi::Py_INCREF(none);
        none
    }
}

/// Gives `Breaker` its `_enter` and `_succeed`.
pub(crate) fn add_to(class: &Bound<'_, PyType>) -> PyResult<()> {
    let method = ffi::PyMethodDefPointer { PyCFunction: enter };
    add_method(class, c"_enter", method, ffi::METH_NOARGS, PRIVATE)?;
    let method = ffi::PyMethodDefPointer {
        PyCFunctionFast: succeed,
    };
    add_method(class, c"_succeed", method, ffi::METH_FASTCALL, PRIVATE)
}

const PRIVATE: &CStr = c"Private to this package.";
