//! A place in static memory that exports share.

use core::cell::UnsafeCell;

/// One value for the whole module.
pub(crate) struct Place<T>(UnsafeCell<T>);

// SAFETY: an instance of the module is used by one thread at a time; every export requires it of the host.
unsafe impl<T> Sync for Place<T> {}

impl<T> Place<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// The value, for as long as `with` runs.
    ///
    /// # Safety
    ///
    /// One thread at a time, and `with` does not come back here.
    pub(crate) unsafe fn with<R>(&self, with: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: nobody else has a reference, as the caller promises.
        with(unsafe { &mut *self.0.get() })
    }

    /// Where the value is.
    pub(crate) const fn address(&self) -> *const T {
        self.0.get()
    }
}
