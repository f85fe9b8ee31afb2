//! No panic gets out of the native half: it becomes a `PanicException`.
//!
//! Whatever may panic runs in `raising`, or in a boundary of PyO3's. A build of its own, with
//! `--cfg k1s0_cb_force_panic`, panics at the entry that a test names, and the test looks at what is left.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::ffi;
use pyo3::panic::PanicException;
use pyo3::prelude::*;

/// Runs what may raise, and what may panic; both become Python exceptions. `entry` is the name by which a test has
/// it panic.
///
/// # Safety
///
/// Attached to the interpreter.
pub(crate) unsafe fn raising(
    entry: &'static str,
    body: impl FnOnce(Python<'_>) -> PyResult<*mut ffi::PyObject>,
) -> *mut ffi::PyObject {
    // SAFETY: the caller's promise.
    let py = unsafe { Python::assume_attached() };
    let caught = catch_unwind(AssertUnwindSafe(|| {
        point(entry);
        body(py)
    }));
    let error = match caught {
        Ok(Ok(result)) => return result,
        Ok(Err(error)) => error,
        Err(payload) => {
            // Dropping it could panic again.
            std::mem::forget(payload);
            PanicException::new_err("a defect in k1s0-circuit-breaker")
        }
    };
    error.restore(py);
    std::ptr::null_mut()
}

/// The healthy path of an entry, before the boundary and outside of it: around one the compiler saves more registers than
/// this path has instructions. It may hold loads, comparisons and stores only, for which nothing can panic. The test
/// build has none, and so comes to the boundary.
#[inline(always)]
pub(crate) fn at_once<T>(path: impl FnOnce() -> Option<T>) -> Option<T> {
    if cfg!(k1s0_cb_force_panic) {
        None
    } else {
        path()
    }
}

/// Where a test may have it panic.
#[inline(always)]
pub(crate) fn point(entry: &'static str) {
    #[cfg(k1s0_cb_force_panic)]
    forced::point(entry);
    let _ = entry;
}

#[cfg(k1s0_cb_force_panic)]
pub(crate) mod forced {
    use std::collections::BTreeSet;
    use std::sync::{Mutex, PoisonError};

    use pyo3::prelude::*;

    /// The entry that panics next, once.
    static ARMED: Mutex<Option<String>> = Mutex::new(None);
    /// All that were come to.
    static SEEN: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());

    pub(super) fn point(entry: &'static str) {
        SEEN.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(entry);
        let mut armed = ARMED.lock().unwrap_or_else(PoisonError::into_inner);
        if armed.as_deref() == Some(entry) {
            *armed = None;
            drop(armed);
            std::panic::panic_any("forced, to test the boundary");
        }
    }

    /// For the test.
    pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add_function(wrap_pyfunction!(force_panic, module)?)?;
        module.add_function(wrap_pyfunction!(entries_seen, module)?)
    }

    /// The names of all entries that were come to.
    #[pyfunction]
    fn entries_seen() -> Vec<&'static str> {
        let seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().copied().collect()
    }

    /// Has the named entry panic, once; answers the one that was named before and was not come to since.
    #[pyfunction]
    fn force_panic(entry: Option<String>) -> Option<String> {
        std::mem::replace(
            &mut *ARMED.lock().unwrap_or_else(PoisonError::into_inner),
            entry,
        )
    }
}
