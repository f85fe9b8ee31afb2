//! Many threads on one breaker, counted.
//!
//! The ordinary test run is short; `K1S0_STRESS=full` in release (`cargo xtask soak stress`) runs the
//! full size. Nothing waits for time to pass: the clock is set by hand.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

#[path = "stress/windows.rs"]
mod windows;

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use k1s0_circuit_breaker::{
    CircuitBreaker, CircuitBreakerConfig, CircuitBreakerMetrics, CircuitBreakerState as State,
    ManualClock, Outcome,
};

/// `full` at full size, a fiftieth of it otherwise.
fn size(full: u64) -> u64 {
    match std::env::var("K1S0_STRESS") {
        Ok(size) if size == "full" => full,
        _ => full / 50,
    }
}

/// Marsaglia's xorshift: a seed makes a run repeatable.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// A breaker that never closes, so that every admission after the first opening is a probe.
fn probing(limit: u32, timeout: Duration, clock: &ManualClock) -> CircuitBreaker {
    CircuitBreaker::builder(CircuitBreakerConfig {
        failure_threshold: 1,
        success_threshold: u32::MAX,
        timeout,
    })
    .half_open_max_calls(limit)
    .clock(clock.clone())
    .build()
    .unwrap()
}

fn assert_every_slot_is_free(cb: &CircuitBreaker, limit: u32) {
    assert_eq!(cb.snapshot().probes_in_flight, 0);
    let permits: Vec<_> = (0..limit).map(|_| cb.try_acquire().unwrap()).collect();
    assert!(cb.try_acquire().is_err());
    permits.into_iter().for_each(|permit| {
        permit.ignore();
    });
}

fn settled(metrics: &CircuitBreakerMetrics) -> u64 {
    Outcome::ALL
        .map(|outcome| metrics.calls(outcome))
        .iter()
        .sum::<u64>()
        + metrics.stale_count
}

/// 16 threads wait for the end of the wait and come at once.
#[test]
fn at_each_switch_some_and_never_too_many_are_admitted() {
    const THREADS: u64 = 16;
    let rounds = size(100_000);
    let clock = ManualClock::new();
    for limit in [1, 3] {
        let wait = Duration::from_secs(1);
        let cb = probing(limit, wait, &clock);
        let (begin, end) = (
            Barrier::new(THREADS as usize + 1),
            Barrier::new(THREADS as usize + 1),
        );
        let (in_flight, admitted) = (AtomicU32::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for number in 0..THREADS {
                let (cb, begin, end) = (&cb, &begin, &end);
                let (in_flight, admitted) = (&in_flight, &admitted);
                scope.spawn(move || {
                    let mut random = Random(number + 1);
                    for _ in 0..rounds / 2 {
                        begin.wait();
                        if let Ok(mut permit) = cb.try_acquire() {
                            // Counted while the permit is surely out: the true number is no less.
                            let now = in_flight.fetch_add(1, Ordering::SeqCst) + 1;
                            assert!(now <= limit, "{now} probes in flight, {limit} allowed");
                            admitted.fetch_add(1, Ordering::SeqCst);
                            if random.below(2) == 0 {
                                thread::yield_now();
                            }
                            in_flight.fetch_sub(1, Ordering::SeqCst);
                            match random.below(4) {
                                0 => permit.settle(Outcome::Success),
                                1 => permit.settle(Outcome::Ignored),
                                2 => permit.settle(Outcome::Failure),
                                _ => {
                                    drop(permit);
                                    end.wait();
                                    continue;
                                }
                            };
                        }
                        end.wait();
                    }
                });
            }
            for round in 0..rounds / 2 {
                cb.trip();
                clock.advance(wait);
                admitted.store(0, Ordering::SeqCst);
                begin.wait();
                end.wait();
                assert!(
                    admitted.load(Ordering::SeqCst) > 0,
                    "none admitted in round {round}"
                );
                if cb.current_state() == State::HalfOpen {
                    assert_every_slot_is_free(&cb, limit);
                }
            }
        });
        println!(
            "stress: limit {limit}: {} switches under {THREADS} threads",
            rounds / 2
        );
    }
}

/// What the guarded code does in the end.
fn ending(kind: u64) -> Poll<Result<(), ()>> {
    match kind {
        0 => Poll::Ready(Ok(())),
        1 => Poll::Ready(Err(())),
        2 => panic!("on purpose"),
        _ => Poll::Pending,
    }
}

/// Futures that are dropped before they start, while they wait, and while they end; and panics.
#[test]
fn no_slot_is_lost_by_dropped_futures_and_panics() {
    const THREADS: u64 = 8;
    const LIMIT: u32 = 3;
    silence_expected_panics();
    let clock = ManualClock::new();
    // A wait of 0: after a failed probe the next call is a probe again.
    let cb = probing(LIMIT, Duration::ZERO, &clock);
    cb.trip();
    let enough = size(100_000);
    let count = || AtomicU64::new(0);
    let (dropped, panicked, admitted) = (count(), count(), count());
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (cb, dropped, panicked, admitted) = (&cb, &dropped, &panicked, &admitted);
            scope.spawn(move || {
                let mut random = Random(number + 77);
                while dropped.load(Ordering::SeqCst) < enough
                    || panicked.load(Ordering::SeqCst) < enough
                {
                    let (polls, ends_after) = (random.below(4), random.below(4));
                    let kind = random.below(5);
                    let mut polled = 0;
                    let mut call = Box::pin(cb.call(|| {
                        admitted.fetch_add(1, Ordering::SeqCst);
                        poll_fn(|_| {
                            polled += 1;
                            if polled > ends_after {
                                ending(kind)
                            } else {
                                Poll::Pending
                            }
                        })
                    }));
                    let mut context = Context::from_waker(Waker::noop());
                    let mut ended = false;
                    for _ in 0..polls {
                        let poll = catch_unwind(AssertUnwindSafe(|| {
                            call.as_mut().poll(&mut context).is_ready()
                        }));
                        panicked.fetch_add(u64::from(poll.is_err()), Ordering::SeqCst);
                        ended = poll.unwrap_or(true);
                        if ended {
                            break;
                        }
                        thread::yield_now();
                    }
                    dropped.fetch_add(u64::from(!ended), Ordering::SeqCst);
                    drop(call);

                    // The same without a future.
                    let sync = catch_unwind(AssertUnwindSafe(|| {
                        let _ = cb.call_sync(|| -> Result<(), ()> {
                            admitted.fetch_add(1, Ordering::SeqCst);
                            match ending(random.below(3)) {
                                Poll::Ready(result) => result,
                                Poll::Pending => Ok(()),
                            }
                        });
                    }));
                    panicked.fetch_add(u64::from(sync.is_err()), Ordering::SeqCst);
                }
            });
        }
    });
    let (dropped, panicked) = (dropped.into_inner(), panicked.into_inner());
    assert_eq!(settled(&cb.snapshot()), admitted.into_inner());
    // Enter half-open, whatever the last outcome was.
    cb.trip();
    assert_every_slot_is_free(&cb, LIMIT);
    println!("stress: {dropped} futures dropped, {panicked} panics, 0 slots lost");
}

fn silence_expected_panics() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let expected = info.payload().downcast_ref::<&str>() == Some(&"on purpose");
        if !expected {
            hook(info);
        }
    }));
}

/// Every listener call once, in order, from whichever thread.
#[test]
fn every_transition_is_told_once_and_in_order() {
    const THREADS: u64 = 8;
    let told = Arc::new(Mutex::new((1_u64, State::Closed)));
    let cb = CircuitBreaker::builder(CircuitBreakerConfig::default())
        .listener({
            let told = Arc::clone(&told);
            move |event| {
                let mut told = told.lock().unwrap();
                let (epoch, state) = *told;
                assert_eq!(event.transition.epoch, epoch + 1);
                assert_eq!(event.transition.from, state);
                *told = (event.transition.epoch, event.transition.to);
            }
        })
        .build()
        .unwrap();
    let each = size(200_000) / THREADS;
    thread::scope(|scope| {
        for number in 0..THREADS {
            let cb = &cb;
            scope.spawn(move || {
                let mut random = Random(number + 5);
                for _ in 0..each {
                    match random.below(5) {
                        0 => {
                            cb.trip();
                        }
                        1 => {
                            cb.force_open();
                        }
                        2 => {
                            cb.force_closed();
                        }
                        3 => {
                            cb.automatic();
                        }
                        _ => cb.reset(),
                    }
                }
            });
        }
    });
    let snapshot = cb.snapshot();
    assert_eq!(told.lock().unwrap().0, snapshot.epoch);
    assert!(snapshot.transition_count > each);
    println!(
        "stress: {} transitions told in order",
        snapshot.transition_count
    );
}

/// Totals are exact, whichever way a call went, and threads that have ended stay counted.
#[test]
fn totals_are_exact() {
    const THREADS: u64 = 64;
    let each = size(1_000_000) / THREADS;
    let cb = CircuitBreaker::new(CircuitBreakerConfig {
        failure_threshold: u32::MAX,
        ..CircuitBreakerConfig::default()
    });
    for _ in 0..2 {
        thread::scope(|scope| {
            for number in 0..THREADS {
                let cb = &cb;
                scope.spawn(move || {
                    let host = cb.host_counters();
                    for step in 0..each {
                        match (step + number) % 5 {
                            0 => {
                                cb.try_acquire().unwrap().failure();
                            }
                            1 => {
                                cb.try_acquire().unwrap().ignore();
                            }
                            2 => drop(cb.try_acquire().unwrap()),
                            3 => host.success(),
                            _ => {
                                cb.try_acquire().unwrap().success();
                            }
                        }
                    }
                });
            }
        });
    }
    let snapshot = cb.snapshot();
    let total = 2 * THREADS * each;
    assert_eq!(settled(&snapshot), total);
    let fifth = |count: u64| count.abs_diff(total / 5) <= 2 * THREADS;
    assert!(
        Outcome::ALL[1..]
            .iter()
            .all(|&outcome| fifth(snapshot.calls(outcome)))
    );
    println!("stress: {total} calls of {THREADS} threads counted exactly");
}

/// A caller that has seen the failing result that opens is itself rejected next (SPEC 4.3).
#[test]
fn who_saw_it_fail_is_rejected_next() {
    const THREADS: u64 = 4;
    let clock = ManualClock::new();
    let cb = CircuitBreaker::builder(CircuitBreakerConfig {
        failure_threshold: 3,
        ..CircuitBreakerConfig::default()
    })
    .clock(clock)
    .build()
    .unwrap();
    for _ in 0..size(20_000) {
        cb.reset();
        let barrier = Barrier::new(THREADS as usize);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    let permit = cb.try_acquire().unwrap();
                    barrier.wait();
                    let opened = permit.failure().transition.is_some();
                    assert!(!opened || cb.try_acquire().is_err());
                });
            }
        });
        assert!(cb.is_open());
    }
}
