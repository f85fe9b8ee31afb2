//! The hot path: a callable that asks, calls and settles, written over CPython's own interface.
//!
//! Arguments pass through as they came (vectorcall, PEP 590): no tuple, no dict, no Python frame. So a
//! guarded call costs some nanoseconds more than a bare one. There are two ways in: `Guarded`, which is
//! what decorating a plain function gives, and `execute_sync`.
//!
//! This is the package's `unsafe` code, with the few lines in `python.rs` and `clock.rs`. What CPython promises
//! to every slot: it is attached to the interpreter, `self` is a live object of the type, arguments are live
//! for the duration of the call.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::OnceLock;

use breaker::Outcome;
use breaker::machine::Ticket;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::panic::PanicException;
use pyo3::prelude::*;

use crate::breaker_class::Breaker;
use crate::python::execution_failed;

/// A guarded function. Its fields are set before anybody sees it, and emptied by the garbage collector, which
/// does so only where nobody can call it any more.
#[repr(C)]
struct Guarded {
    base: ffi::PyObject,
    vectorcall: Option<ffi::vectorcallfunc>,
    /// In `owner`, which keeps it alive.
    breaker: *const Breaker,
    owner: *mut ffi::PyObject,
    function: *mut ffi::PyObject,
    dict: *mut ffi::PyObject,
    weak_references: *mut ffi::PyObject,
}

/// Types of what does its work only later, outside of the guard, and the type `Guarded`.
struct Types {
    coroutine: *mut ffi::PyTypeObject,
    generator: *mut ffi::PyTypeObject,
    async_generator: *mut ffi::PyTypeObject,
    guarded: *mut ffi::PyTypeObject,
    method: *mut ffi::PyObject,
}

// SAFETY: the types live as long as the interpreter, for references to them are never given back, and they may be
// looked at from every thread.
unsafe impl Send for Types {}
// SAFETY: as above.
unsafe impl Sync for Types {}

static TYPES: OnceLock<Types> = OnceLock::new();

impl Types {
    /// Whether this object, a result, is a promise rather than a result.
    ///
    /// # Safety
    ///
    /// It is a live object.
    #[inline(always)]
    unsafe fn is_lazy(&self, object: *mut ffi::PyObject) -> bool {
        // SAFETY: the caller promises a live object.
        let kind = unsafe { ffi::Py_TYPE(object) };
        kind == self.coroutine || kind == self.generator || kind == self.async_generator
    }
}

/// Asks, calls, settles.
///
/// # Safety
///
/// Attached to the interpreter; `call` answers as a vectorcall does: a new reference, or NULL with an exception
/// set.
#[inline(always)]
unsafe fn run(breaker: &Breaker, call: impl FnOnce() -> *mut ffi::PyObject) -> *mut ffi::PyObject {
    let Some(types) = TYPES.get() else {
        // The module was never set up, so there is no `Guarded`.
        return ptr::null_mut();
    };
    let Some(word) = breaker.engine.admit_unasked() else {
        // SAFETY: the caller's promises.
        return unsafe { run_asking(breaker, types, call) };
    };
    let result = call();
    // Until here and in these lines nothing can panic: there is nothing but loads, comparisons and an addition.
    if !result.is_null()
        && breaker.plain
        // SAFETY: it is a result, so a live object.
        && !unsafe { types.is_lazy(result) }
        && breaker.engine.success_changes_nothing(word)
        && breaker.engine.count_success_at_once()
    {
        return result;
    }
    // SAFETY: the caller's promises.
    unsafe { finish(breaker, types, result, word.into()) }
}

#[inline(never)]
unsafe fn run_asking(
    breaker: &Breaker,
    types: &Types,
    call: impl FnOnce() -> *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let mut ticket = None;
    // SAFETY: the caller is attached to the interpreter.
    unsafe {
        raising(|py| {
            ticket = Some(breaker.ask(py)?);
            Ok(ptr::null_mut())
        });
    }
    match ticket {
        // SAFETY: the caller's promises.
        Some(ticket) => unsafe { finish(breaker, types, call(), ticket) },
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
    types: &Types,
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
        raising(|py| {
            let Some(result) = Bound::from_owned_ptr_or_opt(py, result) else {
                let error = PyErr::take(py)
                    .unwrap_or_else(|| PyValueError::new_err("NULL without an exception"));
                return Err(failed(py, breaker, ticket, error));
            };
            if types.is_lazy(result.as_ptr()) {
                breaker.settle(py, ticket, Outcome::Cancelled.into());
                return Err(refused(&result));
            }
            breaker.settle_result(ticket, &result);
            Ok(result.into_ptr())
        })
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

/// Runs what may raise, and what may panic; both become Python exceptions.
///
/// # Safety
///
/// Attached to the interpreter.
pub(crate) unsafe fn raising(
    body: impl FnOnce(Python<'_>) -> PyResult<*mut ffi::PyObject>,
) -> *mut ffi::PyObject {
    // SAFETY: the caller's promise.
    let py = unsafe { Python::assume_attached() };
    let error = match catch_unwind(AssertUnwindSafe(|| body(py))) {
        Ok(Ok(result)) => return result,
        Ok(Err(error)) => error,
        Err(payload) => {
            // Dropping it could panic again.
            std::mem::forget(payload);
            PanicException::new_err("a defect in k1s0-circuit-breaker")
        }
    };
    error.restore(py);
    ptr::null_mut()
}

// ----- the type -----

unsafe extern "C" fn vectorcall(
    guarded: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let guarded = guarded.cast::<Guarded>();
    // SAFETY: it is a `Guarded`; whoever can call it keeps it alive, and so its breaker and function. What
    // came in is passed on as it is, the flag in `count` too: it lends us the place before the arguments.
    unsafe {
        run(&*(*guarded).breaker, || {
            ffi::PyObject_Vectorcall((*guarded).function, arguments, count, names)
        })
    }
}

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
            return raising(|_| {
                Err(PyTypeError::new_err(
                    "execute_sync() needs the function to call",
                ))
            });
        }
        let bound = Bound::ref_from_ptr(py, &breaker).cast_unchecked::<Breaker>();
        run(bound.get(), || {
            ffi::PyObject_Vectorcall(*arguments, arguments.add(1), count as usize - 1, names)
        })
    }
}

/// As functions do: through an instance it is a method of it.
unsafe extern "C" fn descr_get(
    guarded: *mut ffi::PyObject,
    instance: *mut ffi::PyObject,
    _owner: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: `instance` is NULL, None or a live object; MethodType takes two objects.
    unsafe {
        match TYPES.get() {
            Some(types) if !instance.is_null() && instance != ffi::Py_None() => {
                let arguments = [guarded, instance];
                ffi::PyObject_Vectorcall(types.method, arguments.as_ptr(), 2, ptr::null_mut())
            }
            _ => {
                ffi::Py_INCREF(guarded);
                guarded
            }
        }
    }
}

unsafe extern "C" fn repr(guarded: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: it is a live `Guarded`, whose function is there.
    unsafe {
        raising(|py| {
            let function = (*guarded.cast::<Guarded>()).function;
            let function = Bound::from_borrowed_ptr(py, function).repr()?;
            let text = format!(
                "<guarded {}>",
                function.to_string().trim_matches(['<', '>'])
            );
            Ok(text.into_pyobject(py)?.into_any().into_ptr())
        })
    }
}

/// By its name, as functions are pickled.
unsafe extern "C" fn reduce(
    guarded: *mut ffi::PyObject,
    _none: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: it is a live object.
    unsafe { ffi::PyObject_GetAttrString(guarded, c"__qualname__".as_ptr()) }
}

unsafe extern "C" fn traverse(
    guarded: *mut ffi::PyObject,
    visit: ffi::visitproc,
    argument: *mut c_void,
) -> c_int {
    let this = guarded.cast::<Guarded>();
    // SAFETY: it is a `Guarded`, and each field NULL or a live object.
    unsafe {
        let kind = ffi::Py_TYPE(guarded).cast::<ffi::PyObject>();
        for object in [kind, (*this).owner, (*this).function, (*this).dict] {
            if !object.is_null() {
                let done = visit(object, argument);
                if done != 0 {
                    return done;
                }
            }
        }
    }
    0
}

unsafe extern "C" fn clear(guarded: *mut ffi::PyObject) -> c_int {
    let this = guarded.cast::<Guarded>();
    // A call of what is half gone would find nothing; so it answers with an exception.
    // SAFETY: it is a `Guarded`. Each place is empty before its object goes, which may run Python.
    unsafe {
        (*this).vectorcall = Some(gone);
        for place in [
            &raw mut (*this).function,
            &raw mut (*this).dict,
            &raw mut (*this).owner,
        ] {
            let object = ptr::replace(place, ptr::null_mut());
            ffi::Py_XDECREF(object);
        }
    }
    0
}

unsafe extern "C" fn gone(
    _guarded: *mut ffi::PyObject,
    _arguments: *const *mut ffi::PyObject,
    _count: usize,
    _names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: attached, as every slot is.
    unsafe { raising(|_| Err(PyTypeError::new_err("this guarded function is gone"))) }
}

unsafe extern "C" fn dealloc(guarded: *mut ffi::PyObject) {
    // SAFETY: nobody has a reference to it any more. It was made by `PyType_GenericAlloc`, which tracked it
    // and took a reference to its type.
    unsafe {
        let kind = ffi::Py_TYPE(guarded);
        ffi::PyObject_GC_UnTrack(guarded.cast());
        if !(*guarded.cast::<Guarded>()).weak_references.is_null() {
            ffi::PyObject_ClearWeakRefs(guarded);
        }
        clear(guarded);
        ffi::PyObject_GC_Del(guarded.cast());
        ffi::Py_DECREF(kind.cast());
    }
}

/// A guarded function. What else it needs to look like the function, `breaker.py` puts into its `__dict__`.
#[pyfunction]
pub(crate) fn guard<'py>(
    breaker: &Bound<'py, Breaker>,
    function: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let types = TYPES
        .get()
        .ok_or_else(|| PyTypeError::new_err("the module is not set up"))?;
    // SAFETY: the type is ours, and an object of it as large as `Guarded`. It comes zeroed, which is nothing in
    // each field; nobody sees it before all are set.
    unsafe {
        let made = ffi::PyType_GenericAlloc(types.guarded, 0);
        let made = Bound::from_owned_ptr_or_err(breaker.py(), made)?;
        let this = made.as_ptr().cast::<Guarded>();
        (*this).breaker = breaker.get();
        (*this).owner = breaker.clone().into_ptr();
        (*this).function = function.clone().into_ptr();
        (*this).vectorcall = Some(vectorcall);
        Ok(made)
    }
}

/// Makes the type, and gives `Breaker` its `execute_sync`.
pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let types = py.import("types")?;
    // A reference to each is kept for ever.
    let of_types =
        |name: &str| -> PyResult<*mut ffi::PyObject> { Ok(types.getattr(name)?.into_ptr()) };
    let guarded = make_type(py)?;
    module.add("Guarded", &guarded)?;
    let found = Types {
        coroutine: of_types("CoroutineType")?.cast(),
        generator: of_types("GeneratorType")?.cast(),
        async_generator: of_types("AsyncGeneratorType")?.cast(),
        guarded: guarded.into_ptr().cast(),
        method: of_types("MethodType")?,
    };
    // The types of a second import are the same but for `Guarded`, whose first is as good.
    let _ = TYPES.set(found);
    let class = py.get_type::<Breaker>();
    add_execute_sync(&class)?;
    crate::awaited::add_to(&class)
}

fn add_execute_sync(class: &Bound<'_, pyo3::types::PyType>) -> PyResult<()> {
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
    class: &Bound<'_, pyo3::types::PyType>,
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

fn make_type(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let offset = |name: &'static CStr, offset: usize, kind: c_int| ffi::PyMemberDef {
        name: name.as_ptr(),
        type_code: kind,
        offset: offset as ffi::Py_ssize_t,
        flags: ffi::Py_READONLY,
        doc: ptr::null(),
    };
    let number = ffi::Py_T_PYSSIZET;
    // The slots keep pointers to these, so they live for ever.
    let members: &'static mut [ffi::PyMemberDef] = Box::leak(Box::new([
        offset(
            c"__vectorcalloffset__",
            std::mem::offset_of!(Guarded, vectorcall),
            number,
        ),
        offset(
            c"__dictoffset__",
            std::mem::offset_of!(Guarded, dict),
            number,
        ),
        offset(
            c"__weaklistoffset__",
            std::mem::offset_of!(Guarded, weak_references),
            number,
        ),
        offset(
            c"breaker",
            std::mem::offset_of!(Guarded, owner),
            ffi::Py_T_OBJECT_EX,
        ),
        ffi::PyMemberDef::default(),
    ]));
    let properties: &'static mut [ffi::PyGetSetDef] = Box::leak(Box::new([
        ffi::PyGetSetDef {
            name: c"__dict__".as_ptr(),
            get: Some(ffi::PyObject_GenericGetDict),
            set: Some(ffi::PyObject_GenericSetDict),
            doc: ptr::null(),
            closure: ptr::null_mut(),
        },
        ffi::PyGetSetDef::default(),
    ]));
    let methods: &'static mut [ffi::PyMethodDef] = Box::leak(Box::new([
        ffi::PyMethodDef {
            ml_name: c"__reduce__".as_ptr(),
            ml_meth: ffi::PyMethodDefPointer {
                PyCFunction: reduce,
            },
            ml_flags: ffi::METH_NOARGS,
            ml_doc: ptr::null(),
        },
        ffi::PyMethodDef::zeroed(),
    ]));
    let slot = |slot: c_int, pfunc: *mut c_void| ffi::PyType_Slot { slot, pfunc };
    let mut slots = [
        slot(ffi::Py_tp_call, ffi::PyVectorcall_Call as *mut c_void),
        slot(ffi::Py_tp_descr_get, descr_get as *mut c_void),
        slot(ffi::Py_tp_repr, repr as *mut c_void),
        slot(ffi::Py_tp_traverse, traverse as *mut c_void),
        slot(ffi::Py_tp_clear, clear as *mut c_void),
        slot(ffi::Py_tp_dealloc, dealloc as *mut c_void),
        slot(ffi::Py_tp_members, members.as_mut_ptr().cast()),
        slot(ffi::Py_tp_getset, properties.as_mut_ptr().cast()),
        slot(ffi::Py_tp_methods, methods.as_mut_ptr().cast()),
        slot(0, ptr::null_mut()),
    ];
    const NAME: &CStr = c"k1s0_circuit_breaker._native.Guarded";
    let name: *const c_char = NAME.as_ptr();
    let mut spec = ffi::PyType_Spec {
        name,
        basicsize: size_of::<Guarded>() as c_int,
        itemsize: 0,
        // Only `guard` makes them: one made by `Guarded()` would have nothing to call.
        flags: (ffi::Py_TPFLAGS_DEFAULT
            | ffi::Py_TPFLAGS_HAVE_GC
            | ffi::Py_TPFLAGS_HAVE_VECTORCALL
            | ffi::Py_TPFLAGS_METHOD_DESCRIPTOR) as u32
            | NO_CONSTRUCTOR,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: every slot is a function or a table of the kind that its number says; what the type keeps
    // pointers to lives for ever.
    unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyType_FromSpec(&raw mut spec)) }
}

/// Py_TPFLAGS_DISALLOW_INSTANTIATION, of 3.10 and later; 3.9 does not know this bit, and there a `Guarded()` is
/// refused when it is called, for its vectorcall is NULL.
const NO_CONSTRUCTOR: u32 = 1 << 7;
