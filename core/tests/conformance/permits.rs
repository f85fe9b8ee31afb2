//! Entry point `permits`: `try_acquire_owned`, and the permit's own methods.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use k1s0_circuit_breaker::{CircuitBreakerError, OwnedPermit, Rejection};
use k1s0_conformance::subject::Called;
use k1s0_conformance::vocabulary::{CallResult, Outcome, Settled, Verdict};

use crate::bench::{self, Breaker, Entry, Work};
use crate::compare;

pub(crate) struct Permits {
    breaker: Breaker,
    /// Settled ones too, so that they can be settled again.
    permits: BTreeMap<String, OwnedPermit>,
}

impl Entry for Permits {
    fn new(breaker: Breaker) -> Self {
        Self {
            breaker,
            permits: BTreeMap::new(),
        }
    }

    fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    fn acquire(&mut self, permit: &str) -> Verdict {
        match self.breaker.try_acquire_owned() {
            Ok(given) => {
                self.permits.insert(permit.to_owned(), given);
                Verdict::Admitted
            }
            Err(rejection) => Verdict::Rejected(compare::rejection(rejection)),
        }
    }

    fn settle(
        &mut self,
        permit: &str,
        outcome: Outcome,
        retry_after: Option<Duration>,
    ) -> Option<Settled> {
        let permit = self.permits.get_mut(permit)?;
        Some(settle(permit, outcome, retry_after))
    }

    fn drop_permit(&mut self, permit: &str) {
        self.permits.remove(permit);
    }

    fn call(&mut self, result: CallResult, work: Work) -> Called {
        call_with(result, work, || self.breaker.try_acquire_owned())
    }
}

pub(crate) fn settle(
    permit: &mut OwnedPermit,
    outcome: Outcome,
    retry_after: Option<Duration>,
) -> Settled {
    let outcome = compare::outcome(outcome);
    compare::settled(match retry_after {
        Some(retry_after) => permit.settle_with_retry_after(outcome, retry_after),
        None => permit.settle(outcome),
    })
}

/// A guarded call as a host makes it of two steps.
pub(crate) fn call_with(
    result: CallResult,
    work: Work,
    acquire: impl FnOnce() -> Result<OwnedPermit, Rejection>,
) -> Called {
    let mut runs = 0;
    let found = catch_unwind(AssertUnwindSafe(|| {
        let permit = acquire()?;
        runs += 1;
        let ended = work.end(result);
        match ended {
            Ok(_) => drop(permit.success()),
            Err(bench::Ended::Failed(_)) => drop(permit.failure()),
            Err(bench::Ended::Ignored) => drop(permit.ignore()),
            Err(bench::Ended::GaveUp) => drop(permit),
        }
        ended.map_err(CircuitBreakerError::Inner)
    }));
    bench::called(result, runs, found)
}
