//! Why a breaker is as it is: what a host may do without.

use breaker::machine::Nanos;

use super::{NEEDS_NOW, TEXT};
use crate::home::Breaker;
use crate::nanos::joined;
use crate::rows;

/// Writes why the breaker is as it is, and what would change that, into the text: as JSON, a 0, and as lines. 0, or -1: needs the time.
#[unsafe(no_mangle)]
unsafe extern "C" fn explain(breaker: *mut Breaker) -> i32 {
    // SAFETY: the host's promise, and one thread.
    unsafe { explained(&mut *breaker, None) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn explain_at(breaker: *mut Breaker, high: u32, low: u32) -> i32 {
    // SAFETY: the host's promise, and one thread.
    unsafe { explained(&mut *breaker, Some(joined(high, low))) }
}

/// # Safety
///
/// One thread.
unsafe fn explained(breaker: &mut Breaker, now: Option<Nanos>) -> i32 {
    let Ok(explanation) = breaker.explain(now) else {
        return NEEDS_NOW;
    };
    // SAFETY: one thread.
    unsafe { TEXT.with(|text| *text = rows::explained(&explanation)) };
    0
}
