//! `execute_sync`: a guarded call of a function that is handed in.

use std::ffi::{CStr, c_int};

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::breaker_class::Breaker;
use crate::hot::run;
use crate::panics::raising;

unsafe extern "C" fn execute_sync(
    breaker: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: a method descriptor has made sure that it is a `Breaker`, which the caller keeps alive; the first
    // argument is there where `count` says so, and those after it are the function's.
    unsafe {
        let py = Python::assume_attached();
        if count < 1 {
            return raising("execute_sync", |_| {
                Err(PyTypeError::new_err(
                    "execute_sync() needs the function to call",
                ))
            });
        }
        let bound = Bound::ref_from_ptr(py, &breaker).cast_unchecked::<Breaker>();
        run("execute_sync", bound.get(), || {
            ffi::PyObject_Vectorcall(*arguments, arguments.add(1), count as usize - 1, names)
        })
    }
}

/// Gives `Breaker` its `execute_sync`, also as `call_sync`.
pub(crate) fn add_to(class: &Bound<'_, PyType>) -> PyResult<()> {
    for name in [c"execute_sync", c"call_sync"] {
        let method = ffi::PyMethodDefPointer {
            PyCFunctionFastWithKeywords: execute_sync,
        };
        let flags = ffi::METH_FASTCALL | ffi::METH_KEYWORDS;
        add_method(class, name, method, flags, EXECUTE_SYNC)?;
    }
    Ok(())
}

/// Gives a class a method that is written over CPython's own interface.
pub(crate) fn add_method(
    class: &Bound<'_, PyType>,
    name: &'static CStr,
    method: ffi::PyMethodDefPointer,
    flags: c_int,
    doc: &'static CStr,
) -> PyResult<()> {
    // The descriptor keeps a pointer to it.
    let definition = Box::leak(Box::new(ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: method,
        ml_flags: flags,
        ml_doc: doc.as_ptr(),
    }));
    // SAFETY: the type is live, and the definition lives for ever.
    let descriptor = unsafe {
        let made = ffi::PyDescr_NewMethod(class.as_type_ptr(), definition);
        Bound::from_owned_ptr_or_err(class.py(), made)?
    };
    class.setattr(&*name.to_string_lossy(), descriptor)
}

const EXECUTE_SYNC: &CStr = c"execute_sync($self, function, /, *args, **kwargs)
--

Calls the function with the arguments and answers its result. Its own exception comes through
unchanged. Raises CircuitOpenError where the call is rejected.";
