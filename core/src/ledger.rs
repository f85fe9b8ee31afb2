//! What a cell counts under its lock, beside the machine.

use std::sync::Arc;

use crate::machine::{State, Transition};
use crate::stripe::{Counts, Stripe};

/// Transitions, and the stripes of hosts; about 100 bytes, made when first needed.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) changes: Changes,
    hosts: Vec<Arc<Stripe>>,
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
