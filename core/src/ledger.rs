//! What a cell counts under its lock, beside the machine.

use std::sync::Arc;

use crate::machine::{Outcome, State, Transition};
use crate::stripe::{Counts, Stripe};

/// Totals, transitions, and the stripes of hosts; about 130 bytes, made when first needed.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) totals: Totals,
    pub(crate) changes: Changes,
    hosts: Vec<Arc<Stripe>>,
}

/// Outcomes that are always decided under the lock. Successes and rejections are not: they are
/// counted in stripes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) failure: u64,
    pub(crate) ignored: u64,
    pub(crate) cancelled: u64,
    pub(crate) stale: u64,
}

/// How many transitions there were, by `from` and `to`.
pub(crate) type Changes = [[u64; State::ALL.len()]; State::ALL.len()];

impl Ledger {
    pub(crate) const fn note(&mut self, transition: Transition) {
        self.changes[transition.from as usize][transition.to as usize] += 1;
    }

    /// A stripe for a host to count in. One that a host has given up is used again, with its counts.
    pub(crate) fn host_stripe(&mut self) -> Arc<Stripe> {
        // Given up: only we hold it. `get_mut`, unlike `strong_count`, also orders us after
        // everything that the host has counted.
        let given_up = self
            .hosts
            .iter_mut()
            .position(|stripe| Arc::get_mut(stripe).is_some());
        match given_up {
            Some(index) => Arc::clone(&self.hosts[index]),
            None => {
                let stripe = Arc::<Stripe>::default();
                self.hosts.push(Arc::clone(&stripe));
                stripe
            }
        }
    }

    /// What hosts have counted.
    pub(crate) fn hosts(&self) -> Counts {
        let mut counts = Counts::default();
        for stripe in &self.hosts {
            counts.add(stripe);
        }
        counts
    }
}

impl Totals {
    pub(crate) const fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Success => {}
            Outcome::Failure => self.failure += 1,
            Outcome::Ignored => self.ignored += 1,
            Outcome::Cancelled => self.cancelled += 1,
        }
    }
}
