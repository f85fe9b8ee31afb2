//! An explanation, read at one moment.

use super::Cell;
use crate::explain::Explanation;
use crate::machine::{Nanos, NeedsNow};
use crate::sync::lock;

impl Cell {
    /// Everything at one moment, under one lock.
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
}
