//! `fork`: the child has the locks as they were, and only the thread that forked.
//!
//! The locks are free at that moment (see the crate). What is left is a thread that was telling
//! listeners: in the child it will not go on, and what it had not told yet is the parent's to tell. Core sees to that;
//! it knows a child by a number that grows with each fork.

use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::prelude::*;

/// How many forks lie between this process and the one that first imported the package.
static GENERATION: AtomicU32 = AtomicU32::new(0);

pub(crate) fn generation() -> u32 {
    // Nothing is ordered by it: there is one thread when it changes.
    GENERATION.load(Ordering::Relaxed)
}

/// Called by Python in the child.
#[pyfunction]
pub(crate) fn after_fork_in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// Has Python call us. There is no `fork` everywhere.
pub(crate) fn watch(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let os = py.import("os")?;
    if let Ok(register) = os.getattr("register_at_fork") {
        let arguments = pyo3::types::PyDict::new(py);
        arguments.set_item("after_in_child", module.getattr("after_fork_in_child")?)?;
        register.call((), Some(&arguments))?;
    }
    Ok(())
}
