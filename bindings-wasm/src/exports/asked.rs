//! What a server says of when to come back: a header's text comes in, a length of time comes out.

use alloc::vec::Vec;

use breaker::machine::Nanos;

use crate::answer::ANSWER;
use crate::numbers;
use crate::place::Place;

/// The host's text.
static GIVEN: Place<Vec<u8>> = Place::new(Vec::new());

/// Makes room for a text of so many bytes, in UTF-8, and answers where it is to be written. The export that reads it
/// comes next, and nothing in between.
#[unsafe(no_mangle)]
unsafe extern "C" fn text_in(length: usize) -> *mut u8 {
    // SAFETY: one thread.
    unsafe {
        GIVEN.with(|given| {
            given.clear();
            given.resize(length, 0);
            given.as_mut_ptr()
        })
    }
}

/// For how long an HTTP response asks not to be called. The text is its `Retry-After`, and from `date_at` on its `Date`,
/// if it has one. 1: the answer's first number is how long; 0: it does not ask.
#[cfg(feature = "retry-after")]
#[unsafe(no_mangle)]
unsafe extern "C" fn retry_after(status: u32, date_at: usize) -> u32 {
    // SAFETY: one thread.
    unsafe {
        GIVEN.with(|given| {
            let (value, date) = given.split_at_checked(date_at)?;
            let date = core::str::from_utf8(date).ok();
            numbers::retry_after(status, core::str::from_utf8(value).ok()?, date)
        })
    }
    .map_or(0, answered)
}

/// The same of a gRPC response: the text is its `grpc-retry-pushback-ms`.
#[unsafe(no_mangle)]
unsafe extern "C" fn grpc_retry_pushback() -> u32 {
    // SAFETY: one thread.
    unsafe { GIVEN.with(|given| numbers::grpc_retry_pushback(core::str::from_utf8(given).ok()?)) }
        .map_or(0, answered)
}

/// "For ever" is no number of an answer.
fn answered(asked: Nanos) -> u32 {
    // SAFETY: one thread, as every export requires.
    unsafe { ANSWER.with(|answer| answer[0] = asked) };
    1
}
