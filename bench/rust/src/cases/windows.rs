//! Our breaker with a failure rate: over the last calls, and over the last seconds.

use std::time::Duration;

use anyhow::Result;
use k1s0_circuit_breaker::config::Settings;
use k1s0_circuit_breaker::engine::Engine;
use k1s0_circuit_breaker::machine::Ticket;
use k1s0_circuit_breaker::{
    Builder, CircuitBreaker, CircuitBreakerConfig, Clock, CoarseClock, Outcome, WindowSize,
};

use crate::case::{Case, Group};
use crate::guarded::{Fault, healthy, repeat, ten_percent};

/// The row with a window of 100 calls.
pub(crate) const CALLS: &str = "k1s0 call, window of 100 calls";
/// The row with the largest window.
pub(crate) const MANY_CALLS: &str = "k1s0 call, window of 65,536 calls";
/// The row with a window of time.
pub(crate) const TIME: &str = "k1s0 call, window of 10 x 1 s";
/// The same, with a clock that costs less.
pub(crate) const TIME_COARSE: &str = "k1s0 call, window of 10 x 1 s, coarse clock";
/// The same, driven as a face of another language drives it: the time is handed in.
pub(crate) const TIME_HANDED_IN: &str = "k1s0 engine, window of 10 x 1 s, coarse time handed in";
/// The row that is weighed for what a large window takes.
pub(crate) const HEAVY: &str = "k1s0 call, window of 10,000 calls";

/// Half of the calls must fail, and a tenth does.
fn builder(window: WindowSize) -> Builder {
    CircuitBreaker::builder(CircuitBreakerConfig::default())
        .failure_threshold_off()
        .failure_rate(0.5)
        .window(window)
}

/// A breaker over the last so many calls.
pub(crate) fn of_calls(calls: u64) -> Result<CircuitBreaker> {
    Ok(builder(WindowSize::Calls(calls)).build()?)
}

fn of_time() -> Builder {
    builder(WindowSize::time(Duration::from_secs(10)))
}

type Make = fn() -> Result<CircuitBreaker>;

pub(crate) fn all() -> Result<Vec<Case>> {
    let mut settings = Settings::default();
    settings.failure_threshold = None;
    settings.failure_rate = Some(0.5);
    settings.window = WindowSize::time(Duration::from_secs(10));
    let engine = Engine::new(&settings.rules()?);
    let mut cases = vec![Case::new(Group::Success, TIME_HANDED_IN, move |calls| {
        repeat(calls, |i| through_engine(&engine, || healthy(i)));
    })];
    let kinds: [(&'static str, Make); 4] = [
        (CALLS, || of_calls(100)),
        (MANY_CALLS, || of_calls(65_536)),
        (TIME, || Ok(of_time().build()?)),
        (TIME_COARSE, || Ok(of_time().clock(CoarseClock).build()?)),
    ];
    for (name, make) in kinds {
        let (healthy_one, failing) = (make()?, make()?);
        cases.push(Case::new(Group::Success, name, move |calls| {
            repeat(calls, |i| healthy_one.call_sync(|| healthy(i)));
        }));
        cases.push(Case::new(Group::Failures, name, move |calls| {
            repeat(calls, |i| failing.call_sync(|| ten_percent(i)));
        }));
    }
    Ok(cases)
}

#[inline(always)]
fn through_engine(
    engine: &Engine,
    function: impl FnOnce() -> Result<u64, Fault>,
) -> Result<u64, Fault> {
    let word = engine.admit_unasked().ok_or(Fault)?;
    let result = function();
    let (ticket, now) = (word.into(), CoarseClock.now());
    if result.is_err() || !engine.succeed_at(ticket, now) {
        settle(engine, ticket, result.is_ok(), now);
    }
    result
}

#[inline(never)]
fn settle(engine: &Engine, ticket: Ticket, succeeded: bool, now: u64) {
    let outcome = if succeeded {
        Outcome::Success
    } else {
        Outcome::Failure
    };
    // It never opens here, and it was told the time.
    let _ = engine.settle(ticket, outcome.into(), Some(now));
}
