//! What is written down, whatever becomes of a call.

use std::future::{Future, pending, ready};
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use super::TraceRecorder;
use crate::{CircuitBreaker, CircuitBreakerConfig, Clock, ManualClock, Outcome};

const MILLI: Duration = Duration::from_millis(1);

fn breaker() -> (CircuitBreaker, ManualClock) {
    let clock = ManualClock::new();
    let cb = CircuitBreaker::builder(CircuitBreakerConfig::default())
        .clock(clock.clone())
        .build()
        .unwrap();
    (cb, clock)
}

fn lines(recorder: TraceRecorder<Vec<u8>>) -> String {
    String::from_utf8(recorder.into_writer()).unwrap()
}

/// Polls once, and drops what is not ready.
fn poll_once(future: impl Future) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    pin!(future).as_mut().poll(&mut cx).is_ready()
}

#[test]
fn outcomes_are_the_classifiers() {
    let (cb, clock) = breaker();
    let cb = cb.with_classifier(|result: Result<&(), &Outcome>| match result {
        Ok(()) => Outcome::Success,
        Err(outcome) => *outcome,
    });
    let recorder = TraceRecorder::new(Vec::new());
    for result in [
        Ok(()),
        Err(Outcome::Failure),
        Err(Outcome::Ignored),
        Err(Outcome::Cancelled),
    ] {
        let _ = recorder.call_sync(&cb, || {
            clock.advance(MILLI);
            result
        });
    }
    assert_eq!(
        lines(recorder),
        "\
{\"t_ns\":0,\"duration_ns\":1000000,\"outcome\":\"success\"}
{\"t_ns\":1000000,\"duration_ns\":1000000,\"outcome\":\"failure\"}
{\"t_ns\":2000000,\"duration_ns\":1000000,\"outcome\":\"ignored\"}
{\"t_ns\":3000000,\"duration_ns\":1000000,\"outcome\":\"cancelled\"}
"
    );
    let metrics = cb.snapshot();
    assert_eq!(Outcome::ALL.map(|outcome| metrics.calls(outcome)), [1; 4]);
}

#[test]
fn rejections_have_no_duration_and_are_handed_on() {
    let (cb, clock) = breaker();
    cb.trip();
    clock.advance(MILLI);
    let recorder = TraceRecorder::new(Vec::new());
    let answer = recorder.call_sync(&cb, || Ok::<_, ()>(1));
    assert!(answer.unwrap_err().is_open());
    assert!(poll_once(recorder.call(&cb, || ready(Ok::<_, ()>(1)))));
    assert_eq!(
        lines(recorder),
        "{\"t_ns\":1000000,\"outcome\":\"rejected\"}\n".repeat(2)
    );
}

#[tokio::test]
async fn a_future_is_written_down_when_it_ends() {
    let (cb, clock) = breaker();
    let recorder = Arc::new(TraceRecorder::new(Vec::new()));
    // From another task: the future can be sent.
    let task = tokio::spawn({
        let (recorder, cb) = (Arc::clone(&recorder), cb.clone());
        async move {
            let call = recorder.call(&cb, || async {
                tokio::task::yield_now().await;
                clock.advance(MILLI);
                Err::<(), _>("no")
            });
            call.await.unwrap_err().into_inner()
        }
    });
    assert_eq!(task.await.unwrap(), Some("no"));
    assert_eq!(
        lines(Arc::into_inner(recorder).unwrap()),
        "{\"t_ns\":0,\"duration_ns\":1000000,\"outcome\":\"failure\"}\n"
    );
}

#[test]
fn a_dropped_future_is_cancelled_and_an_unpolled_one_is_no_call() {
    let (cb, clock) = breaker();
    let recorder = TraceRecorder::new(Vec::new());
    drop(recorder.call(&cb, pending::<Result<(), ()>>));
    assert!(!poll_once(recorder.call(&cb, || {
        clock.advance(MILLI);
        pending::<Result<(), ()>>()
    })));
    assert_eq!(cb.snapshot().cancelled_count, 1);
    assert_eq!(
        lines(recorder),
        "{\"t_ns\":0,\"duration_ns\":1000000,\"outcome\":\"cancelled\"}\n"
    );
}

#[test]
fn a_panic_is_a_failure_and_goes_on() {
    let (cb, _clock) = breaker();
    let recorder = TraceRecorder::new(Vec::new());
    let sync = catch_unwind(AssertUnwindSafe(|| {
        recorder.call_sync(&cb, || -> Result<(), ()> { panic!("in the call") })
    }));
    assert!(sync.is_err());
    let future = catch_unwind(AssertUnwindSafe(|| {
        poll_once(recorder.call(&cb, || async {
            if true {
                panic!("in the future");
            }
            Ok::<_, ()>(())
        }))
    }));
    assert!(future.is_err());
    // It was pending when somebody else's panic dropped it: its caller gave up.
    let elsewhere = catch_unwind(AssertUnwindSafe(|| {
        let mut call = Box::pin(recorder.call(&cb, pending::<Result<(), ()>>));
        let _ = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        panic!("elsewhere");
    }));
    assert!(elsewhere.is_err());
    let metrics = cb.snapshot();
    assert_eq!((metrics.failure_count, metrics.cancelled_count), (2, 1));
    let failure = "{\"t_ns\":0,\"duration_ns\":0,\"outcome\":\"failure\"}\n";
    assert_eq!(
        lines(recorder),
        failure.repeat(2) + "{\"t_ns\":0,\"duration_ns\":0,\"outcome\":\"cancelled\"}\n"
    );
}

#[test]
fn a_clock_that_panics_too_costs_the_line_and_nothing_else() {
    struct Once(AtomicU64);
    impl Clock for Once {
        fn now(&self) -> u64 {
            match self.0.fetch_add(1, Ordering::SeqCst) {
                0 => 0,
                _ => panic!("the clock"),
            }
        }
    }
    let cb = CircuitBreaker::builder(CircuitBreakerConfig::default())
        .clock(Once(AtomicU64::new(0)))
        .build()
        .unwrap();
    let recorder = TraceRecorder::new(Vec::new());
    let panic = catch_unwind(AssertUnwindSafe(|| {
        recorder.call_sync(&cb, || -> Result<(), ()> { panic!("the call") })
    }))
    .unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"the call"));
    assert_eq!(lines(recorder), "");
}

/// Takes so many lines, and then fails or panics.
struct Full {
    room: usize,
    panics: bool,
    flushed: bool,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.room.checked_sub(1) {
            Some(left) => self.room = left,
            None if self.panics => panic!("the writer"),
            None => return Err(io::Error::new(io::ErrorKind::StorageFull, "full")),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushed = true;
        Ok(())
    }
}

#[test]
fn a_writer_that_fails_disturbs_no_call() {
    for (panics, kind, text) in [
        (false, io::ErrorKind::StorageFull, "full"),
        (true, io::ErrorKind::Other, "the writer panicked"),
    ] {
        let (cb, _clock) = breaker();
        let recorder = TraceRecorder::new(Full {
            room: 1,
            panics,
            flushed: false,
        });
        assert_eq!(recorder.call_sync(&cb, || Ok::<_, ()>(1)).ok(), Some(1));
        assert!(recorder.error().is_none());
        assert!(recorder.flush().is_ok());
        for _ in 0..2 {
            assert_eq!(recorder.call_sync(&cb, || Ok::<_, ()>(1)).ok(), Some(1));
        }
        let error = recorder.error().unwrap();
        assert_eq!((error.kind(), error.to_string()), (kind, text.to_owned()));
        let error = recorder.flush().unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (kind, text.to_owned()));
        assert_eq!(cb.snapshot().success_count, 3);
        assert!(recorder.into_writer().flushed);
    }
}

#[test]
fn lines_of_many_threads_stay_whole() {
    let (cb, _clock) = breaker();
    let recorder = TraceRecorder::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let _ = recorder.call_sync(&cb, || Ok::<_, ()>(()));
                }
            });
        }
    });
    assert_eq!(
        lines(recorder),
        "{\"t_ns\":0,\"duration_ns\":0,\"outcome\":\"success\"}\n".repeat(400)
    );
}
