//! Windows, filled by many threads.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use k1s0_circuit_breaker::{
    Builder, CircuitBreaker, CircuitBreakerConfig, CircuitBreakerState as State, ManualClock,
    Outcome, Reason, WindowSize,
};

use super::{Random, settled, size};

const THREADS: u64 = 8;
const CALLS: u64 = 1 << 16;

/// Failures in a row do not open; a rate does.
fn rated(rate: f64, window: WindowSize) -> Builder {
    CircuitBreaker::builder(CircuitBreakerConfig::default())
        .failure_threshold_off()
        .failure_rate(rate)
        .window(window)
}

/// So many calls of each thread, of which every third fails and some count in no window; answers how many
/// succeeded and how many failed.
fn work(cb: &CircuitBreaker, each: u64) -> (u64, u64) {
    let (succeeded, failed) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (succeeded, failed) = (&succeeded, &failed);
            scope.spawn(move || {
                let mut random = Random(number + 11);
                let host = cb.host_counters();
                for _ in 0..each {
                    let mut permit = cb.try_acquire().unwrap();
                    match random.below(9) {
                        0..3 => {
                            failed.fetch_add(1, Ordering::Relaxed);
                            permit.settle(Outcome::Failure);
                        }
                        3 => drop(permit),
                        4 => {
                            permit.settle(Outcome::Ignored);
                        }
                        5 => {
                            // A host counts for itself what it may.
                            succeeded.fetch_add(1, Ordering::Relaxed);
                            let ticket = permit.into_ticket().unwrap();
                            let word = cb.admission_word().load(Ordering::Acquire) as u32;
                            if word == ticket.word.to_bits() as u32 && word & 1 == 0 {
                                host.success();
                            } else {
                                cb.permit_from_ticket(ticket).settle(Outcome::Success);
                            }
                        }
                        _ => {
                            succeeded.fetch_add(1, Ordering::Relaxed);
                            permit.settle(Outcome::Success);
                        }
                    }
                }
            });
        }
    });
    (succeeded.into_inner(), failed.into_inner())
}

/// While there is room every sample is in the window, and once there is none it holds as many as it can.
#[test]
fn a_window_of_calls_is_exact() {
    let cb = rated(1.0, WindowSize::Calls(CALLS))
        .minimum_calls(1)
        .build()
        .unwrap();
    // It is never met: this one is in the window until all have failed.
    cb.try_acquire().unwrap().success();
    let each = size(CALLS * 50).min(CALLS - 1) / THREADS;
    let (succeeded, failed) = work(&cb, each);
    let snapshot = cb.snapshot();
    assert_eq!(snapshot.window_calls, succeeded + failed + 1);
    assert_eq!(snapshot.window_failures, failed);
    assert_eq!(settled(&snapshot), THREADS * each + 1);

    let more = size(2_000_000) / THREADS;
    let (succeeded_then, failed_then) = work(&cb, more.max(CALLS / 4));
    let snapshot = cb.snapshot();
    assert_eq!(snapshot.window_calls, CALLS);
    assert_eq!(snapshot.success_count, succeeded + succeeded_then + 1);
    assert_eq!(snapshot.failure_count, failed + failed_then);
    // Not one failure stays when as many successes have come as the window holds.
    for left in (0..CALLS).rev() {
        cb.try_acquire().unwrap().success();
        assert!(left % 4096 != 0 || cb.snapshot().window_failures <= left);
    }
    let snapshot = cb.snapshot();
    assert_eq!(
        (snapshot.window_calls, snapshot.window_failures),
        (CALLS, 0)
    );
    assert_eq!(snapshot.transition_count, 0);
    println!("stress: a window of {CALLS} calls, {failed} failures counted exactly");
}

/// Buckets begin while successes are counted without the lock; none is lost, and all are gone in the end.
#[test]
fn a_window_of_time_is_exact() {
    const BUCKETS: u64 = 100;
    let width = Duration::from_millis(1);
    let window = WindowSize::Time {
        length: width * BUCKETS as u32,
        buckets: BUCKETS,
    };
    let clock = ManualClock::new();
    let rolling = AtomicBool::new(true);
    let cb = rated(1.0, window)
        .minimum_calls(1)
        .clock(clock.clone())
        .build()
        .unwrap();
    cb.try_acquire().unwrap().success();
    let each = size(2_000_000) / THREADS;
    let (succeeded, failed) = thread::scope(|scope| {
        let (cb, clock, rolling) = (&cb, &clock, &rolling);
        scope.spawn(move || {
            // Up to the last moment at which the first bucket is still in the window.
            for _ in 0..8 * (BUCKETS - 1) {
                clock.advance(width / 8);
                for _ in 0..200 {
                    if rolling.load(Ordering::Relaxed) {
                        thread::yield_now();
                    }
                }
            }
        });
        let counted = work(cb, each);
        rolling.store(false, Ordering::Relaxed);
        counted
    });
    let snapshot = cb.snapshot();
    assert_eq!(snapshot.window_calls, succeeded + failed + 1);
    assert_eq!(snapshot.window_failures, failed);
    assert_eq!(settled(&snapshot), THREADS * each + 1);
    clock.advance(width * BUCKETS as u32);
    let snapshot = cb.snapshot();
    assert_eq!((snapshot.window_calls, snapshot.window_failures), (0, 0));
    println!(
        "stress: a window of time, {} calls counted exactly",
        THREADS * each
    );
}

/// However many threads meet the rate at once, it opens once, and nobody's result is lost.
#[test]
fn a_rate_opens_once() {
    let clock = ManualClock::new();
    for window in [
        WindowSize::Calls(100),
        WindowSize::time(Duration::from_secs(1)),
    ] {
        let cb = rated(0.5, window)
            .minimum_calls(4)
            .clock(clock.clone())
            .build()
            .unwrap();
        let rounds = size(50_000);
        for round in 0..rounds {
            let barrier = Barrier::new(THREADS as usize);
            let opened = AtomicU64::new(0);
            thread::scope(|scope| {
                for number in 0..THREADS {
                    let (cb, barrier, opened) = (&cb, &barrier, &opened);
                    scope.spawn(move || {
                        let permit = cb.try_acquire().unwrap();
                        barrier.wait();
                        let settlement = if number == 0 {
                            permit.success()
                        } else {
                            permit.failure()
                        };
                        if let Some(transition) = settlement.transition {
                            assert_eq!(transition.reason, Reason::FailureRate);
                            opened.fetch_add(1, Ordering::Relaxed);
                            assert!(cb.try_acquire().is_err());
                        }
                    });
                }
            });
            assert_eq!(opened.into_inner(), 1);
            let snapshot = cb.snapshot();
            assert_eq!(snapshot.state, State::Open);
            assert_eq!(settled(&snapshot), (round + 1) * THREADS);
            assert_eq!(
                snapshot.transitions_between(State::Closed, State::Open),
                round + 1
            );
            cb.reset();
        }
        println!("stress: a rate was met {rounds} times by {THREADS} threads, and opened as often");
    }
}
