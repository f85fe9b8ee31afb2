//! What the optimizer may not see through.

use std::arch::asm;

/// Gives `value` back, and the optimizer does not know that it is the same.
///
/// Only a register is involved. [`std::hint::black_box`] goes through the stack, which is visible in
/// results below a nanosecond.
#[inline(always)]
pub(crate) fn opaque(mut value: u64) -> u64 {
    // SAFETY: the assembly is a comment; it reads and writes nothing but the register it is given.
    unsafe {
        asm!("/* {0} */", inout(reg) value, options(nomem, nostack, preserves_flags));
    }
    value
}
