//! The breaker under test, and the book of its transitions on the demo's own scale of time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k1s0_circuit_breaker::{
    CircuitBreaker, CircuitBreakerState as State, Clock, ConfigError, Reason,
};
use tokio::time::Instant;

use crate::script::{HALF_OPEN_MAX_CALLS, breaker_config};

/// A change of the breaker's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The new state.
    pub(crate) to: State,
    /// Why.
    pub(crate) reason: Reason,
    /// The reading of the clock that decided it.
    pub(crate) at: Duration,
    /// When the listener was told. The change itself lies between the two.
    pub(crate) told: Duration,
}

/// A breaker and its changes so far.
pub(crate) struct Watched {
    pub(crate) breaker: CircuitBreaker,
    changes: Arc<Mutex<Vec<Change>>>,
}

/// The run's own time, so that the breaker's transitions and the servers' books have one scale.
struct SinceOrigin(Instant);

impl Clock for SinceOrigin {
    fn now(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

impl Watched {
    /// A new breaker.
    pub(crate) fn new(origin: Instant) -> Result<Self, ConfigError> {
        let changes = Arc::<Mutex<Vec<Change>>>::default();
        let book = Arc::clone(&changes);
        let breaker = CircuitBreaker::builder(breaker_config())
            .name("demo")
            .half_open_max_calls(HALF_OPEN_MAX_CALLS)
            .clock(SinceOrigin(origin))
            .listener(move |event| {
                let change = Change {
                    to: event.transition.to,
                    reason: event.transition.reason,
                    at: Duration::from_nanos(event.transition.at),
                    told: origin.elapsed(),
                };
                book.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(change);
            })
            .build()?;
        Ok(Self { breaker, changes })
    }

    /// The changes from number `first` on, in order.
    pub(crate) fn changes_from(&self, first: usize) -> Vec<Change> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)[first..].to_vec()
    }
}
