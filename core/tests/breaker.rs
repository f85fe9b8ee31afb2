//! The breaker as its users meet it: futures, panics, listeners, clocks.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use k1s0_circuit_breaker::machine::Word;
use k1s0_circuit_breaker::{
    Builder, CircuitBreaker, CircuitBreakerConfig, CircuitBreakerError,
    CircuitBreakerState as State, Clock, Effect, ManualClock, Outcome, Reason, RejectReason,
    Rejection,
};

const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig {
    failure_threshold: 2,
    success_threshold: 1,
    timeout: Duration::from_secs(10),
};

fn builder() -> (Builder, ManualClock) {
    let clock = ManualClock::new();
    (CircuitBreaker::builder(CONFIG).clock(clock.clone()), clock)
}

fn breaker() -> (CircuitBreaker, ManualClock) {
    let (builder, clock) = builder();
    (builder.build().unwrap(), clock)
}

async fn fail(cb: &CircuitBreaker) -> Result<(), CircuitBreakerError<&'static str>> {
    cb.call(|| async { Err("down") }).await
}

#[tokio::test]
async fn closed_open_half_open_closed() {
    let (cb, clock) = breaker();
    for _ in 0..2 {
        assert_eq!(fail(&cb).await, Err(CircuitBreakerError::Inner("down")));
    }
    assert_eq!(cb.state().await, State::Open);
    let rejected = cb.call(|| ready(Ok::<_, ()>(1))).await;
    assert_eq!(
        rejected,
        Err(CircuitBreakerError::Open(Rejection::new(
            RejectReason::Open,
            Some(Duration::from_secs(10)),
        ))),
    );
    clock.advance(Duration::from_secs(10));
    assert_eq!(cb.state().await, State::HalfOpen);
    assert_eq!(cb.call(|| ready(Ok::<_, ()>(1))).await, Ok(1));
    assert_eq!(cb.state().await, State::Closed);

    let metrics = cb.metrics().await;
    assert_eq!(metrics.state, "Closed");
    assert_eq!((metrics.success_count, metrics.failure_count), (1, 2));
    assert_eq!(metrics.rejected_count, 1);
    assert_eq!(metrics.rejected_for(RejectReason::Open), 1);
    assert_eq!(metrics.transition_count, 3);
    assert_eq!(metrics.transitions_between(State::Closed, State::Open), 1);
    assert_eq!(metrics.success_rate(), Some(1.0 / 3.0));
}

#[tokio::test]
async fn errors_print_as_specified() {
    let (cb, _clock) = breaker();
    let inner = fail(&cb).await.unwrap_err();
    assert_eq!(inner.to_string(), "inner error: down");
    assert_eq!((inner.is_open(), inner.retry_after()), (false, None));
    assert_eq!(inner.into_inner(), Some("down"));
    cb.trip();
    let open = fail(&cb).await.unwrap_err();
    assert_eq!(open.to_string(), "circuit breaker is open");
    assert_eq!(
        (open.is_open(), open.retry_after()),
        (true, Some(Duration::from_secs(10)))
    );
    assert_eq!(open.into_inner(), None);
}

/// Whatever prints may be the inner error: `?` works with it.
#[test]
fn any_inner_error_can_be_handed_on() {
    fn string(cb: &CircuitBreaker) -> Result<(), Box<dyn std::error::Error>> {
        Ok(cb.call_sync(|| Err::<(), _>(String::from("down")))?)
    }
    let (cb, _clock) = breaker();
    assert_eq!(string(&cb).unwrap_err().to_string(), "inner error: down");
}

/// What k1s0's services call today.
#[tokio::test]
async fn existing_callers_compile() {
    let cb = Arc::new(CircuitBreaker::new(CircuitBreakerConfig::default()));
    cb.record_success().await;
    cb.record_failure().await;
    assert_eq!(cb.state().await, State::Closed);
    let metrics = cb.metrics().await;
    assert_eq!((metrics.success_count, metrics.failure_count), (1, 1));
    for (state, name) in State::ALL.into_iter().zip(["Closed", "Open", "HalfOpen"]) {
        assert_eq!(state, name);
        assert_eq!(format!("{state:?}"), name);
    }
}

#[tokio::test]
async fn the_future_is_lazy_and_gives_its_slot_back_when_it_is_dropped() {
    let (cb, clock) = breaker();
    cb.trip();
    clock.advance(Duration::from_secs(10));

    drop(cb.call(pending::<Result<(), ()>>));
    assert_eq!(
        cb.snapshot().transition_count,
        1,
        "never polled: nothing was asked"
    );

    let mut probe = Box::pin(cb.call(pending::<Result<(), ()>>));
    assert!(futures_poll(&mut probe).is_none());
    assert_eq!(cb.snapshot().probes_in_flight, 1);
    assert!(matches!(
        cb.try_acquire().unwrap_err(),
        Rejection {
            reason: RejectReason::HalfOpen,
            retry_after: None,
            ..
        },
    ));
    drop(probe);
    let snapshot = cb.snapshot();
    assert_eq!(
        (snapshot.probes_in_flight, snapshot.cancelled_count),
        (0, 1)
    );
    assert!(cb.try_acquire().is_ok());
}

/// Polls once, outside any runtime.
fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    let waker = std::task::Waker::noop();
    let mut context = std::task::Context::from_waker(waker);
    match std::pin::Pin::new(future).poll(&mut context) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}

/// However a call ended, polling it again and dropping it counts nothing more.
#[test]
fn a_call_that_has_ended_counts_once() {
    fn again<F: Future>(cb: &CircuitBreaker, call: F, counted: [u64; 4]) {
        let mut call = Box::pin(call);
        let first = catch_unwind(AssertUnwindSafe(|| futures_poll(&mut call).is_some()));
        assert!(!matches!(first, Ok(false)), "it ends at once");
        assert!(futures_poll(&mut call).is_none());
        assert!(futures_poll(&mut call).is_none());
        drop(call);
        let now = cb.snapshot();
        let (ended, rejected) = (now.success_count, now.rejected_count);
        assert_eq!(
            [ended, now.failure_count, now.cancelled_count, rejected],
            counted
        );
    }

    let (cb, _clock) = breaker();
    again(&cb, cb.call(|| ready(Ok::<(), ()>(()))), [1, 0, 0, 0]);
    again(&cb, cb.call(|| ready(Err::<(), ()>(()))), [1, 1, 0, 0]);
    cb.reset();
    again(
        &cb,
        cb.call(|| -> std::future::Ready<Result<(), ()>> { panic!("in the function") }),
        [1, 2, 0, 0],
    );
    cb.reset();
    again(
        &cb,
        cb.call(|| {
            std::future::poll_fn(|_| -> std::task::Poll<Result<(), ()>> { panic!("in it") })
        }),
        [1, 3, 0, 0],
    );
    cb.trip();
    again(&cb, cb.call(|| ready(Ok::<(), ()>(()))), [1, 3, 0, 1]);
}

#[tokio::test]
async fn a_panic_is_a_failure_wherever_it_comes_from() {
    let (cb, _clock) = breaker();
    let panics: [Box<dyn Fn() + Send>; 3] = [
        Box::new({
            let cb = cb.clone();
            move || {
                let _ = cb.call_sync(|| -> Result<(), ()> { panic!("in the function") });
            }
        }),
        Box::new({
            let cb = cb.clone();
            move || {
                let _permit = cb.try_acquire().unwrap();
                panic!("while the permit is held");
            }
        }),
        Box::new({
            let cb = cb.with_classifier(|_: Result<&(), &()>| panic!("in the classifier"));
            move || {
                let _ = cb.call_sync(|| Ok(()));
            }
        }),
    ];
    for (index, panics) in panics.into_iter().enumerate() {
        cb.reset();
        assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
        let snapshot = cb.snapshot();
        assert_eq!(snapshot.failure_count, index as u64 + 1);
        assert_eq!(
            (snapshot.consecutive_failures, snapshot.cancelled_count),
            (1, 0)
        );
    }

    cb.reset();
    let task = cb.clone();
    let joined = tokio::spawn(async move {
        task.call(|| async {
            tokio::task::yield_now().await;
            panic!("in the future");
            #[expect(unreachable_code, reason = "gives the future its type")]
            Ok::<(), ()>(())
        })
        .await
    })
    .await;
    assert!(joined.unwrap_err().is_panic());
    let snapshot = cb.snapshot();
    assert_eq!((snapshot.failure_count, snapshot.cancelled_count), (4, 0));
}

/// A call that is dropped because something else panicked was given up, and did not fail.
#[test]
fn a_call_dropped_by_someone_elses_panic_is_cancelled() {
    let (cb, _clock) = breaker();
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let mut call = Box::pin(cb.call(pending::<Result<(), ()>>));
        assert!(futures_poll(&mut call).is_none());
        panic!("elsewhere");
    }));
    assert!(unwound.is_err());
    let snapshot = cb.snapshot();
    assert_eq!((snapshot.failure_count, snapshot.cancelled_count), (0, 1));
}

#[tokio::test]
async fn an_aborted_task_gives_its_slot_back() {
    let (cb, clock) = breaker();
    cb.trip();
    clock.advance(Duration::from_secs(10));
    let task = tokio::spawn({
        let cb = cb.clone();
        async move { cb.call(pending::<Result<(), ()>>).await }
    });
    while cb.snapshot().probes_in_flight == 0 {
        tokio::task::yield_now().await;
    }
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(cb.snapshot().probes_in_flight, 0);
}

#[test]
fn permits_are_settled_once_and_say_what_they_did() {
    let (cb, _clock) = breaker();
    let mut permit = cb.try_acquire().unwrap();
    assert_eq!(permit.settle(Outcome::Failure).effect, Effect::Applied);
    assert_eq!(
        permit.settle(Outcome::Failure).effect,
        Effect::AlreadySettled
    );
    drop(permit);
    assert_eq!(cb.snapshot().failure_count, 1);
    assert_eq!(cb.snapshot().cancelled_count, 0);

    let opening = cb.try_acquire().unwrap().failure().transition.unwrap();
    assert_eq!(
        (opening.reason, opening.epoch),
        (Reason::FailureThreshold, 2)
    );
    cb.reset();

    let late = cb.try_acquire_owned().unwrap();
    cb.reset();
    assert_eq!(late.success().effect, Effect::Stale);
    assert_eq!(cb.try_acquire().unwrap().ignore().effect, Effect::Applied);
    drop(cb.try_acquire().unwrap());
    let snapshot = cb.snapshot();
    assert_eq!((snapshot.stale_count, snapshot.ignored_count), (1, 1));
    assert_eq!((snapshot.cancelled_count, snapshot.success_count), (1, 0));
}

#[test]
fn an_owned_permit_outlives_every_handle() {
    let (cb, _clock) = breaker();
    let permit = cb.try_acquire_owned().unwrap();
    drop(cb);
    let settlement = std::thread::spawn(|| permit.success()).join().unwrap();
    assert_eq!(settlement.effect, Effect::Applied);
}

#[test]
fn a_permit_taken_apart_is_the_same_permit() {
    let (cb, clock) = breaker();
    cb.trip();
    clock.advance(Duration::from_secs(10));
    let ticket = cb.try_acquire().unwrap().into_ticket().unwrap();
    assert_eq!(
        cb.snapshot().probes_in_flight,
        1,
        "taken apart, not given back"
    );
    assert_eq!(
        cb.permit_from_ticket(ticket).success().effect,
        Effect::Applied
    );
    assert_eq!(cb.current_state(), State::Closed);
    assert_eq!(
        cb.permit_from_ticket(ticket).failure().effect,
        Effect::Stale
    );
    // Whatever a host hands in, nothing breaks.
    for bits in [0, u64::MAX, ticket.word.to_bits() ^ 2] {
        let permit = cb.permit_from_ticket(Word::from_bits(bits));
        assert_ne!(permit.failure().effect, Effect::Applied);
    }
    let mut settled = cb.try_acquire().unwrap();
    settled.settle(Outcome::Success);
    assert_eq!(settled.into_ticket(), None);
}

/// A host reads the word in place, runs the call, and counts in its own memory (DESIGN 5).
#[test]
fn a_host_counts_healthy_calls_by_itself() {
    let (cb, _clock) = breaker();
    let host = cb.host_counters();
    let healthy_call = || {
        let word = cb.admission_word().load(Ordering::Acquire);
        assert_eq!(word & 1, 0);
        if cb.admission_word().load(Ordering::Acquire) == word {
            let cell = host.success_cell();
            cell.store(cell.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        }
    };
    (0..5).for_each(|_| healthy_call());
    host.success();
    assert_eq!(cb.snapshot().success_count, 6);
    cb.record_failure_sync();
    assert_eq!(
        cb.admission_word().load(Ordering::Acquire) & 1,
        1,
        "call in"
    );
    drop(host);
    // The next host goes on in the memory that the first has left.
    cb.host_counters().success();
    assert_eq!(cb.snapshot().success_count, 7);
}

#[test]
fn a_listener_is_told_once_in_order_and_may_use_the_breaker() {
    let (builder, clock) = builder();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let handle = Arc::new(OnceLock::<CircuitBreaker>::new());
    let cb = builder
        .name("payments")
        .listener(|_| panic!("a listener that panics"))
        .listener({
            let (heard, handle) = (Arc::clone(&heard), Arc::clone(&handle));
            move |event| {
                assert_eq!(event.breaker, Some("payments"));
                heard.lock().unwrap().push(event.transition);
                let cb = handle.get().unwrap();
                cb.snapshot();
                if event.transition.reason == Reason::FailureThreshold {
                    // Makes a transition of its own, which is told after this one.
                    cb.force_closed();
                }
            }
        })
        .build()
        .unwrap();
    handle.set(cb.clone()).unwrap();

    for _ in 0..2 {
        assert_eq!(
            cb.call_sync(|| Err::<(), _>("down")),
            Err(CircuitBreakerError::Inner("down"))
        );
    }
    cb.reset();
    clock.advance(Duration::from_secs(1));
    cb.trip();
    let heard = heard.lock().unwrap();
    let reasons: Vec<_> = heard.iter().map(|transition| transition.reason).collect();
    assert_eq!(
        reasons,
        [
            Reason::FailureThreshold,
            Reason::Forced,
            Reason::Reset,
            Reason::Trip
        ],
    );
    assert!(heard.windows(2).all(|pair| pair[0].to == pair[1].from));
    assert!(
        heard
            .iter()
            .zip(2..)
            .all(|(transition, epoch)| transition.epoch == epoch)
    );
    assert_eq!(heard[3].at, 1_000_000_000);
}

/// A clock may be the user's too: it runs outside every lock.
#[test]
fn a_clock_may_use_the_breaker_and_panic() {
    struct Nosy(Arc<OnceLock<CircuitBreaker>>, AtomicUsize);
    impl Clock for Nosy {
        fn now(&self) -> u64 {
            if self.1.fetch_add(1, Ordering::SeqCst) == 1 {
                panic!("the clock is broken");
            }
            // Closed: no clock needed, so no recursion.
            self.0
                .get()
                .unwrap()
                .admission_word()
                .load(Ordering::SeqCst);
            7
        }
    }
    let handle = Arc::new(OnceLock::new());
    let cb = CircuitBreaker::builder(CONFIG)
        .clock(Nosy(Arc::clone(&handle), AtomicUsize::new(0)))
        .build()
        .unwrap();
    handle.set(cb.clone()).unwrap();
    cb.trip();
    assert!(catch_unwind(AssertUnwindSafe(|| cb.current_state())).is_err());
    assert_eq!(cb.current_state(), State::Open);
}

#[test]
fn a_classifier_decides_and_may_use_the_breaker() {
    let (builder, _clock) = builder();
    let cb = builder.build().unwrap();
    let inner = cb.clone();
    let picky = cb.with_classifier(move |result: Result<&u32, &&str>| {
        inner.snapshot();
        match result {
            Ok(0) => Outcome::Failure,
            Ok(_) => Outcome::Success,
            Err(&"gone") => Outcome::Ignored,
            Err(_) => Outcome::Cancelled,
        }
    });
    assert_eq!(
        picky.call_sync(|| Ok(0)),
        Ok(0),
        "the caller's result is untouched"
    );
    assert_eq!(picky.call_sync(|| Ok(1)), Ok(1));
    assert_eq!(
        picky.call_sync(|| Err("gone")),
        Err(CircuitBreakerError::Inner("gone"))
    );
    assert!(picky.call_sync(|| Err("given up")).is_err());
    let snapshot = cb.snapshot();
    assert_eq!((snapshot.failure_count, snapshot.success_count), (1, 1));
    assert_eq!((snapshot.ignored_count, snapshot.cancelled_count), (1, 1));
}

/// The standard clock is tokio's: a user's test may pause it.
#[tokio::test(start_paused = true)]
async fn tokios_paused_clock_moves_the_breaker() {
    let cb = CircuitBreaker::new(CONFIG);
    cb.trip();
    tokio::time::advance(Duration::from_millis(9_999)).await;
    assert_eq!(cb.state().await, State::Open);
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(cb.state().await, State::HalfOpen);
}

#[tokio::test]
async fn a_breaker_opened_before_the_clock_was_paused_goes_on() {
    let cb = CircuitBreaker::new(CONFIG);
    cb.trip();
    tokio::time::pause();
    assert_eq!(cb.state().await, State::Open);
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(cb.state().await, State::HalfOpen);
}

#[test]
fn the_standard_clock_works_outside_a_runtime() {
    let cb = CircuitBreaker::new(CONFIG);
    cb.trip();
    let first = cb.snapshot().remaining_wait.unwrap();
    let second = cb.snapshot().remaining_wait.unwrap();
    assert!(second <= first && first <= Duration::from_secs(10));
}

#[test]
fn a_bad_configuration_is_refused_by_name() {
    let bad = CircuitBreakerConfig {
        failure_threshold: 0,
        ..CONFIG
    };
    let error = CircuitBreaker::try_new(bad).unwrap_err();
    assert_eq!(
        (error.field(), error.value(), error.range()),
        ("failure_threshold", "0", "1 to 4294967295")
    );
    assert_eq!(
        error.to_string(),
        "failure_threshold is 0; it must be 1 to 4294967295"
    );
    let panic = catch_unwind(|| CircuitBreaker::new(bad)).unwrap_err();
    assert_eq!(
        panic.downcast_ref::<String>().unwrap(),
        "failure_threshold is 0; it must be 1 to 4294967295",
    );
    let refused = |builder: Builder| builder.build().unwrap_err().to_string();
    assert_eq!(
        refused(CircuitBreaker::builder(CONFIG).half_open_max_calls(65_536)),
        "half_open_max_calls is 65536; it must be 1 to 65535",
    );
    assert_eq!(
        refused(CircuitBreaker::builder(CONFIG).probe_timeout(Duration::from_micros(999))),
        "probe_timeout is 999µs; it must be 1ms or more",
    );
}

#[test]
fn handles_are_send_sync_and_debug() {
    fn check<T: Send + Sync + std::fmt::Debug>(_: &T) {}
    let (cb, _clock) = breaker();
    check(&cb);
    check(&cb.try_acquire().unwrap());
    check(&cb.try_acquire_owned().unwrap());
    check(&cb.host_counters());
    check(&cb.snapshot());
    check(&CircuitBreaker::builder(CONFIG));
    assert!(format!("{cb:?}").contains("Closed"));
}
