//! Our breaker with a failure rate: over the last calls, and over the last seconds.

use std::time::Duration;

use anyhow::Result;
use k1s0_circuit_breaker::{
    Builder, CircuitBreaker, CircuitBreakerConfig, CoarseClock, WindowSize,
};

use crate::case::{Case, Group};
use crate::guarded::{healthy, repeat, ten_percent};

/// The row with a window of 100 calls.
pub(crate) const CALLS: &str = "k1s0 call, window of 100 calls";
/// The row with the largest window.
pub(crate) const MANY_CALLS: &str = "k1s0 call, window of 65,536 calls";
/// The row with a window of time.
pub(crate) const TIME: &str = "k1s0 call, window of 10 x 1 s";
/// The same, with a clock that costs less.
pub(crate) const TIME_COARSE: &str = "k1s0 call, window of 10 x 1 s, coarse clock";
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

pub(crate) fn all() -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    let kinds: [(&'static str, fn() -> Result<CircuitBreaker>); 4] = [
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
