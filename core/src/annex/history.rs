//! The last transitions of one breaker.

use std::collections::VecDeque;

use crate::machine::{Evidence, Nanos, Reason, State, Transition};
use crate::window::Content;

/// The last [`Transition::REMEMBERED`] transitions; it grows as they come.
#[derive(Debug, Default)]
pub(crate) struct History {
    entries: VecDeque<Entry>,
}

/// A transition but for its epoch, which follows from its place: epochs are gap-free (P4).
#[derive(Debug)]
struct Entry {
    at: Nanos,
    window: Content,
    /// Failures in a row or successful probes: they are counted in different states.
    count: u32,
    from: State,
    to: State,
    reason: Reason,
    counts_probes: bool,
}

impl History {
    pub(crate) fn note(&mut self, transition: &Transition) {
        if self.entries.len() == Transition::REMEMBERED {
            self.entries.pop_front();
        }
        let Evidence {
            consecutive_failures,
            successful_probes,
            window,
        } = transition.evidence;
        self.entries.push_back(Entry {
            at: transition.at,
            window,
            count: consecutive_failures.max(successful_probes),
            from: transition.from,
            to: transition.to,
            reason: transition.reason,
            counts_probes: successful_probes > 0,
        });
    }

    /// The oldest first; the last one began `last_epoch`.
    pub(crate) fn transitions(&self, last_epoch: u64) -> Vec<Transition> {
        let number = self.entries.len() as u64;
        (last_epoch + 1 - number..)
            .zip(&self.entries)
            .map(|(epoch, entry)| Transition {
                from: entry.from,
                to: entry.to,
                epoch,
                reason: entry.reason,
                at: entry.at,
                evidence: Evidence {
                    consecutive_failures: if entry.counts_probes { 0 } else { entry.count },
                    successful_probes: if entry.counts_probes { entry.count } else { 0 },
                    window: entry.window,
                },
            })
            .collect()
    }
}
