//! What is the same for every entry point: making a breaker, its clock, its listener, its controls.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k1s0_circuit_breaker::{
    CircuitBreaker, CircuitBreakerError, Classifier, Clock, ConfigError, Outcome as CoreOutcome,
    Transition as CoreTransition,
};
use k1s0_conformance::scenario::Config;
use k1s0_conformance::subject::{Called, Face, Refused, Subject};
use k1s0_conformance::vocabulary::{
    CallResult, Control, Metrics, Outcome, Recorded, Settled, State, Transition, Verdict,
};

use crate::{compare, configure};

pub(crate) type Breaker = CircuitBreaker<Judge>;

/// How a guarded call of the suite fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// And what the server said of it.
    Failed(Option<Duration>),
    Ignored,
    GaveUp,
}

/// What a guarded call of the suite returns when all is well.
pub(crate) const RESULT: u64 = 0xC0FFEE;

/// The classifier of the suite.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judge;

impl Classifier<u64, Ended> for Judge {
    fn classify(&self, result: Result<&u64, &Ended>) -> CoreOutcome {
        match result {
            Ok(_) => CoreOutcome::Success,
            Err(Ended::Failed(_)) => CoreOutcome::Failure,
            Err(Ended::Ignored) => CoreOutcome::Ignored,
            Err(Ended::GaveUp) => CoreOutcome::Cancelled,
        }
    }

    fn retry_after(&self, failure: Result<&u64, &Ended>) -> Option<Duration> {
        match failure {
            Err(Ended::Failed(asked)) => *asked,
            _ => None,
        }
    }
}

/// Ends a guarded call; a panic passes by the panic hook, which has nothing to report.
fn end(result: CallResult) -> Result<u64, Ended> {
    match result {
        CallResult::Success => Ok(RESULT),
        CallResult::Failure => Err(Ended::Failed(None)),
        CallResult::Ignored => Err(Ended::Ignored),
        CallResult::Cancel => Err(Ended::GaveUp),
        CallResult::Panic => std::panic::resume_unwind(Box::new("a scenario's panic")),
    }
}

/// What came of a guarded call whose function ran `runs` times; an outer error is a panic.
pub(crate) fn called(
    result: CallResult,
    runs: u32,
    found: std::thread::Result<Result<u64, CircuitBreakerError<Ended>>>,
) -> Called {
    let unchanged = match (&found, result) {
        (Err(_), CallResult::Panic) => true,
        (Err(_), _) | (Ok(_), CallResult::Panic) => false,
        (Ok(Ok(value)), _) => end(result) == Ok(*value),
        (Ok(Err(CircuitBreakerError::Inner(error))), _) => end(result) == Err(*error),
        (Ok(Err(CircuitBreakerError::Open(rejection))), _) if runs == 0 => {
            return Called::Rejected(compare::rejection(*rejection));
        }
        (Ok(Err(CircuitBreakerError::Open(_))), _) => false,
    };
    if unchanged && runs == 1 {
        Called::Ran
    } else {
        Called::Wrong(format!("it ran {runs} times and gave {found:?}"))
    }
}

/// What a guarded function does: it takes its time, and ends.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    clock: CountedClock,
    takes: u64,
}

impl Work {
    pub(crate) fn take_time(&self) {
        self.clock.0.0.fetch_add(self.takes, Ordering::SeqCst);
    }

    pub(crate) fn end(&self, result: CallResult) -> Result<u64, Ended> {
        self.take_time();
        end(result)
    }
}

/// A clock that is set by hand and counts its readings.
#[derive(Clone, Debug, Default)]
pub(crate) struct CountedClock(Arc<(AtomicU64, AtomicU64)>);

impl Clock for CountedClock {
    fn now(&self) -> u64 {
        self.0.1.fetch_add(1, Ordering::SeqCst);
        self.0.0.load(Ordering::SeqCst)
    }
}

/// The steps that go through an entry point.
pub(crate) trait Entry {
    fn new(breaker: Breaker) -> Self;
    fn breaker(&self) -> &Breaker;
    fn acquire(&mut self, permit: &str) -> Verdict;
    fn settle(
        &mut self,
        permit: &str,
        outcome: Outcome,
        retry_after: Option<Duration>,
    ) -> Option<Settled>;
    fn drop_permit(&mut self, permit: &str);
    fn call(&mut self, result: CallResult, work: Work) -> Called;

    fn record(&mut self, recorded: Recorded) {
        match recorded {
            Recorded::Success => self.breaker().record_success_sync(),
            Recorded::Failure => self.breaker().record_failure_sync(),
        }
    }

    fn state(&mut self) -> State {
        compare::state(self.breaker().current_state())
    }

    fn metrics(&mut self) -> Metrics {
        compare::metrics(&self.breaker().snapshot())
    }
}

/// The face that has one entry point.
pub(crate) struct EntryPoint<E>(PhantomData<E>);

impl<E> EntryPoint<E> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<E: Entry + 'static> Face for EntryPoint<E> {
    fn make(&self, config: &Config) -> Result<Box<dyn Subject>, Refused> {
        let clock = CountedClock::default();
        let told = Arc::new(Mutex::new(Vec::new()));
        let breaker = build(config, clock.clone(), Arc::clone(&told)).map_err(|error| Refused {
            field: error.field().to_owned(),
            value: error.value().to_owned(),
            range: error.range().to_owned(),
        })?;
        Ok(Box::new(Bench {
            entry: E::new(breaker),
            clock,
            told,
        }))
    }
}

fn build(
    config: &Config,
    clock: CountedClock,
    told: Arc<Mutex<Vec<CoreTransition>>>,
) -> Result<Breaker, ConfigError> {
    configure::builder(config)?
        .clock(clock)
        .listener(move |event| {
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            told.push(event.transition);
        })
        .classifier(Judge)
        .build()
}

struct Bench<E> {
    entry: E,
    clock: CountedClock,
    told: Arc<Mutex<Vec<CoreTransition>>>,
}

impl<E: Entry> Subject for Bench<E> {
    fn set_clock(&mut self, now: u64) {
        self.clock.0.0.store(now, Ordering::SeqCst);
    }

    fn clock_reads(&mut self) -> Option<u64> {
        Some(self.clock.0.1.swap(0, Ordering::SeqCst))
    }

    fn acquire(&mut self, permit: &str) -> Verdict {
        self.entry.acquire(permit)
    }

    fn settle(
        &mut self,
        permit: &str,
        outcome: Outcome,
        retry_after: Option<u64>,
    ) -> Option<Settled> {
        // "Never" is no number of nanoseconds to a Rust caller.
        let retry_after = retry_after.map(|ns| match ns {
            u64::MAX => Duration::MAX,
            ns => Duration::from_nanos(ns),
        });
        self.entry.settle(permit, outcome, retry_after)
    }

    fn drop_permit(&mut self, permit: &str) {
        self.entry.drop_permit(permit);
    }

    fn call(&mut self, result: CallResult, takes: u64) -> Called {
        let clock = self.clock.clone();
        self.entry.call(result, Work { clock, takes })
    }

    fn tick(&mut self) {
        self.entry.breaker().tick();
    }

    fn record(&mut self, recorded: Recorded) {
        self.entry.record(recorded);
    }

    fn control(&mut self, control: Control) {
        let breaker = self.entry.breaker();
        match control {
            Control::Reset => breaker.reset(),
            Control::Trip => drop(breaker.trip()),
            Control::ForceOpen => drop(breaker.force_open()),
            Control::ForceClosed => drop(breaker.force_closed()),
            Control::Automatic => drop(breaker.automatic()),
        }
    }

    fn state(&mut self) -> State {
        self.entry.state()
    }

    fn metrics(&mut self) -> Metrics {
        self.entry.metrics()
    }

    fn transitions(&mut self) -> Vec<Transition> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.drain(..).map(compare::transition).collect()
    }
}
