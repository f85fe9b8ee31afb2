//! Many threads at one breaker, counted: for the sanitizers, which see both sides here.

mod support;

use std::ptr;
use std::thread;

use support::abi::{Handle, OK, Permit, REJECTED, abi};
use support::times;

#[test]
fn what_every_thread_counts_is_in_the_totals() {
    const THREADS: u64 = 8;
    let calls = times("K1S0_C_CALLS", 2_000);
    let Ok(breaker) = Handle::new(None) else {
        unreachable!("the defaults are good");
    };
    // Threads come and go, so that counters and their places change hands.
    for _ in 0..4 {
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let breaker = &breaker;
                scope.spawn(move || {
                    let null = ptr::null_mut();
                    for call in 0..calls {
                        let mut permit = Permit::default();
                        // SAFETY: good pointers, or NULL where that is allowed.
                        let admitted = unsafe {
                            (abi().try_acquire)(breaker.0, 1, &mut permit, ptr::null_mut(), null)
                        };
                        assert!(admitted == OK || admitted == REJECTED);
                        if admitted == REJECTED {
                            // SAFETY: as above.
                            assert_eq!(unsafe { (abi().reset)(breaker.0, 1, null) }, OK);
                            continue;
                        }
                        let outcome = u32::from((call + thread) % 7 == 0);
                        // SAFETY: as above.
                        let settled = unsafe {
                            (abi().settle)(
                                breaker.0,
                                &mut permit,
                                outcome,
                                1,
                                ptr::null_mut(),
                                null,
                            )
                        };
                        assert_eq!(settled, OK);
                    }
                });
            }
        });
    }
    let now = breaker.metrics(1);
    let all = now.success + now.failure + now.stale + now.rejected;
    assert_eq!(all, 4 * THREADS * calls);
}
