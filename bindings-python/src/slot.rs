//! A place for a Python object that the garbage collector may empty.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

/// At most one Python object. The lock is held for a copy of a pointer, never longer.
#[derive(Debug, Default)]
pub(crate) struct Slot(Mutex<Option<Py<PyAny>>>);

impl Slot {
    pub(crate) const fn new(object: Option<Py<PyAny>>) -> Self {
        Self(Mutex::new(object))
    }

    pub(crate) fn get(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.lock().as_ref().map(|object| object.clone_ref(py))
    }

    pub(crate) fn is_full(&self) -> bool {
        self.lock().is_some()
    }

    pub(crate) fn clear(&self) {
        // Taken out first: dropping it may run Python, which must find the lock free.
        let object = self.lock().take();
        drop(object);
    }

    pub(crate) fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        // The world stands still, and nobody stands still inside the lock.
        match self.0.try_lock() {
            Ok(object) => visit.call(&*object),
            Err(_) => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Py<PyAny>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
