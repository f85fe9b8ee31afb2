//! What decorating a plain function gives: a callable, written over CPython's own interface.
//!
//! Arguments pass through as they came (vectorcall, PEP 590): no tuple, no dict, no Python frame. So a
//! guarded call costs some nanoseconds more than a bare one. `execute_sync` is the other way in.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::sync::OnceLock;

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::breaker_class::Breaker;
use crate::hot::run;
use crate::panics::raising;

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

/// The type itself, and what binds one to an instance.
struct Types {
    guarded: *mut ffi::PyTypeObject,
    method: *mut ffi::PyObject,
}

// SAFETY: they live as long as the interpreter, for references to them are never given back, and they may be looked at
// from every thread.
unsafe impl Send for Types {}
// SAFETY: as above.
unsafe impl Sync for Types {}

static TYPES: OnceLock<Types> = OnceLock::new();

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
        run("guarded", &*(*guarded).breaker, || {
            ffi::PyObject_Vectorcall((*guarded).function, arguments, count, names)
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
        raising("repr", |py| {
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
    unsafe {
        raising("gone", |_| {
            Err(PyTypeError::new_err("this guarded function is gone"))
        })
    }
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

/// Makes the type.
pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let guarded = make_type(py)?;
    module.add("Guarded", &guarded)?;
    let method = py.import("types")?.getattr("MethodType")?;
    // A reference to each is kept for ever.
    let found = Types {
        guarded: guarded.into_ptr().cast(),
        method: method.into_ptr(),
    };
    // The type of a second import is not used: the first is as good.
    let _ = TYPES.set(found);
    Ok(())
}

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
pub(crate) const NO_CONSTRUCTOR: u32 = 1 << 7;
