//! What the faces of other languages ask of [`Engine`] and Rust's own does not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use k1s0_circuit_breaker::config::Settings;
use k1s0_circuit_breaker::engine::{Engine, hold_counters};
use k1s0_circuit_breaker::machine::Recorded;

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
