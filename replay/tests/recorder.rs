//! What the recorder writes can be read, and replayed through the same configuration comes to the same.

use std::time::Duration;

use k1s0_circuit_breaker::{CircuitBreaker, CircuitBreakerConfig, ManualClock, TraceRecorder};
use k1s0_replay::{Config, Trace, replay};

#[test]
fn a_recorded_trace_replays_to_what_happened() {
    let clock = ManualClock::new();
    clock.set(1 << 62);
    let cb = CircuitBreaker::builder(CircuitBreakerConfig {
        failure_threshold: 3,
        success_threshold: 2,
        timeout: Duration::from_millis(50),
    })
    .clock(clock.clone())
    .build()
    .expect("in range");
    let recorder = TraceRecorder::new(Vec::new());
    for call in 0..100_u64 {
        let _ = recorder.call_sync(&cb, || {
            clock.advance(Duration::from_millis(3));
            if (20..80).contains(&call) {
                Err(())
            } else {
                Ok(())
            }
        });
        clock.advance(Duration::from_millis(2));
    }
    let happened = cb.recent_transitions();
    assert!(happened.len() > 4, "{happened:?}");

    let trace = Trace::read(recorder.into_writer().as_slice()).expect("it can be read");
    assert_eq!(trace.calls().len(), 100);
    assert_eq!(trace.count(None) as u64, cb.snapshot().rejected_count);
    let config = "failure_threshold=3,success_threshold=2,timeout=50ms";
    let told = replay(&trace, &Config::parse(config, 1).expect("good"));
    assert_eq!(told.transitions, happened);
    assert_eq!(told.rejections(), cb.snapshot().rejected_count);
}
