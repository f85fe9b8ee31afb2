//! Counters that a host counts in, in place.

use breaker::HostCounters;

use crate::boundary::{boundary, guarded};
use crate::breaker::k1s0_cb;
use crate::pointer::{out, required};
use crate::result::k1s0_cb_result;

/// A counter of successes with one writer at a time; see "The admission word".
pub struct k1s0_cb_counter(HostCounters);

/// Makes a counter for one thread of the host. It may outlive its breaker; then nobody reads it.
///
/// `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_counter_new(
    breaker: *const k1s0_cb,
    counter: *mut *mut k1s0_cb_counter,
) -> k1s0_cb_result {
    boundary(|| {
        // SAFETY: the host promises conventions 4, 5 and 6.
        let (breaker, counter) = unsafe { (required(breaker)?, out(counter)?) };
        let made = Box::new(k1s0_cb_counter(breaker.engine.host_counters()));
        counter.write(Box::into_raw(made));
        Ok(())
    })
}

/// Where the counter is: add 1 to it for each success that you settle yourself. It need not be 0 at
/// first. It is good until `k1s0_cb_counter_free`.
///
/// `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_counter_address(
    counter: *const k1s0_cb_counter,
    address: *mut *mut u64,
) -> k1s0_cb_result {
    boundary(|| {
        // SAFETY: the host promises conventions 4, 5 and 6.
        let (counter, address) = unsafe { (required(counter)?, out(address)?) };
        address.write(counter.0.success_cell().as_ptr());
        Ok(())
    })
}

/// Frees a counter. What it has counted stays in the totals. NULL is nothing.
///
/// # Safety
///
/// `counter` is NULL or a counter that was not freed (convention 5).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_counter_free(counter: *mut k1s0_cb_counter) {
    guarded((), || {
        if !counter.is_null() {
            // SAFETY: the pointer is from `k1s0_cb_counter_new`, and the host gives it away.
            drop(unsafe { Box::from_raw(counter) });
        }
    });
}
