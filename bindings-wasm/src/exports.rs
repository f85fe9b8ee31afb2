//! What the module exports. README.md is the manual; the rules for all of them:
//!
//! * One thread at a time uses an instance of the module. Nothing calls back.
//! * `breaker` is an address from `create` that has not been freed.
//! * Time comes in two halves, `…_high` and `…_low`, in nanoseconds (`nanos.rs`). What is named `…_at` is handed the
//!   time; its twin is not, and answers [`NEEDS_NOW`] where it cannot decide without, having changed nothing.

use alloc::string::String;

use breaker::machine::{
    Effect, Ending, Nanos, NeedsNow, Outcome, RejectReason, Ticket, Verdict, Word,
};

use crate::answer::{ANSWER, MADE, Made};
use crate::home::{Answered, Breaker};
use crate::nanos::joined;
use crate::numbers::{self, ASK_WITH_TIME, Control, INTERFACE, MADE_ONE, NEEDS_NOW};
use crate::place::Place;
use crate::rows::{self, NONE, metrics_row, row};

mod asked;
#[cfg(feature = "explain")]
mod explained;
mod making;

static TEXT: Place<String> = Place::new(String::new());

#[unsafe(no_mangle)]
extern "C" fn interface() -> u32 {
    INTERFACE
}

/// Where the last answer stands: of `acquire` the wait, of `metrics` its numbers, of `history` its rows.
#[unsafe(no_mangle)]
extern "C" fn answer() -> *const u64 {
    ANSWER.address().cast()
}

/// The first number of the answer, as milliseconds; NaN if it is none.
#[unsafe(no_mangle)]
unsafe extern "C" fn answer_ms() -> f64 {
    // SAFETY: one thread.
    rows::milliseconds(unsafe { ANSWER.with(|answer| answer[0]) })
}

/// Where the transitions stand that the last `…_at` made.
#[unsafe(no_mangle)]
extern "C" fn made_rows() -> *const u64 {
    MADE.address().cast()
}

/// How many the last `…_at` made.
#[unsafe(no_mangle)]
unsafe extern "C" fn made() -> u32 {
    // SAFETY: one thread.
    unsafe { MADE.with(|made| made.count()) }
}

/// Where the last text stands, in UTF-8.
#[unsafe(no_mangle)]
unsafe extern "C" fn text() -> *const u8 {
    // SAFETY: one thread.
    unsafe { TEXT.with(|text| text.as_ptr()) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn text_length() -> usize {
    // SAFETY: one thread.
    unsafe { TEXT.with(|text| text.len()) }
}

/// May this call be made? An even number is its permit; 1 too, of a call that only `shadow` lets through. 3: ask again
/// with the time. 5, 7, 9: rejected, because open, half-open, forced open; the answer is how long to wait.
#[unsafe(no_mangle)]
unsafe extern "C" fn acquire(breaker: *mut Breaker) -> u32 {
    // SAFETY: the host's promise.
    let breaker = unsafe { &mut *breaker };
    match breaker.admit_unasked() {
        Some(word) => numbers::permit(word),
        None if breaker.admission_needs_now() => ASK_WITH_TIME,
        // SAFETY: one thread.
        None => unsafe { verdict(breaker.admit(None)) },
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn acquire_at(breaker: *mut Breaker, high: u32, low: u32) -> u32 {
    let now = joined(high, low);
    // SAFETY: the host's promise.
    let breaker = unsafe { &mut *breaker };
    let Some(left) = breaker.reject_unasked(now) else {
        // SAFETY: one thread.
        return unsafe { verdict(breaker.admit(Some(now))) };
    };
    let rejected = Verdict::Rejected {
        reason: RejectReason::Open,
        retry_after: Some(left),
    };
    // SAFETY: one thread.
    unsafe {
        ANSWER.with(|answer| answer[0] = left);
        MADE.with(Made::clear);
    }
    numbers::verdict(rejected).0
}

/// # Safety
///
/// One thread.
unsafe fn verdict(answered: Answered<Verdict>) -> u32 {
    let Ok((verdict, transitions)) = answered else {
        return ASK_WITH_TIME;
    };
    // SAFETY: one thread.
    unsafe { MADE.with(|made| made.note(transitions)) };
    let (answer, left) = numbers::verdict(verdict);
    if numbers::is_rejection(answer) {
        // SAFETY: one thread.
        unsafe { ANSWER.with(|answer| answer[0] = left.unwrap_or(NONE)) };
    }
    answer
}

/// The call of this permit has ended. What comes back is the effect, and 16 more if a transition was made.
#[unsafe(no_mangle)]
unsafe extern "C" fn settle(breaker: *mut Breaker, permit: u32, outcome: u32) -> i32 {
    let word = Word::from_bits(permit.into());
    // SAFETY: the host's promise.
    let breaker = unsafe { &mut *breaker };
    if outcome == Outcome::Success as u32 && breaker.succeed_unasked(word) {
        return Effect::Applied as i32;
    }
    // SAFETY: one thread.
    unsafe { effect(breaker.settle(word.into(), numbers::outcome(outcome).into(), None)) }
}

/// As `settle`; `began` is what the admission was handed, and anything where it was handed nothing.
#[unsafe(no_mangle)]
unsafe extern "C" fn settle_at(
    breaker: *mut Breaker,
    permit: u32,
    outcome: u32,
    began_high: u32,
    began_low: u32,
    high: u32,
    low: u32,
) -> i32 {
    let ending = numbers::outcome(outcome).into();
    let ticket = ticket(permit, joined(began_high, began_low));
    // SAFETY: the host's promise, and one thread.
    unsafe { effect((*breaker).settle(ticket, ending, Some(joined(high, low)))) }
}

/// As `settle_at`, of a server that asked not to be called for so long.
#[unsafe(no_mangle)]
unsafe extern "C" fn settle_asked_at(
    breaker: *mut Breaker,
    permit: u32,
    outcome: u32,
    began_high: u32,
    began_low: u32,
    high: u32,
    low: u32,
    retry_high: u32,
    retry_low: u32,
) -> i32 {
    let ending = Ending {
        outcome: numbers::outcome(outcome),
        retry_after: Some(joined(retry_high, retry_low)),
    };
    let ticket = ticket(permit, joined(began_high, began_low));
    // SAFETY: the host's promise, and one thread.
    unsafe { effect((*breaker).settle(ticket, ending, Some(joined(high, low)))) }
}

fn ticket(permit: u32, began: Nanos) -> Ticket {
    Ticket {
        word: Word::from_bits(permit.into()),
        began,
    }
}

/// # Safety
///
/// One thread.
unsafe fn effect(answered: Answered<Effect>) -> i32 {
    match answered {
        Err(NeedsNow) => NEEDS_NOW,
        Ok((effect, transitions)) => {
            // SAFETY: one thread.
            let made = unsafe { MADE.with(|made| made.note(transitions)) };
            effect as i32 + MADE_ONE * made as i32
        }
    }
}

/// Records a result that no permit was taken for: a success, or a failure. Answers how many transitions it made.
#[unsafe(no_mangle)]
unsafe extern "C" fn record(breaker: *mut Breaker, outcome: u32) -> i32 {
    // SAFETY: the host's promise, and one thread.
    unsafe { recorded(&mut *breaker, outcome, None) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn record_at(breaker: *mut Breaker, outcome: u32, high: u32, low: u32) -> i32 {
    // SAFETY: the host's promise, and one thread.
    unsafe { recorded(&mut *breaker, outcome, Some(joined(high, low))) }
}

/// # Safety
///
/// One thread.
unsafe fn recorded(breaker: &mut Breaker, outcome: u32, now: Option<Nanos>) -> i32 {
    match breaker.record(numbers::recorded(outcome), now) {
        Err(NeedsNow) => NEEDS_NOW,
        // SAFETY: one thread.
        Ok(((), transitions)) => unsafe { MADE.with(|made| made.note(transitions) as i32) },
    }
}

/// 0 reset, 1 trip, 2 force open, 3 force closed, 4 automatic, 5 tick: look for hung calls. Answers how many transitions
/// it made.
#[unsafe(no_mangle)]
unsafe extern "C" fn control_at(breaker: *mut Breaker, control: u32, high: u32, low: u32) -> u32 {
    let Some(control) = Control::numbered(control) else {
        return 0;
    };
    // SAFETY: the host's promise.
    let transition = unsafe { (*breaker).control(control, joined(high, low)) };
    // SAFETY: one thread.
    unsafe { MADE.with(|made| made.note([transition, None])) }
}

/// The state's number. Changes nothing.
#[unsafe(no_mangle)]
unsafe extern "C" fn state(breaker: *const Breaker) -> i32 {
    // SAFETY: the host's promise.
    let state = unsafe { (*breaker).state(None) };
    state.map_or(NEEDS_NOW, |state| state as i32)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn state_at(breaker: *const Breaker, high: u32, low: u32) -> i32 {
    // SAFETY: the host's promise.
    let state = unsafe { (*breaker).state(Some(joined(high, low))) };
    state.map_or(NEEDS_NOW, |state| state as i32)
}

/// 1: there is nothing to remember; closed, no failure pending, nothing forced, nothing bad among the last calls of a window.
#[unsafe(no_mangle)]
unsafe extern "C" fn idle(breaker: *mut Breaker) -> u32 {
    // SAFETY: the host's promise.
    unsafe { (*breaker).is_idle() }.into()
}

/// Writes the metrics into the answer; answers how many numbers they are.
#[unsafe(no_mangle)]
unsafe extern "C" fn metrics(breaker: *mut Breaker) -> i32 {
    // SAFETY: the host's promise, and one thread.
    unsafe { write_metrics(&mut *breaker, None) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn metrics_at(breaker: *mut Breaker, high: u32, low: u32) -> i32 {
    // SAFETY: the host's promise, and one thread.
    unsafe { write_metrics(&mut *breaker, Some(joined(high, low))) }
}

/// # Safety
///
/// One thread.
unsafe fn write_metrics(breaker: &mut Breaker, now: Option<Nanos>) -> i32 {
    let Ok(metrics) = breaker.metrics(now) else {
        return NEEDS_NOW;
    };
    let row = metrics_row(&metrics);
    // SAFETY: one thread.
    unsafe { ANSWER.with(|answer| answer[..row.len()].copy_from_slice(&row)) };
    row.len() as i32
}

/// Writes the last transitions into the answer, the oldest first; answers how many they are.
#[unsafe(no_mangle)]
unsafe extern "C" fn history(breaker: *const Breaker) -> u32 {
    // SAFETY: the host's promise.
    let breaker = unsafe { &*breaker };
    let write = |answer: &mut [u64]| {
        let mut count = 0;
        for transition in breaker.history() {
            let row = row(transition);
            answer[count * row.len()..][..row.len()].copy_from_slice(&row);
            count += 1;
        }
        count as u32
    };
    // SAFETY: one thread.
    unsafe { ANSWER.with(|answer| write(answer)) }
}

/// The outcome of an HTTP status.
#[unsafe(no_mangle)]
extern "C" fn http_status(status: u32) -> u32 {
    numbers::http_status(status)
}

/// The outcome of a gRPC status.
#[unsafe(no_mangle)]
extern "C" fn grpc_status(code: i32) -> u32 {
    numbers::grpc_status(code)
}

/// The outcome of a transport error, by its number; of one that is not known, ignored.
#[unsafe(no_mangle)]
extern "C" fn transport_error(error: u32) -> u32 {
    numbers::transport_error(error)
}
