//! The admission word, for hosts that leave out most calls into this library.

use breaker::machine::{Ticket, Word};

use crate::boundary::{Answer, boundary};
use crate::breaker::k1s0_cb;
use crate::permit::{acquire, k1s0_cb_effect, k1s0_cb_outcome, k1s0_cb_rejection};
use crate::pointer::{out, required, wanted};
use crate::result::{K1S0_CB_INVALID_PERMIT, k1s0_cb_result};
use crate::settle::{Ended, Told, settle};
use crate::transition::k1s0_cb_transitions;

/// Where the breaker's admission word is. Read it atomically, never write it; it is good while you hold
/// a reference to the breaker.
///
/// `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_admission_word(
    breaker: *const k1s0_cb,
    word: *mut *const u64,
) -> k1s0_cb_result {
    boundary(|| {
        // SAFETY: the host promises conventions 4, 5 and 6.
        let (breaker, word) = unsafe { (required(breaker)?, out(word)?) };
        word.write(breaker.engine.admission_word().as_ptr());
        Ok(())
    })
}

/// As `k1s0_cb_try_acquire`, giving a word. Settle it once, with this `now_ns` as its `began_ns`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_acquire_word(
    breaker: *const k1s0_cb,
    now_ns: u64,
    word: *mut u64,
    rejection: *mut k1s0_cb_rejection,
    transitions: *mut k1s0_cb_transitions,
) -> k1s0_cb_result {
    boundary(|| {
        // SAFETY: the host promises conventions 4, 5 and 6.
        let (breaker, word) = unsafe { (required(breaker)?, out(word)?) };
        // SAFETY: the host promises conventions 4 and 6.
        let said = unsafe { (wanted(rejection), wanted(transitions)) };
        word.write(acquire(breaker, now_ns, said.0, said.1)?.to_bits());
        Ok(())
    })
}

/// Settles a word that was read from the admission word with bit 0 clear, or given by
/// `k1s0_cb_acquire_word`. `began_ns` is the `now_ns` that the word was asked for with, or 0 if it was read in
/// place: it says how long the call took. `effect` and `transitions` may be NULL.
///
/// A word is a bare number, so the library can often but not always tell that it was settled before
/// (`K1S0_CB_ALREADY_SETTLED`), and never that it is another breaker's: settle each once, at its own breaker.
/// `K1S0_CB_INVALID_PERMIT` for 0; `K1S0_CB_INVALID_ARGUMENT` for the outcome; `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_settle_word(
    breaker: *const k1s0_cb,
    word: u64,
    began_ns: u64,
    outcome: k1s0_cb_outcome,
    now_ns: u64,
    effect: *mut k1s0_cb_effect,
    transitions: *mut k1s0_cb_transitions,
) -> k1s0_cb_result {
    boundary(|| {
        let ended = Ended {
            outcome,
            retry_after_ns: None,
            now_ns,
        };
        let told = Told::to(effect, transitions);
        // SAFETY: the host's promises are passed on.
        unsafe { settle_bits(breaker, word, began_ns, ended, told) }
    })
}

/// As `k1s0_cb_settle_word`, with the low 32 bits of the word.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_settle_low_word(
    breaker: *const k1s0_cb,
    low_word: u32,
    began_ns: u64,
    outcome: k1s0_cb_outcome,
    now_ns: u64,
    effect: *mut k1s0_cb_effect,
    transitions: *mut k1s0_cb_transitions,
) -> k1s0_cb_result {
    boundary(|| {
        let ended = Ended {
            outcome,
            retry_after_ns: None,
            now_ns,
        };
        let told = Told::to(effect, transitions);
        // They are all of the word that a permit needs.
        let word = low_word.into();
        // SAFETY: the host's promises are passed on.
        unsafe { settle_bits(breaker, word, began_ns, ended, told) }
    })
}

/// As `k1s0_cb_settle_word`, with a server's `Retry-After`; see `k1s0_cb_settle_retry_after`. `word` may be the
/// low 32 bits alone.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_settle_word_retry_after(
    breaker: *const k1s0_cb,
    word: u64,
    began_ns: u64,
    outcome: k1s0_cb_outcome,
    retry_after_ns: u64,
    now_ns: u64,
    effect: *mut k1s0_cb_effect,
    transitions: *mut k1s0_cb_transitions,
) -> k1s0_cb_result {
    boundary(|| {
        let ended = Ended {
            outcome,
            retry_after_ns: Some(retry_after_ns),
            now_ns,
        };
        let told = Told::to(effect, transitions);
        // SAFETY: the host's promises are passed on.
        unsafe { settle_bits(breaker, word, began_ns, ended, told) }
    })
}

/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5).
#[inline(always)]
unsafe fn settle_bits(
    breaker: *const k1s0_cb,
    bits: u64,
    began: u64,
    ended: Ended,
    told: Told,
) -> Answer {
    // SAFETY: the host promises conventions 4 and 5.
    let breaker = unsafe { required(breaker) }?;
    let word = given(breaker, bits)?;
    // SAFETY: the host promises conventions 4 and 6.
    unsafe { settle(breaker, Ticket { word, began }, ended, told) }
}

/// No breaker gives a word without an epoch; but for the one epoch in 2^31 whose number has that many
/// zeroes at its end, and for a call that would have been rejected.
fn given(breaker: &k1s0_cb, bits: u64) -> Answer<Word> {
    let word = Word::from_bits(bits);
    let is_shadow = breaker.shadow && word.is_shadow();
    if word.epoch() == 0 && !is_shadow && breaker.engine.word().epoch() != 0 {
        Err(K1S0_CB_INVALID_PERMIT)
    } else {
        Ok(word)
    }
}
