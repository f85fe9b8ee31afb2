//! How a breaker is made, and its memory freed.

use alloc::boxed::Box;

use super::TEXT;
use crate::config::Draft;
use crate::home::Breaker;
use crate::nanos::joined;
use crate::place::Place;

static DRAFT: Place<Option<Draft>> = Place::new(None);

/// Begins a configuration, with every default.
#[unsafe(no_mangle)]
unsafe extern "C" fn config_begin() {
    // SAFETY: one thread.
    unsafe { DRAFT.with(|draft| *draft = Some(Draft::new())) }
}

/// Writes a count, a fraction, or a flag as 0 or 1. 0 if the field is no such.
#[unsafe(no_mangle)]
unsafe extern "C" fn config_number(field: u32, value: f64) -> u32 {
    // SAFETY: one thread.
    unsafe { draft(|draft| draft.number(field, value)) }
}

/// Writes a length of time, or the seed of the jitter. 0 if the field is no such.
#[unsafe(no_mangle)]
unsafe extern "C" fn config_bits(field: u32, high: u32, low: u32) -> u32 {
    // SAFETY: one thread.
    unsafe { draft(|draft| draft.bits(field, joined(high, low))) }
}

/// Switches a field off. 0 if that one cannot be.
#[unsafe(no_mangle)]
unsafe extern "C" fn config_off(field: u32) -> u32 {
    // SAFETY: one thread.
    unsafe { draft(|draft| draft.off(field)) }
}

/// # Safety
///
/// One thread.
unsafe fn draft(write: impl FnOnce(&mut Draft) -> bool) -> u32 {
    // SAFETY: one thread, and `write` is of this crate and stays in the draft.
    unsafe { DRAFT.with(|draft| write(draft.get_or_insert_default()).into()) }
}

/// Makes a breaker of the configuration that was written, or of the defaults. The seed is for jitter that was given none.
/// 0 if the configuration is refused: then the text is the field, the value and the range, a line each.
#[unsafe(no_mangle)]
unsafe extern "C" fn create(seed_high: u32, seed_low: u32) -> *mut Breaker {
    // SAFETY: one thread.
    let mut draft = unsafe { DRAFT.with(Option::take) }.unwrap_or_else(Draft::new);
    match draft.rules() {
        Ok(rules) => Box::into_raw(Box::new(Breaker::new(&rules, joined(seed_high, seed_low)))),
        Err(words) => {
            // SAFETY: one thread.
            unsafe { TEXT.with(|text| *text = words) };
            core::ptr::null_mut()
        }
    }
}

/// Frees a breaker. 0 is nothing to free.
#[unsafe(no_mangle)]
unsafe extern "C" fn free(breaker: *mut Breaker) {
    if !breaker.is_null() {
        // SAFETY: it came from `create`, and the host frees it once.
        drop(unsafe { Box::from_raw(breaker) });
    }
}
