//! What a host calls past uniffi, where the glue would cost more than the work: on the JVM a record takes hundreds of
//! microseconds, a few numbers less than one.

use std::panic::{AssertUnwindSafe, catch_unwind};

use breaker::machine::Word;

use crate::breaker::NativeBreaker;
use crate::transition::Made;

/// What came of an operation, as numbers: 0 the word; 1 what of the rest there is, [`WORD`], [`WAIT`] and [`MADE`] added up; 2 why a
/// call is rejected, or what a settlement did; 3 the wait; 4 to 8 the change of state: from, to, why, epoch, when.
type Answer = [u64; 9];

/// There is a word: the call is admitted.
const WORD: u64 = 1;
/// There is a wait.
const WAIT: u64 = 2;
/// There is a change of state.
const MADE: u64 = 4;

/// [`NativeBreaker::acquire`]. 1 is done; 0 is a defect here, and nothing is written.
///
/// # Safety
///
/// `breaker` is what [`NativeBreaker::address`] answers of an object that the host holds; `answer` is nine numbers of its own.
#[unsafe(no_mangle)]
#[allow(unreachable_pub, reason = "it is called by its exported name")]
pub unsafe extern "C" fn k1s0_cb_uniffi_acquire(
    breaker: *const NativeBreaker,
    now: u64,
    answer: *mut Answer,
) -> i32 {
    // SAFETY: the host promises so.
    let breaker = unsafe { &*breaker };
    let acquired = caught(|| {
        let asked = breaker.acquire(now);
        let has_word = u64::from(asked.word.is_some()) * WORD;
        let has_wait = u64::from(asked.retry_after.is_some()) * WAIT;
        let mut numbers = changed(asked.made);
        numbers[0] = asked.word.unwrap_or(0);
        numbers[1] |= has_word | has_wait;
        numbers[2] = asked.reason.into();
        numbers[3] = asked.retry_after.unwrap_or(0);
        numbers
    });
    // SAFETY: the host promises so.
    unsafe { write(acquired, answer) }
}

/// [`NativeBreaker::settle`]; `retry_after` counts where `has_retry_after` is not 0. 1 is done; 0 is a defect here, and nothing is
/// written.
///
/// # Safety
///
/// As [`k1s0_cb_uniffi_acquire`].
#[unsafe(no_mangle)]
#[allow(unreachable_pub, reason = "it is called by its exported name")]
pub unsafe extern "C" fn k1s0_cb_uniffi_settle(
    breaker: *const NativeBreaker,
    word: u64,
    began: u64,
    outcome: i32,
    has_retry_after: i32,
    retry_after: u64,
    now: u64,
    answer: *mut Answer,
) -> i32 {
    // SAFETY: the host promises so.
    let breaker = unsafe { &*breaker };
    let settled = caught(|| {
        let wait = (has_retry_after != 0).then_some(retry_after);
        let outcome = u8::try_from(outcome).unwrap_or(u8::MAX);
        let settled = breaker.settle(word, began, outcome, wait, now);
        let mut numbers = changed(settled.made);
        numbers[2] = settled.effect.into();
        numbers
    });
    // SAFETY: the host promises so.
    unsafe { write(settled, answer) }
}

fn changed(made: Option<Made>) -> Answer {
    let mut numbers = Answer::default();
    if let Some(made) = made {
        numbers[1] = MADE;
        numbers[4] = made.from.into();
        numbers[5] = made.to.into();
        numbers[6] = made.reason.into();
        numbers[7] = made.epoch;
        numbers[8] = made.at;
    }
    numbers
}

/// No panic gets past this. One leaves nothing half done that could be seen, as in the C ABI.
fn caught(operation: impl FnOnce() -> Answer) -> Option<Answer> {
    catch_unwind(AssertUnwindSafe(operation))
        .map_err(std::mem::forget)
        .ok()
}

/// # Safety
///
/// `place` is good for writes.
unsafe fn write(answer: Option<Answer>, place: *mut Answer) -> i32 {
    match answer {
        Some(answer) => {
            // SAFETY: as the caller promises.
            unsafe { place.write(answer) };
            1
        }
        None => 0,
    }
}

/// Settles a permit that was read in place as a success, if that changes nothing but a counter; 0 means nothing was done.
/// For a host that has no atomic addition (Ruby). It does not panic.
///
/// # Safety
///
/// `breaker` is what [`NativeBreaker::address`] answers of an object that the host holds.
#[unsafe(no_mangle)]
#[allow(unreachable_pub, reason = "it is called by its exported name")]
pub unsafe extern "C" fn k1s0_cb_uniffi_succeed(breaker: *const NativeBreaker, word: u32) -> u8 {
    // SAFETY: the host promises so.
    let breaker = unsafe { &*breaker };
    breaker
        .engine
        .succeed_unasked(Word::from_bits(word.into()))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::default_settings;

    const NOW: u64 = 1_000;

    #[test]
    fn the_numbers_say_what_the_records_do() {
        let mut settings = default_settings();
        settings.failure_threshold = Some(1);
        let breaker = NativeBreaker::new(&settings).expect("good settings");
        let address = breaker.address() as *const NativeBreaker;
        let mut answer = Answer::default();
        // SAFETY: the breaker is there, and the answer is ours.
        let mut acquire = |now| unsafe {
            assert_eq!(k1s0_cb_uniffi_acquire(address, now, &raw mut answer), 1);
            answer
        };
        let admitted = acquire(NOW);
        assert_eq!(admitted[1], WORD);
        let mut settled = Answer::default();
        // SAFETY: as above.
        let done = unsafe {
            k1s0_cb_uniffi_settle(address, admitted[0], NOW, 1, 0, 0, NOW, &raw mut settled)
        };
        // Applied; closed to open, by failure_threshold, in epoch 2.
        assert_eq!((done, settled), (1, [0, MADE, 0, 0, 0, 1, 0, 2, NOW]));
        let rejected = acquire(NOW);
        assert_eq!(rejected[..4], [0, WAIT, 0, settings.timeout]);
    }

    #[test]
    fn a_panic_is_a_0() {
        let mut answer = Answer::default();
        let panicked = caught(|| std::panic::panic_any("forced"));
        // SAFETY: the answer is ours.
        let done = unsafe { write(panicked, &raw mut answer) };
        assert_eq!((done, answer), (0, Answer::default()));
    }
}
