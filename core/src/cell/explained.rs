//! What an explanation is made of, read at one moment.

use super::{Cell, View};
use crate::machine::{Levels, Nanos, NeedsNow, RejectReason, Rules, State, Transition};
use crate::sync::lock;

/// A [`View`], and what else only an explanation wants to know.
#[derive(Debug)]
pub(crate) struct Explained {
    pub(crate) view: View,
    pub(crate) automatic: State,
    pub(crate) would_reject: Option<RejectReason>,
    /// After how long a full set of probes is given up.
    pub(crate) probes_left: Option<Nanos>,
    pub(crate) rules: Rules,
    pub(crate) history: Vec<Transition>,
}

impl Cell {
    /// Everything at one moment, under one lock.
    pub(crate) fn explained(
        &self,
        now: Option<Nanos>,
        successes: impl Fn() -> u64,
    ) -> Result<Explained, NeedsNow> {
        let inner = &mut *lock(&self.inner);
        let machine = self.up_to_date(self.word(), inner, &successes);
        let levels = inner.levels();
        // How long ago each of them was will be asked.
        if machine.transitions() > 0 && now.is_none() {
            return Err(NeedsNow);
        }
        Ok(Explained {
            view: self.view_of(&machine, inner, now)?,
            automatic: machine.automatic_state(),
            would_reject: machine.would_reject(&self.policy, levels, now)?,
            probes_left: machine.probes_left(&self.policy, now)?,
            rules: levels.map_or_else(|| self.policy.into(), |it: &Levels| it.rules(&self.policy)),
            history: inner.history(machine.epoch()),
        })
    }
}
