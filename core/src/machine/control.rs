//! The operator's hand. (SPEC 10)

use super::{Forced, Levels, Machine, Nanos, Phase, Policy, Reason, Transition};

impl Machine {
    /// Closed, automatic, nothing counted, a new epoch, from anywhere (SPEC 10.1).
    pub fn reset(
        &mut self,
        policy: &Policy,
        mut levels: Option<&mut Levels>,
        now: Nanos,
    ) -> Transition {
        if let Some(levels) = levels.as_deref_mut() {
            levels.reset(policy, now);
        }
        let closed = Phase::Closed { failures: 0 };
        self.enter_automatic(closed, levels, Reason::Reset, now)
    }

    /// An ordinary opening with a fresh wait; none in a forced mode (SPEC 10.2).
    pub fn trip(
        &mut self,
        policy: &Policy,
        levels: Option<&mut Levels>,
        now: Nanos,
    ) -> Option<Transition> {
        (!self.is_forced()).then(|| self.open(policy, levels, Reason::Trip, now, None))
    }

    /// Rejects every call until `automatic` or `reset`; none where it does already (SPEC 10.3).
    pub fn force_open(&mut self, levels: Option<&mut Levels>, now: Nanos) -> Option<Transition> {
        self.force(Forced::Open, levels, now)
    }

    /// Admits every call and decides nothing until `automatic` or `reset`; none where it does
    /// already (SPEC 10.3).
    pub fn force_closed(&mut self, levels: Option<&mut Levels>, now: Nanos) -> Option<Transition> {
        self.force(Forced::Closed, levels, now)
    }

    /// Ends a forced mode; the automatic state underneath comes back as it was (SPEC 10.4).
    pub fn automatic(&mut self, levels: Option<&mut Levels>, now: Nanos) -> Option<Transition> {
        if !self.is_forced() {
            return None;
        }
        let window = self.window(levels.as_deref(), Some(now));
        Some(self.enter(
            self.phase(),
            None,
            Reason::Automatic,
            now,
            window.unwrap_or_default(),
        ))
    }

    fn force(
        &mut self,
        forced: Forced,
        levels: Option<&mut Levels>,
        now: Nanos,
    ) -> Option<Transition> {
        if self.forced == Some(forced) {
            return None;
        }
        let mut phase = self.phase();
        if let Phase::HalfOpen { in_flight, .. } = &mut phase {
            // The probes in flight belong to the epoch that ends here, so none can come back to
            // give its slot back.
            *in_flight = 0;
        }
        let window = self.window(levels.as_deref(), Some(now));
        if let Some(levels) = levels {
            levels.forget_calls_in_flight();
        }
        Some(self.enter(
            phase,
            Some(forced),
            Reason::Forced,
            now,
            window.unwrap_or_default(),
        ))
    }
}
