//! The admission word, for hosts that leave out most calls into this library.

use breaker::machine::Word;

use crate::boundary::{Answer, boundary};
use crate::breaker::k1s0_cb;
use crate::permit::{acquire, k1s0_cb_effect, k1s0_cb_outcome, k1s0_cb_rejection, settle};
use crate::pointer::{out, required, wanted};
use crate::result::{K1S0_CB_INVALID_PERMIT, k1s0_cb_result};
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

/// As `k1s0_cb_try_acquire`, giving a word. Settle it once.
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
/// `k1s0_cb_acquire_word`. `effect` and `transitions` may be NULL.
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
    outcome: k1s0_cb_outcome,
    now_ns: u64,
    effect: *mut k1s0_cb_effect,
    transitions: *mut k1s0_cb_transitions,
) -> k1s0_cb_result {
    boundary(|| {
        // SAFETY: the host promises conventions 4 and 5.
        let breaker = unsafe { required(breaker) }?;
        // SAFETY: the host promises conventions 4 and 6.
        let said = unsafe { (wanted(effect), wanted(transitions)) };
        let word = given(breaker, word)?;
        settle(breaker, word, outcome, now_ns, said.0, said.1)
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
    outcome: k1s0_cb_outcome,
    now_ns: u64,
    effect: *mut k1s0_cb_effect,
    transitions: *mut k1s0_cb_transitions,
) -> k1s0_cb_result {
    boundary(|| {
        // SAFETY: the host promises conventions 4 and 5.
        let breaker = unsafe { required(breaker) }?;
        // SAFETY: the host promises conventions 4 and 6.
        let said = unsafe { (wanted(effect), wanted(transitions)) };
        // They are all of the word that a permit needs.
        let word = given(breaker, low_word.into())?;
        settle(breaker, word, outcome, now_ns, said.0, said.1)
    })
}

/// No breaker gives a word without an epoch; but for the one epoch in 2^31 whose number has that many
/// zeroes at its end.
fn given(breaker: &k1s0_cb, bits: u64) -> Answer<Word> {
    let word = Word::from_bits(bits);
    if word.epoch() == 0 && breaker.engine.word().epoch() != 0 {
        Err(K1S0_CB_INVALID_PERMIT)
    } else {
        Ok(word)
    }
}
