//! A length or a moment of time as two halves.
//!
//! A `u64` parameter would be a BigInt in JavaScript, made anew for each call; an `f64` cannot hold every nanosecond of
//! 64 bits. Two `i32` are free in JavaScript, and exact for everybody.

use breaker::machine::Nanos;

/// The number whose upper and lower halves these are.
pub const fn joined(high: u32, low: u32) -> Nanos {
    (high as u64) << 32 | low as u64
}
