//! The operator's hand. (SPEC 10)

use super::{Forced, Machine, Nanos, Phase, Reason, Transition};

impl Machine {
    /// Closed, automatic, nothing counted, a new epoch, from anywhere (SPEC 10.1).
    pub fn reset(&mut self, now: Nanos) -> Transition {
        self.close(Reason::Reset, now)
    }

    /// An ordinary opening with a fresh wait; none in a forced mode (SPEC 10.2).
    pub fn trip(&mut self, now: Nanos) -> Option<Transition> {
        (!self.is_forced()).then(|| self.open(Reason::Trip, now))
    }

    /// Rejects every call until `automatic` or `reset`; none where it does already (SPEC 10.3).
    pub fn force_open(&mut self, now: Nanos) -> Option<Transition> {
        self.force(Forced::Open, now)
    }

    /// Admits every call and decides nothing until `automatic` or `reset`; none where it does
    /// already (SPEC 10.3).
    pub fn force_closed(&mut self, now: Nanos) -> Option<Transition> {
        self.force(Forced::Closed, now)
    }

    /// Ends a forced mode; the automatic state underneath comes back as it was (SPEC 10.4).
    pub fn automatic(&mut self, now: Nanos) -> Option<Transition> {
        self.is_forced()
            .then(|| self.enter(self.phase(), None, Reason::Automatic, now))
    }

    fn force(&mut self, forced: Forced, now: Nanos) -> Option<Transition> {
        if self.forced == Some(forced) {
            return None;
        }
        let mut phase = self.phase();
        if let Phase::HalfOpen { in_flight, .. } = &mut phase {
            // The probes in flight belong to the epoch that ends here, so none can come back to
            // give its slot back.
            *in_flight = 0;
        }
        Some(self.enter(phase, Some(forced), Reason::Forced, now))
    }
}
