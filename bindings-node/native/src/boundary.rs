//! What every exported function runs in: no panic gets past it.
//!
//! A build of its own, with `--cfg k1s0_cb_force_panic`, panics at the entry that a test names.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use napi_sys::{napi_callback_info, napi_env, napi_value};

use crate::instance::Instance;
use crate::js::{Refused, ToJs, done};

/// Why an entry has no answer.
#[derive(Debug)]
pub(crate) enum Failed {
    /// Node-API, or the host that used it.
    Refused,
    /// The host named a breaker that it does not hold.
    NoSuchBreaker,
}

impl From<Refused> for Failed {
    fn from(Refused: Refused) -> Self {
        Self::Refused
    }
}

/// Runs the body of an exported function on what it was called with.
///
/// # Safety
///
/// Node called, and the function was made by [`instance::start`](crate::instance::start).
#[inline(always)]
pub(crate) unsafe fn entry<const N: usize, T: ToJs>(
    env: napi_env,
    info: napi_callback_info,
    name: &'static str,
    body: impl FnOnce(&mut Instance, [napi_value; N]) -> Result<T, Failed>,
) -> napi_value {
    let answered = guarded(Err("a defect in k1s0-circuit-breaker"), || {
        point(name);
        let mut arguments = [ptr::null_mut(); N];
        let mut count = N;
        let mut data = ptr::null_mut();
        // SAFETY: Node's call, and room for `count` arguments; those that are missing are `undefined`.
        let asked = done(unsafe {
            napi_sys::napi_get_cb_info(
                env,
                info,
                &raw mut count,
                arguments.as_mut_ptr(),
                ptr::null_mut(),
                &raw mut data,
            )
        });
        // SAFETY: `start` gave the function its instance, which lives until no JavaScript runs any more; nothing that
        // an entry does calls back into JavaScript, so no other entry has it now.
        let instance = unsafe { &mut *data.cast::<Instance>() };
        let answer = match asked {
            Ok(()) => body(instance, arguments),
            Err(refused) => Err(refused.into()),
        };
        // SAFETY: Node's call.
        let answer = answer.and_then(|answer| Ok(unsafe { answer.to_js(env) }?));
        answer.map_err(|failed| match failed {
            Failed::Refused => "k1s0-circuit-breaker: an argument of another type",
            Failed::NoSuchBreaker => "k1s0-circuit-breaker: no such breaker",
        })
    });
    answered.unwrap_or_else(|message| {
        let message = message.as_bytes();
        let mut words = [0; 64];
        // One byte stays 0, the end.
        let length = message.len().min(words.len() - 1);
        words[..length].copy_from_slice(&message[..length]);
        // SAFETY: Node's call. If something was thrown already, or the thread is being terminated, that stands.
        unsafe { napi_sys::napi_throw_error(env, ptr::null(), words.as_ptr().cast()) };
        ptr::null_mut()
    })
}

/// Runs a body; `if_panicked` is returned if it panics.
///
/// A panic leaves nothing half done that could be seen: what is behind a lock is changed in single assignments.
#[inline(always)]
pub(crate) fn guarded<T>(if_panicked: T, body: impl FnOnce() -> T) -> T {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(value) => value,
        Err(payload) => {
            // Dropping it could panic again; a leak of a few bytes beside a defect cannot hurt.
            std::mem::forget(payload);
            if_panicked
        }
    }
}

/// Where a test may have it panic.
#[inline(always)]
fn point(name: &'static str) {
    #[cfg(k1s0_cb_force_panic)]
    if ARMED
        .lock()
        .is_ok_and(|mut armed| armed.take_if(|armed| armed == name).is_some())
    {
        std::panic::panic_any("forced, to test the boundary");
    }
    let _ = name;
}

/// The entry that panics next, once.
#[cfg(k1s0_cb_force_panic)]
pub(crate) static ARMED: std::sync::Mutex<Option<String>> = std::sync::Mutex::new(None);
