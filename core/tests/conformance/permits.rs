//! Entry point `permits`: `try_acquire_owned`, and the permit's own methods.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use k1s0_circuit_breaker::{CircuitBreakerError, OwnedPermit, Rejection};
use k1s0_conformance::subject::Called;
use k1s0_conformance::vocabulary::{CallResult, Outcome, Settled, Verdict};

use crate::bench::{self, Breaker, Entry};
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

    fn settle(&mut self, permit: &str, outcome: Outcome) -> Option<Settled> {
        let permit = self.permits.get_mut(permit)?;
        Some(compare::settled(permit.settle(compare::outcome(outcome))))
    }

    fn drop_permit(&mut self, permit: &str) {
        self.permits.remove(permit);
    }

    fn call(&mut self, result: CallResult) -> Called {
        call_with(result, || self.breaker.try_acquire_owned())
    }
}

/// A guarded call as a host makes it of two steps.
pub(crate) fn call_with(
    result: CallResult,
    acquire: impl FnOnce() -> Result<OwnedPermit, Rejection>,
) -> Called {
    let mut runs = 0;
    let found = catch_unwind(AssertUnwindSafe(|| {
        let permit = acquire()?;
        runs += 1;
        let ended = bench::end(result);
        match ended {
            Ok(_) => drop(permit.success()),
            Err(bench::Ended::Failed) => drop(permit.failure()),
            Err(bench::Ended::Ignored) => drop(permit.ignore()),
            Err(bench::Ended::GaveUp) => drop(permit),
        }
        ended.map_err(CircuitBreakerError::Inner)
    }));
    bench::called(result, runs, found)
}
