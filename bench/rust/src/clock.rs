//! The stopwatch.

use std::time::Instant;

/// The time now.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
#[inline]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Reads the clock for the cost of it.
#[inline(always)]
pub(crate) fn read_and_forget() {
    let now = now();
    std::hint::black_box(&now);
}
