//! What every exported function's body runs in: no panic gets past it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::result::{K1S0_CB_OK, K1S0_CB_PANIC, k1s0_cb_result};

/// What a body ends with: nothing more to say, or a result other than OK.
pub(crate) type Answer<T = ()> = Result<T, k1s0_cb_result>;

/// Runs a body that answers with a result.
#[inline(always)]
pub(crate) fn boundary(body: impl FnOnce() -> Answer) -> k1s0_cb_result {
    guarded(K1S0_CB_PANIC, || match body() {
        Ok(()) => K1S0_CB_OK,
        Err(result) => result,
    })
}

/// The healthy path of an entry, before its body and outside of its boundary; none means that the body is to
/// run. Around a boundary the compiler saves more registers than this path has instructions.
///
/// It may hold loads, comparisons and stores only: a test looks at the machine code for calls. If it panicked
/// nevertheless, the process would abort, for the entries are `extern "C"`.
#[inline(always)]
pub(crate) fn at_once(path: impl FnOnce() -> Option<k1s0_cb_result>) -> Option<k1s0_cb_result> {
    if cfg!(k1s0_cb_force_panic) {
        None
    } else {
        path()
    }
}

/// Runs a body that answers with something else; `if_panicked` is returned if it panics.
///
/// A panic leaves nothing half done that could be seen: what is behind a lock is changed in single
/// assignments, and out-parameters are written last.
#[inline(always)]
pub(crate) fn guarded<T>(if_panicked: T, body: impl FnOnce() -> T) -> T {
    let caught = catch_unwind(AssertUnwindSafe(|| {
        force_panic();
        body()
    }));
    match caught {
        Ok(value) => value,
        Err(payload) => {
            // Dropping it could panic again; a leak of a few bytes beside a defect cannot hurt.
            std::mem::forget(payload);
            if_panicked
        }
    }
}

/// The test of this boundary builds the library so that every entry panics. It is no feature:
/// nobody can turn it on by asking for all of them.
#[inline(always)]
fn force_panic() {
    #[cfg(k1s0_cb_force_panic)]
    std::panic::panic_any("forced, to test the boundary");
}
