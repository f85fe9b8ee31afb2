//! The last changes of state.

use crate::boundary::boundary;
use crate::breaker::k1s0_cb;
use crate::pointer::{out, required};
use crate::result::{K1S0_CB_BUFFER_TOO_SMALL, k1s0_cb_result};
use crate::transition::k1s0_cb_transition;

/// How many transitions a breaker remembers.
pub const K1S0_CB_RECENT_TRANSITIONS: u64 = 32;
const _: () = assert!(K1S0_CB_RECENT_TRANSITIONS == breaker::Transition::REMEMBERED as u64);

/// Copies the last transitions into your array of `capacity` items, the oldest first: at most
/// `K1S0_CB_RECENT_TRANSITIONS`, which is always room enough. `count` is how many there are. `items` may be NULL
/// where `capacity` is 0, to ask for the count.
///
/// `K1S0_CB_BUFFER_TOO_SMALL`, with `count` written and the array left alone; `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5); `items` is to `capacity` transitions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_recent_transitions(
    breaker: *const k1s0_cb,
    items: *mut k1s0_cb_transition,
    capacity: u64,
    count: *mut u64,
) -> k1s0_cb_result {
    boundary(|| {
        // SAFETY: the host promises conventions 4, 5 and 6.
        let (breaker, count) = unsafe { (required(breaker)?, out(count)?) };
        let is_question = items.is_null() && capacity == 0;
        if !is_question {
            // SAFETY: the host promises convention 4.
            unsafe { out(items) }?;
        }
        let mut found = breaker.engine.recent_transitions();
        // Whatever core remembers: an array of the promised size is room enough.
        let more = found
            .len()
            .saturating_sub(K1S0_CB_RECENT_TRANSITIONS as usize);
        found.drain(..more);
        let number = found.len() as u64;
        if number > capacity && !is_question {
            count.write(number);
            return Err(K1S0_CB_BUFFER_TOO_SMALL);
        }
        if !is_question {
            for (place, transition) in found.into_iter().enumerate() {
                // SAFETY: the host promises `capacity` items of its own, and there are no more than that.
                unsafe { items.add(place).write(transition.into()) };
            }
        }
        count.write(number);
        Ok(())
    })
}
