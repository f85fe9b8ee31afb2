//! Why a breaker is as it is, in words.

use std::ffi::c_char;

use breaker::Explanation;

use crate::boundary::{Answer, boundary};
use crate::breaker::k1s0_cb;
use crate::permit::decided;
use crate::pointer::{copy_out, out, required};
use crate::result::k1s0_cb_result;

/// Copies into your buffer, as JSON and terminated, why the breaker is as it is at `now_ns`, why a call would be
/// rejected, and what would change that: state, rules, the window's content, what is left of the wait, and the last
/// transitions with the counts that caused them. Changes nothing. `needed` is how many bytes the buffer must have,
/// the end included; it may be more the next time, so ask until the buffer is large enough.
///
/// Names are never changed or taken away, values that a host does not know may come. Times are whole nanoseconds, as
/// `…_ns`; numbers beyond 2^53 are exact as they are written.
///
/// `K1S0_CB_BUFFER_TOO_SMALL`, with `needed` written and the buffer left alone (which may then be
/// NULL); `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5); `buffer` is to `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_explain_json(
    breaker: *const k1s0_cb,
    now_ns: u64,
    buffer: *mut c_char,
    size: u64,
    needed: *mut u64,
) -> k1s0_cb_result {
    // SAFETY: the host's promise is passed on.
    boundary(|| unsafe { explain(breaker, now_ns, buffer, size, needed, Explanation::to_json) })
}

/// As `k1s0_cb_explain_json`, as a few lines for a person. They are not for programs: any release may put them
/// differently.
///
/// `K1S0_CB_BUFFER_TOO_SMALL`, with `needed` written and the buffer left alone (which may then be
/// NULL); `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5); `buffer` is to `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_explain_text(
    breaker: *const k1s0_cb,
    now_ns: u64,
    buffer: *mut c_char,
    size: u64,
    needed: *mut u64,
) -> k1s0_cb_result {
    // SAFETY: the host's promise is passed on.
    boundary(|| unsafe { explain(breaker, now_ns, buffer, size, needed, ToString::to_string) })
}

/// # Safety
///
/// Each pointer is NULL or good (conventions 4, 5 and 6); `buffer` is to `size` bytes.
unsafe fn explain(
    breaker: *const k1s0_cb,
    now_ns: u64,
    buffer: *mut c_char,
    size: u64,
    needed: *mut u64,
    write: impl FnOnce(&Explanation) -> String,
) -> Answer {
    // SAFETY: the host promises conventions 4, 5 and 6.
    let (breaker, needed) = unsafe { (required(breaker)?, out(needed)?) };
    let mut explanation = decided(breaker.engine.explain(Some(now_ns)));
    explanation.name.clone_from(&breaker.name);
    // SAFETY: the host promises convention 4, and `size` bytes of its own.
    unsafe { copy_out(&write(&explanation), buffer, size, needed) }
}
