//! Breakers that a process shares by name.

use std::collections::BTreeMap;
use std::ffi::c_char;
use std::slice;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use breaker::machine::Rules;

use crate::boundary::{Answer, boundary};
use crate::breaker::{hand_out, k1s0_cb};
use crate::config::{self, k1s0_cb_config, k1s0_cb_config_error};
use crate::pointer::{out, required};
use crate::result::{
    K1S0_CB_CONFIG_MISMATCH, K1S0_CB_INVALID_ARGUMENT, K1S0_CB_INVALID_UTF8, k1s0_cb_result,
};

/// The longest name, in bytes.
pub const K1S0_CB_MAX_NAME: u64 = 1024;

pub(crate) type Names = BTreeMap<Arc<str>, (Weak<k1s0_cb>, Rules)>;

static NAMES: Mutex<Names> = Mutex::new(BTreeMap::new());

pub(crate) fn names() -> MutexGuard<'static, Names> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives a reference to the breaker of this name. The first to ask makes it; with the last
/// reference it is gone, and the next to ask makes a new one. `name` is `length` bytes of UTF-8, 1 to
/// `K1S0_CB_MAX_NAME`.
///
/// `config` may be NULL: the defaults for a new breaker, and whatever it has for one that is there.
/// Otherwise what it says must be what the breaker has: `K1S0_CB_CONFIG_MISMATCH`. `error` may be NULL.
///
/// Also `K1S0_CB_INVALID_ARGUMENT` for the length; `K1S0_CB_INVALID_UTF8`; and as `k1s0_cb_new`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 9); `name` is to `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_shared(
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
        let name = unsafe { self::name(name, length) }?;
        // SAFETY: the host promises conventions 4 and 9.
        let rules = unsafe { config::rules(config, error) }?;
        hand_out(find_or_make(name, rules, config.is_null())?, place);
        Ok(())
    })
}

/// A name from outside.
///
/// # Safety
///
/// `first` is NULL or to `length` bytes (convention 4), which nobody changes while the answer is used.
pub(crate) unsafe fn name<'a>(first: *const c_char, length: u64) -> Answer<&'a str> {
    // SAFETY: the caller passes on the host's promise of convention 4.
    let first = std::ptr::from_ref(unsafe { required(first) }?).cast::<u8>();
    if !(1..=K1S0_CB_MAX_NAME).contains(&length) {
        return Err(K1S0_CB_INVALID_ARGUMENT);
    }
    // SAFETY: the host promises `length` bytes, and the length is a sensible one.
    let bytes = unsafe { slice::from_raw_parts(first, length as usize) };
    str::from_utf8(bytes).map_err(|_| K1S0_CB_INVALID_UTF8)
}

fn find_or_make(name: &str, rules: Rules, any_rules: bool) -> Answer<Arc<k1s0_cb>> {
    let mut names = names();
    if let Some((there, has)) = names.get(name)
        && let Some(breaker) = there.upgrade()
    {
        let fits = any_rules || *has == rules;
        // Ours may be the last reference by now, and then its drop takes this lock.
        drop(names);
        return if fits {
            Ok(breaker)
        } else {
            Err(K1S0_CB_CONFIG_MISMATCH)
        };
    }
    let name: Arc<str> = name.into();
    let breaker = k1s0_cb::make(&rules, Some(Arc::clone(&name)))?;
    names.insert(name, (Arc::downgrade(&breaker), rules));
    Ok(breaker)
}

/// Called by a breaker that is going. Its name may be another's already.
pub(crate) fn forget(name: &str, breaker: &k1s0_cb) {
    let mut names = names();
    let is_its_own = names
        .get(name)
        .is_some_and(|(there, _)| std::ptr::eq(there.as_ptr(), breaker));
    if is_its_own {
        names.remove(name);
    }
}
