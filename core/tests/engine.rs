//! What the faces of other languages ask of [`Engine`] and Rust's own does not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use k1s0_circuit_breaker::config::Settings;
use k1s0_circuit_breaker::engine::{Engine, hold_counters};
use k1s0_circuit_breaker::machine::{Recorded, Verdict};

#[test]
fn who_needs_a_held_lock_waits_and_goes_on() {
    let engine = Engine::new(&Settings::default().rules().unwrap());
    let released = AtomicBool::new(false);
    thread::scope(|scope| {
        let held = (engine.hold(), hold_counters());
        let recording = scope.spawn(|| {
            // Takes the breaker's lock; the success that follows takes the table's.
            engine.record(Recorded::Failure, Some(1)).unwrap();
            assert!(released.load(Ordering::SeqCst));
            engine.record(Recorded::Success, Some(2)).unwrap();
        });
        // Without a lock, and so not held up.
        assert!(engine.admit_unasked().is_some());
        released.store(true, Ordering::SeqCst);
        drop(held);
        recording.join().unwrap();
    });
    let metrics = engine.snapshot(None).unwrap();
    assert_eq!((metrics.failure_count, metrics.success_count), (1, 1));
}

#[test]
fn a_host_counts_where_its_thread_counts() {
    let rules = Settings::default().rules().unwrap();
    let (one, other) = (Engine::new(&rules), Engine::new(&rules));
    let (first, second) = (one.lease().unwrap(), other.lease().unwrap());
    assert!(first.success_index() < first.memory().len());
    if first.run() == second.run() {
        // One memory for both, as a host that keeps views of it expects.
        assert!(std::ptr::addr_eq(first.memory(), second.memory()));
        assert_ne!(first.success_index(), second.success_index());
    }
    // The thread itself counts there.
    let permit = one.admit_unasked().unwrap();
    assert!(one.succeed_unasked(permit));
    thread::scope(|scope| {
        let theirs = scope.spawn(|| one.lease().unwrap().memory().addr());
        assert_ne!(theirs.join().unwrap(), first.memory().addr());
    });
    assert_eq!(one.snapshot(None).unwrap().success_count, 1);
    assert_eq!(other.snapshot(None).unwrap().success_count, 0);
}

#[test]
fn a_word_tells_of_a_probe() {
    let mut settings = Settings::default();
    settings.timeout = std::time::Duration::ZERO;
    let engine = Engine::new(&settings.rules().unwrap());
    assert!(!engine.admit_unasked().unwrap().is_probe());
    engine.trip(0);
    let Verdict::Admitted(word) = engine.admit(Some(0)).unwrap().verdict else {
        panic!("the wait is over");
    };
    assert!(word.is_probe());
}
