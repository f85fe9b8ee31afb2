//! Pointers from outside, checked.

use std::ptr::NonNull;

use crate::boundary::Answer;
use crate::result::K1S0_CB_NULL_POINTER;

/// What a pointer points at.
///
/// # Safety
///
/// A pointer that is not NULL is good for reads for as long as the answer is used (convention 4),
/// and nobody writes there meanwhile other than through atomics (convention 6).
#[inline(always)]
pub(crate) unsafe fn required<'a, T>(pointer: *const T) -> Answer<&'a T> {
    // SAFETY: the caller passes on the host's promise of convention 4.
    unsafe { pointer.as_ref() }.ok_or(K1S0_CB_NULL_POINTER)
}

/// Where an out-parameter goes.
pub(crate) struct Out<T>(NonNull<T>);

/// The place of an out-parameter that must be there.
///
/// # Safety
///
/// A pointer that is not NULL is good for writes until the answer is gone (convention 4), and no
/// other thread uses that memory meanwhile (convention 6).
#[inline(always)]
pub(crate) const unsafe fn out<T>(pointer: *mut T) -> Answer<Out<T>> {
    match NonNull::new(pointer) {
        Some(place) => Ok(Out(place)),
        None => Err(K1S0_CB_NULL_POINTER),
    }
}

/// The place of an out-parameter that the host may not want.
///
/// # Safety
///
/// As [`out`].
#[inline(always)]
pub(crate) const unsafe fn wanted<T>(pointer: *mut T) -> Option<Out<T>> {
    match NonNull::new(pointer) {
        Some(place) => Some(Out(place)),
        None => None,
    }
}

impl<T> Out<T> {
    /// Writes it.
    #[inline(always)]
    pub(crate) const fn write(self, value: T) {
        // SAFETY: who made the `Out` promised that it is good for writes.
        unsafe { self.0.write(value) }
    }

    /// The place itself, to write a part of it.
    #[inline(always)]
    pub(crate) const fn as_ptr(&self) -> *mut T {
        self.0.as_ptr()
    }
}
