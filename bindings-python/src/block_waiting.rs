//! The block whose first half was looked up last, for whoever looks up the second.
//!
//! It must not be kept alive for that, for many a lookup is no statement's. With the GIL its place is emptied when it goes, so
//! what is in there is alive. Without, it may go on another thread at the same moment; so there it is a weak reference, in
//! the dict that Python keeps for each thread. That costs some 150 ns more.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyWeakrefMethods, PyWeakrefReference};
use pyo3::{ffi, intern};

const HAS_GIL: bool = cfg!(not(Py_GIL_DISABLED));

/// The place where there is a GIL. Nothing else orders access to it.
static WAITING: AtomicPtr<ffi::PyObject> = AtomicPtr::new(ptr::null_mut());

/// It waits from now on; the one before it no more.
pub(crate) fn put(block: &Bound<'_, PyAny>) -> PyResult<()> {
    if HAS_GIL {
        WAITING.store(block.as_ptr(), Ordering::Relaxed);
        return Ok(());
    }
    let py = block.py();
    if let Some(dict) = of_this_thread(py) {
        dict.set_item(intern!(py, KEY), PyWeakrefReference::new(block)?)?;
    }
    Ok(())
}

/// The one that waits, if it fits; it waits no more.
#[inline(always)]
pub(crate) fn take<'py>(
    py: Python<'py>,
    fits: impl FnOnce(*mut ffi::PyObject) -> bool,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    if HAS_GIL {
        let block = WAITING.load(Ordering::Relaxed);
        if block.is_null() || !fits(block) {
            return Ok(None);
        }
        WAITING.store(ptr::null_mut(), Ordering::Relaxed);
        // SAFETY: it is alive, for its `dealloc` would have emptied the place.
        return Ok(Some(unsafe { Bound::from_borrowed_ptr(py, block) }));
    }
    let Some(dict) = of_this_thread(py) else {
        return Ok(None);
    };
    let Some(reference) = dict.get_item(intern!(py, KEY))? else {
        return Ok(None);
    };
    let block = reference.cast::<PyWeakrefReference>()?.upgrade();
    Ok(block.filter(|block| fits(block.as_ptr())))
}

/// It waits no more, if it did. A weak reference sees to that itself.
#[inline(always)]
pub(crate) fn forget(block: *mut ffi::PyObject) {
    if HAS_GIL && WAITING.load(Ordering::Relaxed) == block {
        WAITING.store(ptr::null_mut(), Ordering::Relaxed);
    }
}

const KEY: &str = "k1s0_circuit_breaker_block";

fn of_this_thread(py: Python<'_>) -> Option<Bound<'_, PyDict>> {
    // SAFETY: attached. The dict is borrowed from the thread, which goes on; NULL without an exception where there is
    // none.
    unsafe {
        Bound::from_borrowed_ptr_or_opt(py, ffi::PyThreadState_GetDict())
            .map(|dict| dict.cast_into_unchecked())
    }
}
