//! Recording without a permit, and the operator's hand.

use breaker::Transition;
use breaker::engine::Engine;
use breaker::machine::Recorded;

use crate::boundary::{Answer, boundary};
use crate::breaker::k1s0_cb;
use crate::permit::decided;
use crate::pointer::{required, wanted};
use crate::result::k1s0_cb_result;
use crate::transition::k1s0_cb_transitions;

/// Does one thing to a breaker and tells its transitions.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5).
unsafe fn operate<T: IntoIterator<Item = Transition>>(
    breaker: *const k1s0_cb,
    transitions: *mut k1s0_cb_transitions,
    operation: impl FnOnce(&Engine) -> T,
) -> Answer {
    // SAFETY: the host promises conventions 4, 5 and 6.
    let (breaker, transitions) = unsafe { (required(breaker)?, wanted(transitions)) };
    let made = operation(&breaker.engine);
    if let Some(transitions) = transitions {
        transitions.write_all(made);
    }
    Ok(())
}

fn record(
    engine: &Engine,
    recorded: Recorded,
    now_ns: u64,
) -> impl Iterator<Item = Transition> + use<> {
    let recording = decided(engine.record(recorded, Some(now_ns)));
    recording.transitions.into_iter().flatten()
}

/// Records a success that no permit was taken for. It may close a half-open breaker.
/// `transitions` may be NULL.
///
/// `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_record_success(
    breaker: *const k1s0_cb,
    now_ns: u64,
    transitions: *mut k1s0_cb_transitions,
) -> k1s0_cb_result {
    // SAFETY: the host promises conventions 4, 5 and 6.
    boundary(|| unsafe {
        operate(breaker, transitions, |engine| {
            record(engine, Recorded::Success, now_ns)
        })
    })
}

/// Records a failure that no permit was taken for. It may open the breaker.
/// `transitions` may be NULL.
///
/// `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_record_failure(
    breaker: *const k1s0_cb,
    now_ns: u64,
    transitions: *mut k1s0_cb_transitions,
) -> k1s0_cb_result {
    // SAFETY: the host promises conventions 4, 5 and 6.
    boundary(|| unsafe {
        operate(breaker, transitions, |engine| {
            record(engine, Recorded::Failure, now_ns)
        })
    })
}

/// Looks for calls in flight that hang, as each admission does, where `count_hung_calls` is 1; it may open the
/// breaker. Call it now and then, about every `slow_call_duration_ns`, where calls may be so few that nobody
/// else looks. `transitions` may be NULL.
///
/// `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_tick(
    breaker: *const k1s0_cb,
    now_ns: u64,
    transitions: *mut k1s0_cb_transitions,
) -> k1s0_cb_result {
    // SAFETY: the host promises conventions 4, 5 and 6.
    boundary(|| unsafe { operate(breaker, transitions, |engine| engine.tick(now_ns)) })
}

/// Closes the breaker, ends a forced mode and zeroes all counts but the totals; always a transition.
/// `transitions` may be NULL.
///
/// `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_reset(
    breaker: *const k1s0_cb,
    now_ns: u64,
    transitions: *mut k1s0_cb_transitions,
) -> k1s0_cb_result {
    // SAFETY: the host promises conventions 4, 5 and 6.
    boundary(|| unsafe { operate(breaker, transitions, |engine| engine.reset(now_ns)) })
}

/// Opens the breaker as failures would; in a forced mode it changes nothing.
/// `transitions` may be NULL.
///
/// `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_trip(
    breaker: *const k1s0_cb,
    now_ns: u64,
    transitions: *mut k1s0_cb_transitions,
) -> k1s0_cb_result {
    // SAFETY: the host promises conventions 4, 5 and 6.
    boundary(|| unsafe { operate(breaker, transitions, |engine| engine.trip(now_ns)) })
}

/// Rejects every call until `k1s0_cb_automatic` or `k1s0_cb_reset`.
/// `transitions` may be NULL.
///
/// `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_force_open(
    breaker: *const k1s0_cb,
    now_ns: u64,
    transitions: *mut k1s0_cb_transitions,
) -> k1s0_cb_result {
    // SAFETY: the host promises conventions 4, 5 and 6.
    boundary(|| unsafe { operate(breaker, transitions, |engine| engine.force_open(now_ns)) })
}

/// Admits every call, whatever its results, until `k1s0_cb_automatic` or `k1s0_cb_reset`.
/// `transitions` may be NULL.
///
/// `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_force_closed(
    breaker: *const k1s0_cb,
    now_ns: u64,
    transitions: *mut k1s0_cb_transitions,
) -> k1s0_cb_result {
    // SAFETY: the host promises conventions 4, 5 and 6.
    boundary(|| unsafe { operate(breaker, transitions, |engine| engine.force_closed(now_ns)) })
}

/// Ends a forced mode; the state underneath comes back.
/// `transitions` may be NULL.
///
/// `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_automatic(
    breaker: *const k1s0_cb,
    now_ns: u64,
    transitions: *mut k1s0_cb_transitions,
) -> k1s0_cb_result {
    // SAFETY: the host promises conventions 4, 5 and 6.
    boundary(|| unsafe { operate(breaker, transitions, |engine| engine.automatic(now_ns)) })
}
