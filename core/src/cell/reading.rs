//! What can be read of a cell. Everything here looks under the lock, and changes nothing that anybody could see.

use super::{Cell, Inner};
use crate::annex::Changes;
#[cfg(feature = "std")]
use crate::explain::Explanation;
use crate::machine::{Levels, Machine, Nanos, NeedsNow, State, Transition};
use crate::stripe::Counts;
use crate::sync::lock;
use crate::window::Content;

/// Everything that can be read at one moment, but for the stripes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) state: State,
    pub(crate) epoch: u64,
    pub(crate) transitions: u64,
    pub(crate) consecutive_failures: u32,
    pub(crate) probes_in_flight: u16,
    pub(crate) remaining_wait: Option<Nanos>,
    pub(crate) forced: bool,
    pub(crate) changes: Changes,
    /// Of hosts that count for themselves.
    pub(crate) hosts: Counts,
    pub(crate) window: Content,
    pub(crate) slow: u64,
    pub(crate) shadow: bool,
}

impl Cell {
    /// The state at `now`, which is asked for only while a wait runs.
    pub(crate) fn state(&self, now: Option<Nanos>) -> Result<State, NeedsNow> {
        let inner = lock(&self.inner);
        self.machine(&inner)
            .state(&self.policy, inner.levels(), now)
    }

    /// Everything at one moment.
    pub(crate) fn view(
        &self,
        now: Option<Nanos>,
        successes: impl Fn() -> u64,
    ) -> Result<View, NeedsNow> {
        let inner = &mut *lock(&self.inner);
        let machine = self.up_to_date(self.word(), inner, &successes);
        self.view_of(&machine, inner, now)
    }

    /// Everything at one moment, and why, under one lock.
    #[cfg(feature = "std")]
    pub(crate) fn explained(
        &self,
        now: Option<Nanos>,
        successes: impl Fn() -> u64,
    ) -> Result<Explanation, NeedsNow> {
        let inner = &mut *lock(&self.inner);
        let machine = self.up_to_date(self.word(), inner, &successes);
        let history = inner.history(machine.epoch());
        Explanation::of(&machine, &self.policy, inner.levels(), history, now)
    }

    fn view_of(
        &self,
        machine: &Machine,
        inner: &Inner,
        now: Option<Nanos>,
    ) -> Result<View, NeedsNow> {
        let levels = inner.levels();
        let ledger = inner.ledger();
        Ok(View {
            state: machine.state(&self.policy, levels, now)?,
            epoch: machine.epoch(),
            transitions: machine.transitions(),
            consecutive_failures: machine.consecutive_failures(),
            probes_in_flight: machine.probes_in_flight(),
            remaining_wait: machine.remaining_wait(&self.policy, levels, now)?,
            forced: machine.is_forced(),
            changes: ledger.map(|it| it.changes).unwrap_or_default(),
            hosts: ledger.map(|it| it.hosts()).unwrap_or_default(),
            window: machine.window(levels, now)?,
            slow: levels.map(Levels::slow_total).unwrap_or_default(),
            shadow: levels.is_some_and(Levels::is_shadow),
        })
    }

    /// The last transitions, the oldest first.
    pub(crate) fn recent_transitions(&self) -> Vec<Transition> {
        let inner = lock(&self.inner);
        inner.history(self.machine(&inner).epoch())
    }

    /// Whether there is nothing to remember; see [`Engine::is_idle`](crate::engine::Engine::is_idle).
    pub(crate) fn is_idle(&self) -> bool {
        let inner = lock(&self.inner);
        let remembers = inner.levels().is_some_and(Levels::remembers_bad_calls);
        self.machine(&inner).is_at_rest() && !remembers
    }
}

impl Inner {
    /// The last transitions, the oldest first; the last one began `last_epoch`.
    fn history(&self, last_epoch: u64) -> Vec<Transition> {
        self.ledger()
            .map(|ledger| ledger.history.transitions(last_epoch))
            .unwrap_or_default()
    }
}
