//! `with breaker:` and `async with breaker:`: an object for each statement, which keeps its permit.
//!
//! A breaker may be in many blocks at once, and `__exit__` is told nothing of its `__enter__`. But a statement looks both up
//! before it calls the first, and holds on to the second until it is left. So looking one up (see `block_method`) makes
//! an object, and both lookups of a statement get the same: called with nothing it enters, called with three it leaves.
//! Nothing has to be found again, whatever frames, tasks, threads or contexts come between.
//!
//! Whoever enters in another way (an `ExitStack`, or by hand) is the business of `_blocks.py`.

use std::ffi::{CStr, c_int, c_void};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::block_method::{Half, Kind};
use crate::block_waiting;
use crate::breaker_class::Breaker;
use crate::guarded::NO_CONSTRUCTOR;
use crate::panics::raising;
use crate::permit::Permit;
use crate::ready;

/// What was looked up. Its fields are set before anybody sees it; all but `permit` and `both` stay. Those are atomic for
/// who hands one to another thread where there is no GIL: a statement's is its own.
#[repr(C)]
struct Block {
    base: ffi::PyObject,
    vectorcall: Option<ffi::vectorcallfunc>,
    breaker: *mut ffi::PyObject,
    /// Between entering and leaving, if it is a statement's.
    permit: AtomicPtr<ffi::PyObject>,
    weak_references: *mut ffi::PyObject,
    /// Where it was looked up.
    thread: *mut ffi::PyThreadState,
    kind: Kind,
    /// What was looked up first.
    half: Half,
    /// Whether the other half was looked up as well, right after it.
    both: AtomicBool,
}

/// The type; none before the module is set up.
struct Type(*mut ffi::PyTypeObject);

// SAFETY: it lives as long as the interpreter, for the reference to it is never given back, and may be looked at from
// every thread.
unsafe impl Send for Type {}
// SAFETY: as above.
unsafe impl Sync for Type {}

static TYPE: OnceLock<Type> = OnceLock::new();

/// What looking up one half gives: the block that the other half was just looked up of, or a new one.
pub(crate) fn look_up<'py>(
    breaker: &Bound<'py, Breaker>,
    kind: Kind,
    half: Half,
    first: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let py = breaker.py();
    // SAFETY: attached. Whoever waits is a live `Block`; the type is ours, and an object of it as large as `Block`.
    unsafe {
        let thread = ffi::PyThreadState_Get();
        if !first {
            let fits = |waiting: *mut ffi::PyObject| {
                let waiting = waiting.cast::<Block>();
                (*waiting).breaker == breaker.as_ptr()
                    && (*waiting).kind == kind
                    && (*waiting).half != half
                    && (*waiting).thread == thread
                    && !(*waiting).both.load(Ordering::Relaxed)
            };
            if let Some(waiting) = block_waiting::take(py, fits)? {
                let this = waiting.as_ptr().cast::<Block>();
                (*this).both.store(true, Ordering::Relaxed);
                return Ok(waiting);
            }
        }
        let kinds = TYPE
            .get()
            .ok_or_else(|| PyTypeError::new_err("the module is not set up"))?;
        // This may collect garbage, which may run Python, which may come here. It comes zeroed.
        let made = ffi::PyType_GenericAlloc(kinds.0, 0);
        let made = Bound::from_owned_ptr_or_err(py, made)?;
        let this = made.as_ptr().cast::<Block>();
        (*this).vectorcall = Some(vectorcall);
        (*this).breaker = breaker.clone().into_ptr();
        (*this).thread = thread;
        (*this).kind = kind;
        (*this).half = half;
        if first {
            block_waiting::put(&made)?;
        }
        Ok(made)
    }
}

/// With nothing it enters; with what ended the block it leaves.
unsafe extern "C" fn vectorcall(
    block: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: it is a `Block`, which the caller keeps alive, and so its breaker and the arguments, as many as `count`
    // says beside its flag.
    unsafe {
        raising("block", |py| {
            let this = block.cast::<Block>();
            let half = match (
                count & !ffi::PY_VECTORCALL_ARGUMENTS_OFFSET,
                names.is_null(),
            ) {
                (0, true) => Half::Enter,
                (3, true) => Half::Exit,
                _ => return Err(PyTypeError::new_err((*this).half.takes())),
            };
            let breaker = Bound::ref_from_ptr(py, &(*this).breaker).cast_unchecked::<Breaker>();
            let both = (*this).both.load(Ordering::Relaxed);
            if half != (*this).half && !both {
                return Err(PyTypeError::new_err((*this).half.takes()));
            }
            if half == Half::Enter {
                // A statement has the only two references. Who looked both up by hand may do with them whatever they want,
                // enter twice for one.
                let free = (*this).permit.load(Ordering::Relaxed).is_null();
                if both && free && ffi::Py_REFCNT(block) == 2 {
                    let Some(permit) = acquire(breaker)? else {
                        return Ok(ptr::null_mut());
                    };
                    let held = permit.clone().into_ptr();
                    (*this).permit.store(held, Ordering::Release);
                    return ready::answer((*this).kind, permit.into_any());
                }
                block_waiting::forget(block);
                return enter_by_hand(breaker, (*this).kind);
            }
            let error = Bound::ref_from_ptr(py, &*arguments.add(1));
            let permit = (*this).permit.swap(ptr::null_mut(), Ordering::AcqRel);
            match Bound::from_owned_ptr_or_opt(py, permit) {
                Some(permit) => {
                    permit.cast_unchecked::<Permit>().get().leave(error)?;
                    ready::answer((*this).kind, py.None().into_bound(py))
                }
                None => exit_by_hand(breaker, (*this).kind, error),
            }
        })
    }
}

/// A permit; none where an exception is set.
fn acquire<'py>(breaker: &Bound<'py, Breaker>) -> PyResult<Option<Bound<'py, Permit>>> {
    match Breaker::permit(breaker) {
        Ok(permit) => Bound::new(breaker.py(), permit).map(Some),
        Err(error) => {
            error.set(breaker.py());
            Ok(None)
        }
    }
}

/// Enters a block that is no statement.
pub(crate) fn enter_by_hand(
    breaker: &Bound<'_, Breaker>,
    kind: Kind,
) -> PyResult<*mut ffi::PyObject> {
    static ENTERED: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = breaker.py();
    let Some(permit) = acquire(breaker)? else {
        return Ok(ptr::null_mut());
    };
    let entered = ENTERED.import(py, "k1s0_circuit_breaker._blocks", "entered")?;
    entered.call1((&permit, breaker))?;
    ready::answer(kind, permit.into_any())
}

/// Leaves one. If nobody knows here which permit it was, that one counts as cancelled when it goes.
pub(crate) fn exit_by_hand(
    breaker: &Bound<'_, Breaker>,
    kind: Kind,
    error: &Bound<'_, PyAny>,
) -> PyResult<*mut ffi::PyObject> {
    static LEFT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = breaker.py();
    let left = LEFT.import(py, "k1s0_circuit_breaker._blocks", "left")?;
    let permit = left.call1((breaker,))?;
    if let Ok(permit) = permit.cast::<Permit>() {
        permit.get().leave(error)?;
    }
    ready::answer(kind, py.None().into_bound(py))
}

unsafe extern "C" fn traverse(
    block: *mut ffi::PyObject,
    visit: ffi::visitproc,
    argument: *mut c_void,
) -> c_int {
    let this = block.cast::<Block>();
    // SAFETY: it is a `Block`, and each field NULL or a live object.
    unsafe {
        let kind = ffi::Py_TYPE(block).cast::<ffi::PyObject>();
        let permit = (*this).permit.load(Ordering::Relaxed);
        for object in [kind, (*this).breaker, permit] {
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

unsafe extern "C" fn dealloc(block: *mut ffi::PyObject) {
    let this = block.cast::<Block>();
    // SAFETY: nobody has a reference to it any more. It was made by `PyType_GenericAlloc`, which tracked it and took a
    // reference to its type. A permit that is still there was never settled by the block; it settles itself.
    unsafe {
        block_waiting::forget(block);
        let kind = ffi::Py_TYPE(block);
        ffi::PyObject_GC_UnTrack(block.cast());
        if !(*this).weak_references.is_null() {
            ffi::PyObject_ClearWeakRefs(block);
        }
        ffi::Py_XDECREF((*this).permit.load(Ordering::Acquire));
        ffi::Py_XDECREF((*this).breaker);
        ffi::PyObject_GC_Del(block.cast());
        ffi::Py_DECREF(kind.cast());
    }
}

/// Makes the type.
pub(crate) fn set_up(py: Python<'_>) -> PyResult<()> {
    // The type keeps a pointer to it, so it lives for ever.
    let members: &'static mut [ffi::PyMemberDef] = Box::leak(Box::new([
        ffi::PyMemberDef {
            name: c"__vectorcalloffset__".as_ptr(),
            type_code: ffi::Py_T_PYSSIZET,
            offset: std::mem::offset_of!(Block, vectorcall) as ffi::Py_ssize_t,
            flags: ffi::Py_READONLY,
            doc: ptr::null(),
        },
        ffi::PyMemberDef {
            name: c"__weaklistoffset__".as_ptr(),
            type_code: ffi::Py_T_PYSSIZET,
            offset: std::mem::offset_of!(Block, weak_references) as ffi::Py_ssize_t,
            flags: ffi::Py_READONLY,
            doc: ptr::null(),
        },
        ffi::PyMemberDef {
            name: c"__self__".as_ptr(),
            type_code: ffi::Py_T_OBJECT_EX,
            offset: std::mem::offset_of!(Block, breaker) as ffi::Py_ssize_t,
            flags: ffi::Py_READONLY,
            doc: ptr::null(),
        },
        ffi::PyMemberDef::default(),
    ]));
    let slot = |slot: c_int, pfunc: *mut c_void| ffi::PyType_Slot { slot, pfunc };
    let mut slots = [
        slot(ffi::Py_tp_call, ffi::PyVectorcall_Call as *mut c_void),
        slot(ffi::Py_tp_traverse, traverse as *mut c_void),
        slot(ffi::Py_tp_dealloc, dealloc as *mut c_void),
        slot(ffi::Py_tp_members, members.as_mut_ptr().cast()),
        slot(0, ptr::null_mut()),
    ];
    const NAME: &CStr = c"k1s0_circuit_breaker._native.Block";
    let mut spec = ffi::PyType_Spec {
        name: NAME.as_ptr(),
        basicsize: size_of::<Block>() as c_int,
        itemsize: 0,
        flags: (ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_HAVE_GC | ffi::Py_TPFLAGS_HAVE_VECTORCALL)
            as u32
            | NO_CONSTRUCTOR,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: every slot is a function or a table of the kind that its number says; what the type keeps
    // pointers to lives for ever.
    let made = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyType_FromSpec(&raw mut spec))? };
    // A second import finds the same.
    let _ = TYPE.set(Type(made.into_ptr().cast()));
    Ok(())
}
