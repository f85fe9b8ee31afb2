//! The libraries people use today, with futures.

use std::future::{Ready, poll_fn, ready};
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::Duration;

use anyhow::{Result, ensure};
use failsafe::futures::CircuitBreaker as _;
use recloser::AsyncRecloser;
use tower::{Layer, Service};
use tower_resilience_circuitbreaker::{
    CircuitBreaker, CircuitBreakerError, CircuitBreakerLayer, DefaultClassifier,
};

use super::peers::{CIRCUITBREAKER_RS, FAILSAFE, RECLOSER};
use crate::case::{Case, Group};
use crate::guarded::{Fault, healthy};
use crate::{repeat_async, runtime};

/// See [`RECLOSER`].
pub(crate) const TOWER: &str = "tower-resilience-circuitbreaker 0.14.0 (consecutive)";

/// A service that answers at once; `u64::MAX` fails.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backend;

impl Service<u64> for Backend {
    type Response = u64;
    type Error = Fault;
    type Future = Ready<Result<u64, Fault>>;

    #[inline]
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn call(&mut self, request: u64) -> Self::Future {
        ready(healthy(request))
    }
}

/// The breaker around the backend.
pub(crate) type Tower = CircuitBreaker<Backend, DefaultClassifier>;

/// Makes a closed one.
pub(crate) fn tower() -> Result<Tower> {
    let layer = CircuitBreakerLayer::builder()
        .consecutive_failures(5)
        .wait_duration_in_open(Duration::from_secs(3600))
        .build()?;
    Ok(layer.layer(Backend))
}

/// Makes a call.
pub(crate) async fn through_tower(
    service: &mut Tower,
    i: u64,
) -> Result<u64, CircuitBreakerError<Fault>> {
    poll_fn(|cx| service.poll_ready(cx)).await?;
    service.call(i).await
}

/// The rows.
pub(crate) fn all() -> Result<Vec<Case>> {
    let (recloser, failsafe, rs) = (
        AsyncRecloser::from(super::peers::recloser()),
        super::peers::failsafe(),
        super::peers::circuitbreaker_rs(),
    );
    Ok(vec![
        Case::new(Group::Async, RECLOSER, move |calls| {
            repeat_async!(calls, i => recloser.call(async move { healthy(i) }));
        }),
        Case::new(Group::Async, FAILSAFE, move |calls| {
            repeat_async!(calls, i => failsafe.call(async move { healthy(i) }));
        }),
        Case::new(Group::Async, CIRCUITBREAKER_RS, move |calls| {
            repeat_async!(calls, i => rs.call_async(|| async move { healthy(i) }));
        }),
        tower_row(Group::Async, tower()?),
        tower_row(Group::AsyncRejected, open_tower()?),
    ])
}

fn tower_row(group: Group, service: Tower) -> Case {
    // Cloning a service gives another handle to the same breaker; each thread needs its own.
    let service = Mutex::new(service);
    Case::new(group, TOWER, move |calls| {
        let mut service = match service.lock() {
            Ok(service) => service.clone(),
            Err(poisoned) => poisoned.into_inner().clone(),
        };
        repeat_async!(calls, i => through_tower(&mut service, i));
    })
}

fn open_tower() -> Result<Tower> {
    let mut service = tower()?;
    let admitted = runtime::block_on(async {
        for _ in 0..10 {
            // What it answers meanwhile is of no interest.
            let _ = through_tower(&mut service, u64::MAX).await;
        }
        through_tower(&mut service, 0).await.is_ok()
    });
    ensure!(!admitted, "tower-resilience does not open");
    Ok(service)
}
