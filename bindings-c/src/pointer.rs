//! Pointers from outside, checked.

use std::ffi::c_char;
use std::ptr::{self, NonNull};

use crate::boundary::Answer;
use crate::result::{K1S0_CB_BUFFER_TOO_SMALL, K1S0_CB_NULL_POINTER};

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

/// Copies a text into a host's buffer, terminated, and says how many bytes that needs, the end included. A
/// buffer that is too small is left alone.
///
/// # Safety
///
/// A buffer that is not NULL is good for writes of `size` bytes, which no other thread uses meanwhile
/// (conventions 4 and 6).
pub(crate) unsafe fn copy_out(
    text: &str,
    buffer: *mut c_char,
    size: u64,
    needed: Out<u64>,
) -> Answer {
    let length = text.len() as u64 + 1;
    if size < length {
        needed.write(length);
        return Err(K1S0_CB_BUFFER_TOO_SMALL);
    }
    // SAFETY: the caller passes on the host's promise of convention 4.
    let place = unsafe { out(buffer) }?.as_ptr().cast::<u8>();
    // SAFETY: the host promises `size` bytes of its own, and that is enough.
    unsafe {
        ptr::copy_nonoverlapping(text.as_ptr(), place, text.len());
        place.add(text.len()).write(0);
    }
    needed.write(length);
    Ok(())
}
