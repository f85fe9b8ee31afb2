//! Structs that begin with their size, and may be older or newer than this library.

use std::ptr;
use std::slice;

use crate::boundary::Answer;
use crate::result::{K1S0_CB_INVALID_SIZE, K1S0_CB_NULL_POINTER, K1S0_CB_UNKNOWN_FIELD};

/// The size and one field; the largest that is believed. What is beyond is an uninitialised struct.
const SIZES: std::ops::RangeInclusive<u64> = 16..=4096;
/// Every field ends at such a boundary, or shares it with the fields before.
const STEP: u64 = 8;

/// A struct for the sized-struct rules.
///
/// # Safety
///
/// `repr(C)`, without padding, every bit pattern a value, beginning with a `u64` that is its size.
pub(crate) unsafe trait Growing: Copy {}

/// A struct's size, checked.
fn checked(size: u64) -> Answer<usize> {
    if SIZES.contains(&size) && size.is_multiple_of(STEP) {
        Ok(size as usize)
    } else {
        Err(K1S0_CB_INVALID_SIZE)
    }
}

/// Reads as much of a struct as the host has; what it does not have stays as in `known`.
///
/// # Safety
///
/// A pointer that is not NULL is to an aligned `u64` that says how many bytes from there on are
/// good for reads (conventions 4 and 9).
pub(crate) unsafe fn read<T: Growing>(from: *const T, mut known: T) -> Answer<T> {
    if from.is_null() {
        return Err(K1S0_CB_NULL_POINTER);
    }
    // SAFETY: the host promises (conventions 4, 9) at least the size itself.
    let size = checked(unsafe { from.cast::<u64>().read() })?;
    // SAFETY: the host promises (convention 9) that so many bytes are there.
    let bytes = unsafe { slice::from_raw_parts(from.cast::<u8>(), size) };
    let (both, unknown) = bytes.split_at(size.min(size_of::<T>()));
    if unknown.iter().any(|byte| *byte != 0) {
        return Err(K1S0_CB_UNKNOWN_FIELD);
    }
    // SAFETY: `both` is not longer than `T`, and `T: Growing` may be written byte by byte.
    unsafe {
        ptr::copy_nonoverlapping(both.as_ptr(), (&raw mut known).cast::<u8>(), both.len());
    }
    Ok(known)
}

/// Writes as much of a struct as the host has room for, zeroes what only the host knows, and sets
/// the size to the host's.
///
/// # Safety
///
/// A pointer that is not NULL is to `size` aligned bytes that are good for writes, and no other thread uses
/// them (conventions 4, 6 and 9).
pub(crate) unsafe fn write<T: Growing>(to: *mut T, size: u64, known: &T) -> Answer {
    if to.is_null() {
        return Err(K1S0_CB_NULL_POINTER);
    }
    let length = checked(size)?;
    let both = length.min(size_of::<T>());
    let bytes = to.cast::<u8>();
    // SAFETY: the host promises (conventions 4, 6, 9) that `length` bytes are there and nobody
    // else's; `both` is neither more than that nor more than `T`, which has no padding.
    unsafe {
        ptr::copy_nonoverlapping(ptr::from_ref(known).cast::<u8>(), bytes, both);
        ptr::write_bytes(bytes.add(both), 0, length - both);
        to.cast::<u64>().write(size);
    }
    Ok(())
}

/// Reads the size that a host has set.
///
/// # Safety
///
/// A pointer that is not NULL is to an aligned `u64`, good for reads (conventions 4 and 9).
pub(crate) unsafe fn size_of_host<T: Growing>(of: *const T) -> Answer<u64> {
    if of.is_null() {
        return Err(K1S0_CB_NULL_POINTER);
    }
    // SAFETY: the host promises (conventions 4, 9) at least the size itself.
    Ok(unsafe { of.cast::<u64>().read() })
}
