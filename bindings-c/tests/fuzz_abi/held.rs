//! Permits as a host holds them, and their settlement.

use k1s0_conformance::vocabulary::Outcome;

use crate::support::abi::{Handle, Permit, Transitions, abi};

/// How the host holds a permit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Held {
    Permit(Permit),
    /// And the reading that it was asked for with.
    Word(u64, u64),
    LowWord(u32, u64),
}

/// Settles in the way in which it is held.
pub(crate) fn settle(
    handle: &Handle,
    held: &mut Held,
    outcome: Outcome,
    asked: Option<u64>,
    now: u64,
    effect: &mut u32,
    made: &mut Transitions,
) -> i32 {
    let (breaker, number, abi) = (handle.0, outcome as u32, abi());
    // SAFETY: good pointers.
    unsafe {
        match (held, asked) {
            (Held::Permit(permit), None) => {
                (abi.settle)(breaker, permit, number, now, effect, made)
            }
            (Held::Permit(permit), Some(asked)) => {
                (abi.settle_retry_after)(breaker, permit, number, asked, now, effect, made)
            }
            (Held::Word(word, began), None) => {
                (abi.settle_word)(breaker, *word, *began, number, now, effect, made)
            }
            (Held::LowWord(word, began), None) => {
                (abi.settle_low_word)(breaker, *word, *began, number, now, effect, made)
            }
            (Held::Word(word, began), Some(asked)) => {
                let settle = abi.settle_word_retry_after;
                settle(breaker, *word, *began, number, asked, now, effect, made)
            }
            (Held::LowWord(word, began), Some(asked)) => {
                let (settle, word) = (abi.settle_word_retry_after, u64::from(*word));
                settle(breaker, word, *began, number, asked, now, effect, made)
            }
        }
    }
}
