//! Our breaker.

use std::future::ready;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use k1s0_circuit_breaker::machine::Word;
use k1s0_circuit_breaker::{CircuitBreaker, CircuitBreakerConfig, CoarseClock, HostCounters};

use crate::barrier::opaque;
use crate::case::{Case, Group};
use crate::guarded::{Fault, healthy, repeat, ten_percent};
use crate::repeat_async;

/// The name of our rows.
pub(crate) const CALL: &str = "k1s0 call";
/// The row of the two-step permit.
pub(crate) const PERMIT: &str = "k1s0 permit";
/// The row with the coarse clock.
pub(crate) const COARSE: &str = "k1s0 call, coarse clock";
/// The row of the admission word, read in place.
pub(crate) const WORD: &str = "k1s0 admission word";

/// The row with one breaker, in a loop that could walk over many.
pub(crate) const ONE: &str = "k1s0 call, 1 breaker";
/// The row with as many as are to cost no more.
pub(crate) const MANY: &str = "k1s0 call, 100,000 breakers";

/// A breaker that never gets to half-open by itself here.
pub(crate) fn breaker() -> Result<CircuitBreaker> {
    Ok(CircuitBreaker::try_new(config())?)
}

fn config() -> CircuitBreakerConfig {
    CircuitBreakerConfig {
        timeout: Duration::from_secs(3600),
        ..CircuitBreakerConfig::default()
    }
}

fn open() -> Result<CircuitBreaker> {
    let breaker = breaker()?;
    breaker.trip();
    Ok(breaker)
}

/// Our rows.
pub(crate) fn all() -> Result<Vec<Case>> {
    let mut cases = closed()?;
    cases.extend(rejected()?);
    cases.extend(asynchronous()?);
    cases.extend([
        many(ONE, 1),
        many("k1s0 call, 100 breakers", 100),
        many(MANY, 100_000),
    ]);
    Ok(cases)
}

fn closed() -> Result<Vec<Case>> {
    let (call, permit, word) = (breaker()?, breaker()?, breaker()?);
    let (failing_call, failing_permit, failing_word) = (breaker()?, breaker()?, breaker()?);
    Ok(vec![
        Case::new(Group::Success, CALL, move |calls| {
            repeat(calls, |i| call.call_sync(|| healthy(i)));
        }),
        Case::new(Group::Success, PERMIT, move |calls| {
            repeat(calls, |i| through_permit(&permit, || healthy(i)));
        }),
        Case::new(Group::Success, WORD, move |calls| {
            let host = word.host_counters();
            repeat(calls, |i| through_word(&word, &host, || healthy(i)));
        }),
        Case::new(Group::Failures, CALL, move |calls| {
            repeat(calls, |i| failing_call.call_sync(|| ten_percent(i)));
        }),
        Case::new(Group::Failures, PERMIT, move |calls| {
            repeat(calls, |i| {
                through_permit(&failing_permit, || ten_percent(i))
            });
        }),
        Case::new(Group::Failures, WORD, move |calls| {
            let host = failing_word.host_counters();
            repeat(calls, |i| {
                through_word(&failing_word, &host, || ten_percent(i))
            });
        }),
    ])
}

/// Calls `number` breakers in turn.
fn many(name: &'static str, number: usize) -> Case {
    // Made when they are first needed, and used once, so that counters are there.
    let breakers = OnceLock::new();
    Case::new(Group::Many, name, move |calls| {
        let breakers: &[CircuitBreaker] = breakers.get_or_init(|| {
            let breakers = (0..number).map(|_| CircuitBreaker::default());
            let breakers: Vec<_> = breakers.collect();
            for breaker in &breakers {
                through_permit(breaker, || Ok(0)).unwrap_or_default();
            }
            breakers
        });
        let mut next = 0;
        repeat(calls, |i| {
            let breaker = &breakers[next];
            next = if next + 1 == breakers.len() {
                0
            } else {
                next + 1
            };
            breaker.call_sync(|| healthy(i))
        });
    })
}

fn rejected() -> Result<Vec<Case>> {
    let (call, permit) = (open()?, open()?);
    let coarse = CircuitBreaker::builder(config())
        .clock(CoarseClock)
        .build()?;
    coarse.trip();
    Ok(vec![
        Case::new(Group::Rejected, COARSE, move |calls| {
            repeat(calls, |i| coarse.call_sync(|| healthy(i)));
        }),
        Case::new(Group::Rejected, CALL, move |calls| {
            repeat(calls, |i| call.call_sync(|| healthy(i)));
        }),
        Case::new(Group::Rejected, PERMIT, move |calls| {
            repeat(calls, |i| through_permit(&permit, || healthy(i)));
        }),
    ])
}

fn asynchronous() -> Result<Vec<Case>> {
    let (call, permit, open) = (breaker()?, breaker()?, open()?);
    Ok(vec![
        Case::new(Group::Async, CALL, move |calls| {
            repeat_async!(calls, i => call.call(|| async move { healthy(i) }));
        }),
        Case::new(Group::Async, PERMIT, move |calls| {
            repeat_async!(calls, i => async {
                let permit = permit.try_acquire().map_err(|_| Fault)?;
                let result = ready(healthy(i)).await;
                settle(permit, result)
            });
        }),
        Case::new(Group::AsyncRejected, CALL, move |calls| {
            repeat_async!(calls, i => open.call(|| async move { healthy(i) }));
        }),
    ])
}

#[inline(always)]
fn through_permit(
    breaker: &CircuitBreaker,
    function: impl FnOnce() -> Result<u64, Fault>,
) -> Result<u64, Fault> {
    let permit = breaker.try_acquire().map_err(|_| Fault)?;
    settle(permit, function())
}

#[inline(always)]
fn settle(
    permit: k1s0_circuit_breaker::Permit<'_>,
    result: Result<u64, Fault>,
) -> Result<u64, Fault> {
    match result {
        Ok(_) => permit.success(),
        Err(_) => permit.failure(),
    };
    result
}

/// What a host in another language does: it reads the word in place, and crosses only if it must.
#[inline(always)]
fn through_word(
    breaker: &CircuitBreaker,
    host: &HostCounters,
    function: impl FnOnce() -> Result<u64, Fault>,
) -> Result<u64, Fault> {
    let cell = breaker.admission_word();
    let word = cell.load(Ordering::Acquire);
    if word & 1 != 0 {
        return crossing(breaker, function);
    }
    let result = function();
    if result.is_ok() && cell.load(Ordering::Acquire) == word {
        add_one(host.success_cell());
    } else {
        cross_back(breaker, word, result.is_ok());
    }
    result
}

fn add_one(cell: &AtomicU64) {
    cell.store(
        cell.load(Ordering::Relaxed).wrapping_add(1),
        Ordering::Relaxed,
    );
}

/// Stands for the call through the boundary; as such it is not inlined.
#[inline(never)]
fn crossing(
    breaker: &CircuitBreaker,
    function: impl FnOnce() -> Result<u64, Fault>,
) -> Result<u64, Fault> {
    opaque(0);
    through_permit(breaker, function)
}

#[inline(never)]
fn cross_back(breaker: &CircuitBreaker, word: u64, succeeded: bool) {
    let permit = breaker.permit_from_ticket(Word::from_bits(word));
    if succeeded {
        permit.success();
    } else {
        permit.failure();
    }
}
