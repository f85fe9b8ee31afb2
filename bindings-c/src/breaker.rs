//! The handle: making, counting, freeing.

use std::ffi::c_char;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use breaker::engine::Engine;
use breaker::machine::Rules;

use crate::boundary::{Answer, boundary, guarded};
use crate::config::{self, k1s0_cb_config, k1s0_cb_config_error};
use crate::fork;
use crate::pointer::{Out, copy_out, out, required};
use crate::result::k1s0_cb_result;
use crate::shared;

/// A circuit breaker.
pub struct k1s0_cb {
    pub(crate) engine: Engine,
    /// What its permits carry. No two breakers of a process ever have the same, and none has 0.
    pub(crate) id: u64,
    pub(crate) name: Option<Arc<str>>,
    /// Whether it gives permits to calls that it would have rejected.
    pub(crate) shadow: bool,
    /// Where it stands in the list of those alive; `fork.rs` sees to it.
    pub(crate) place: AtomicUsize,
}

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

impl k1s0_cb {
    pub(crate) fn make(rules: &Rules, name: Option<Arc<str>>) -> Answer<Arc<Self>> {
        fork::prepare_for_forks()?;
        let breaker = Arc::new(Self {
            engine: Engine::new(rules),
            // Nothing is ordered by it; it only must not come twice.
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            name,
            shadow: rules.shadow,
            place: AtomicUsize::new(0),
        });
        fork::register(&breaker);
        Ok(breaker)
    }
}

impl Drop for k1s0_cb {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            shared::forget(name, self);
        }
        fork::unregister(self);
    }
}

/// Hands a reference over to the host.
pub(crate) fn hand_out(breaker: Arc<k1s0_cb>, place: Out<*mut k1s0_cb>) {
    place.write(Arc::into_raw(breaker).cast_mut());
}

/// Makes a closed breaker. `config` may be NULL: the defaults. `error` may be NULL.
///
/// `K1S0_CB_INVALID_CONFIG`; `K1S0_CB_INVALID_SIZE`, `K1S0_CB_UNKNOWN_FIELD` for a bad struct;
/// `K1S0_CB_NULL_POINTER`; `K1S0_CB_OUT_OF_RESOURCES`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 9).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_new(
    config: *const k1s0_cb_config,
    breaker: *mut *mut k1s0_cb,
    error: *mut k1s0_cb_config_error,
) -> k1s0_cb_result {
    boundary(|| {
        // SAFETY: the host promises convention 4.
        let place = unsafe { out(breaker) }?;
        // SAFETY: the host promises conventions 4 and 9.
        let rules = unsafe { config::rules(config, error) }?;
        hand_out(k1s0_cb::make(&rules, None)?, place);
        Ok(())
    })
}

/// As `k1s0_cb_new`, of a breaker with a name, which explanations have and `k1s0_cb_get_name` says: `length` bytes of UTF-8,
/// 1 to `K1S0_CB_MAX_NAME`. It is nobody else's breaker, whoever has the same name; see `k1s0_cb_shared`.
///
/// Also `K1S0_CB_INVALID_ARGUMENT` for the length; `K1S0_CB_INVALID_UTF8`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 9); `name` is to `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_new_named(
    name: *const c_char,
    length: u64,
    config: *const k1s0_cb_config,
    breaker: *mut *mut k1s0_cb,
    error: *mut k1s0_cb_config_error,
) -> k1s0_cb_result {
    boundary(|| {
        // SAFETY: the host promises convention 4.
        let place = unsafe { out(breaker) }?;
        // SAFETY: the host promises convention 4, and `length` bytes.
        let name = unsafe { shared::name(name, length) }?;
        // SAFETY: the host promises conventions 4 and 9.
        let rules = unsafe { config::rules(config, error) }?;
        hand_out(k1s0_cb::make(&rules, Some(name.into()))?, place);
        Ok(())
    })
}

/// Gives one more reference to the same breaker; each is freed by itself.
///
/// `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_clone(
    breaker: *const k1s0_cb,
    copy: *mut *mut k1s0_cb,
) -> k1s0_cb_result {
    boundary(|| {
        // SAFETY: the host promises conventions 4 and 5.
        let (breaker, place) = unsafe { (required(breaker)?, out(copy)?) };
        let pointer = ptr::from_ref(breaker);
        // SAFETY: the pointer is from `hand_out`, and the host holds a reference (convention 5).
        unsafe { Arc::increment_strong_count(pointer) };
        place.write(pointer.cast_mut());
        Ok(())
    })
}

/// Takes a reference back. With the last one the breaker is gone. NULL is nothing.
///
/// # Safety
///
/// `breaker` is NULL or a reference that was not freed (convention 5).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_free(breaker: *mut k1s0_cb) {
    guarded((), || {
        if !breaker.is_null() {
            // SAFETY: the pointer is from `hand_out` or `k1s0_cb_clone`, and the host gives its
            // reference away (convention 5).
            drop(unsafe { Arc::from_raw(breaker.cast_const()) });
        }
    });
}

/// Copies the name that the breaker was given when it was made into your buffer, terminated; "" if
/// it has none. `needed` is how many bytes the buffer must have, the end included.
///
/// `K1S0_CB_BUFFER_TOO_SMALL`, with `needed` written and the buffer left alone (which may then be
/// NULL); `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5); `buffer` is to `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_get_name(
    breaker: *const k1s0_cb,
    buffer: *mut c_char,
    size: u64,
    needed: *mut u64,
) -> k1s0_cb_result {
    boundary(|| {
        // SAFETY: the host promises conventions 4 and 5.
        let (breaker, needed) = unsafe { (required(breaker)?, out(needed)?) };
        let name = breaker.name.as_deref().unwrap_or_default();
        // SAFETY: the host promises convention 4, and `size` bytes of its own.
        unsafe { copy_out(name, buffer, size, needed) }
    })
}
