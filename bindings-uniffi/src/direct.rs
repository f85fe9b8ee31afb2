//! What a host calls past uniffi, where the glue would cost more than the work.

use crate::breaker::NativeBreaker;
use breaker::machine::Word;

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
