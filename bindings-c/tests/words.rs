//! Words of late epochs, which the short sequences of the fuzzer do not come to.

mod support;

use std::ptr;

use support::abi::{Handle, OK, SettleWord, abi};

/// Settles and answers the effect.
fn settle<W>(function: SettleWord<W>, breaker: &Handle, word: W) -> u32 {
    let mut effect = u32::MAX;
    // SAFETY: good pointers.
    let result = unsafe { function(breaker.0, word, 1, 0, 1, &mut effect, ptr::null_mut()) };
    assert_eq!(result, OK);
    effect
}

fn acquire(breaker: &Handle) -> u64 {
    let (mut word, null) = (0, ptr::null_mut());
    // SAFETY: good pointers.
    let result = unsafe { (abi().acquire_word)(breaker.0, 1, &mut word, null, ptr::null_mut()) };
    assert_eq!(result, OK);
    word
}

#[test]
fn words_are_of_their_epoch_however_late_it_is() {
    const APPLIED: u32 = 0;
    const STALE: u32 = 1;
    let Ok(breaker) = Handle::new(None) else {
        unreachable!("the defaults are good");
    };
    let first = acquire(&breaker);
    for round in 1..=200_000 {
        // SAFETY: good pointers.
        let result = unsafe { (abi().reset)(breaker.0, 1, ptr::null_mut()) };
        assert_eq!(result, OK);
        let word = acquire(&breaker);
        // 2 ^ n transitions later, the first one must not be taken for one of now.
        if u32::is_power_of_two(round) {
            assert_eq!(settle(abi().settle_word, &breaker, first), STALE);
            assert_eq!(settle(abi().settle_low_word, &breaker, first as u32), STALE);
        }
        assert_eq!(settle(abi().settle_word, &breaker, word), APPLIED);
        assert_eq!(
            settle(abi().settle_low_word, &breaker, acquire(&breaker) as u32),
            APPLIED
        );
    }
    let metrics = breaker.metrics(1);
    assert_eq!((metrics.epoch, metrics.success), (200_001, 400_000));
    assert_eq!(metrics.stale, 2 * 18);
}
