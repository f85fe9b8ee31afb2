//! What a cell keeps under its lock beside the machine, where there is something to keep.

mod history;

use std::sync::Arc;

use history::History;

use crate::machine::{Levels, Outcome, State, Transition};
use crate::stripe::{Counts, Stripe};

/// 72 bytes beside the breaker, with all that a window of 100 calls takes. Most breakers have none.
#[derive(Debug, Default)]
pub(crate) struct Annex {
    pub(crate) levels: Option<Levels>,
    pub(crate) ledger: Option<Box<Ledger>>,
}

impl Annex {
    pub(crate) const fn new(levels: Levels) -> Self {
        Self {
            levels: Some(levels),
            ledger: None,
        }
    }

    pub(crate) fn ledger(&mut self) -> &mut Ledger {
        self.ledger.get_or_insert_default()
    }
}

/// Transitions, and the stripes of hosts: about 130 bytes, made when first needed, and 40 for each transition
/// that is remembered.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) changes: Changes,
    pub(crate) history: History,
    hosts: Vec<Arc<Stripe>>,
}

/// How many transitions there were, by `from` and `to`.
pub(crate) type Changes = [[u64; State::ALL.len()]; State::ALL.len()];

impl Ledger {
    pub(crate) fn note(&mut self, transition: &Transition) {
        self.changes[transition.from as usize][transition.to as usize] += 1;
        self.history.note(transition);
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

    /// How many successes hosts have counted.
    pub(crate) fn hosts_successes(&self) -> u64 {
        self.hosts().settled[Outcome::Success as usize]
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
