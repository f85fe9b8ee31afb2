//! `__enter__`, `__exit__`, `__aenter__`, `__aexit__` of the class `Breaker`: what looking them up gives.
//!
//! Through an instance that is a block (see `block`). Through the class, as `ExitStack` does, it is the method itself, which
//! is called with the breaker and enters or leaves by hand.

use std::ffi::{CStr, c_int, c_void};
use std::ptr;

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::block;
use crate::breaker_class::Breaker;
use crate::guarded::NO_CONSTRUCTOR;
use crate::panics::raising;

/// Of which statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// `with`.
    Plain,
    /// `async with`.
    Async,
}

/// Which end of the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Half {
    /// `__enter__`, `__aenter__`.
    Enter,
    /// `__exit__`, `__aexit__`.
    Exit,
}

impl Half {
    /// What is wrong with a call of it.
    pub(crate) const fn takes(self) -> &'static str {
        match self {
            Self::Enter => "entering a breaker takes no argument",
            Self::Exit => {
                "leaving a breaker takes three arguments: what ended the block, by position"
            }
        }
    }
}

/// The method, as it stands in the class.
#[repr(C)]
struct Method {
    base: ffi::PyObject,
    vectorcall: Option<ffi::vectorcallfunc>,
    name: *mut ffi::PyObject,
    doc: *mut ffi::PyObject,
    kind: Kind,
    half: Half,
    /// Whether a statement looks it up before the other one.
    first: bool,
}

/// Looked up through an instance: a block.
unsafe extern "C" fn descr_get(
    method: *mut ffi::PyObject,
    breaker: *mut ffi::PyObject,
    _class: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: it is a `Method`; `breaker` is NULL or a live object.
    unsafe {
        if breaker.is_null() || breaker == ffi::Py_None() {
            ffi::Py_INCREF(method);
            return method;
        }
        raising("block lookup", |py| {
            let this = &*method.cast::<Method>();
            let breaker = Bound::ref_from_ptr(py, &breaker).cast::<Breaker>()?;
            Ok(block::look_up(breaker, this.kind, this.half, this.first)?.into_ptr())
        })
    }
}

/// Looked up through the class: the breaker is the first argument.
unsafe extern "C" fn vectorcall(
    method: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: it is a `Method`; there are as many arguments as `count` says beside its flag, all alive.
    unsafe {
        raising("block by hand", |py| {
            let this = &*method.cast::<Method>();
            let given = count & !ffi::PY_VECTORCALL_ARGUMENTS_OFFSET;
            let wanted = match this.half {
                Half::Enter => 1,
                Half::Exit => 4,
            };
            if given != wanted || !names.is_null() {
                return Err(PyTypeError::new_err(this.half.takes()));
            }
            let breaker = Bound::ref_from_ptr(py, &*arguments).cast::<Breaker>()?;
            match this.half {
                Half::Enter => block::enter_by_hand(breaker, this.kind),
                Half::Exit => {
                    let error = Bound::ref_from_ptr(py, &*arguments.add(2));
                    block::exit_by_hand(breaker, this.kind, error)
                }
            }
        })
    }
}

unsafe extern "C" fn repr(method: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: it is a live `Method`, whose name is there.
    unsafe {
        raising("block repr", |py| {
            let name = Bound::from_borrowed_ptr(py, (*method.cast::<Method>()).name);
            let text =
                format!("<method '{name}' of 'k1s0_circuit_breaker._native.Breaker' objects>");
            Ok(text.into_pyobject(py)?.into_any().into_ptr())
        })
    }
}

/// Gives `Breaker` its four.
pub(crate) fn add_to(class: &Bound<'_, PyType>) -> PyResult<()> {
    let py = class.py();
    let kind = make_type(py)?;
    // Until 3.13 a statement looks up `__enter__` and then `__exit__`; since then it is the other way round.
    let version = py.version_info();
    let enter_is_first = (version.major, version.minor) < (3, 14);
    for (name, doc, of, half) in [
        ("__enter__", ENTER, Kind::Plain, Half::Enter),
        ("__exit__", EXIT, Kind::Plain, Half::Exit),
        ("__aenter__", ENTER, Kind::Async, Half::Enter),
        ("__aexit__", EXIT, Kind::Async, Half::Exit),
    ] {
        // SAFETY: the type is ours, and an object of it as large as `Method`. Nobody sees it before its fields are set.
        let method = unsafe {
            let made = ffi::PyType_GenericAlloc(kind.as_ptr().cast(), 0);
            let made = Bound::from_owned_ptr_or_err(py, made)?;
            let this = made.as_ptr().cast::<Method>();
            (*this).vectorcall = Some(vectorcall);
            (*this).name = name.into_pyobject(py)?.into_ptr();
            (*this).doc = doc.into_pyobject(py)?.into_ptr();
            (*this).kind = of;
            (*this).half = half;
            (*this).first = (half == Half::Enter) == enter_is_first;
            made
        };
        class.setattr(name, method)?;
    }
    Ok(())
}

fn make_type(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let member = |name: &'static CStr, offset: usize, kind: c_int| ffi::PyMemberDef {
        name: name.as_ptr(),
        type_code: kind,
        offset: offset as ffi::Py_ssize_t,
        flags: ffi::Py_READONLY,
        doc: ptr::null(),
    };
    let object = ffi::Py_T_OBJECT_EX;
    // The type keeps a pointer to these, so they live for ever.
    let members: &'static mut [ffi::PyMemberDef] = Box::leak(Box::new([
        member(
            c"__vectorcalloffset__",
            std::mem::offset_of!(Method, vectorcall),
            ffi::Py_T_PYSSIZET,
        ),
        member(c"__name__", std::mem::offset_of!(Method, name), object),
        member(c"__doc__", std::mem::offset_of!(Method, doc), object),
        ffi::PyMemberDef::default(),
    ]));
    let slot = |slot: c_int, pfunc: *mut c_void| ffi::PyType_Slot { slot, pfunc };
    // Without a `dealloc`: the four live as long as the class, and that as long as the interpreter.
    let mut slots = [
        slot(ffi::Py_tp_call, ffi::PyVectorcall_Call as *mut c_void),
        slot(ffi::Py_tp_descr_get, descr_get as *mut c_void),
        slot(ffi::Py_tp_repr, repr as *mut c_void),
        slot(ffi::Py_tp_members, members.as_mut_ptr().cast()),
        slot(0, ptr::null_mut()),
    ];
    const NAME: &CStr = c"k1s0_circuit_breaker._native.BlockMethod";
    let mut spec = ffi::PyType_Spec {
        name: NAME.as_ptr(),
        basicsize: size_of::<Method>() as c_int,
        itemsize: 0,
        flags: (ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_HAVE_VECTORCALL) as u32 | NO_CONSTRUCTOR,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: every slot is a function or a table of the kind that its number says; what the type keeps
    // pointers to lives for ever.
    unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyType_FromSpec(&raw mut spec)) }
}

const ENTER: &str = "Enters a block: a permit, or CircuitOpenError where the call is rejected.";
const EXIT: &str =
    "Leaves a block and settles its permit by how it ended, if it did not do so itself.";
