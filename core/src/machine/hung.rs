//! Calls that are in flight for too long. (SPEC 12.5)

use super::Nanos;

/// How many calls began in which step of time and have not ended: bounded, whatever the traffic.
///
/// Steps are a sixteenth of what is slow, so that there are never more than 18 of them to remember.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HungCalls {
    slow: Nanos,
    step: Nanos,
    /// The first step whose calls would not be hung yet.
    base: u64,
    /// Calls in flight, by the step in which they began, from `base` on; in a ring.
    in_flight: [u32; STEPS as usize],
}

const STEPS: u64 = 18;

/// What is known of a call that ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It was not found hung.
    InTime,
    /// It was, and has been put in the window.
    FoundHung,
}

impl HungCalls {
    pub(super) const fn new(slow: Nanos) -> Self {
        Self {
            slow,
            step: slow.div_ceil(16),
            base: 0,
            in_flight: [0; STEPS as usize],
        }
    }

    /// How many calls are found hung at `now`. They are forgotten.
    pub(super) fn find(&mut self, now: Nanos) -> u64 {
        if now / self.step < self.base {
            // The clock stepped back; those in flight are judged when they end.
            self.forget();
            self.base = self.first_in_time(now);
            return 0;
        }
        let base = self.first_in_time(now).max(self.base);
        let mut found = 0;
        for step in self.base..base.min(self.base.saturating_add(STEPS)) {
            found += u64::from(core::mem::take(self.place(step)));
        }
        self.base = base;
        found
    }

    /// A call begins. `find` has been called with the same reading.
    pub(super) fn begin(&mut self, now: Nanos) {
        *self.place(now / self.step) += 1;
    }

    /// A call ends.
    pub(super) fn end(&mut self, began: Nanos) -> Ended {
        let step = began / self.step;
        if step < self.base {
            return Ended::FoundHung;
        }
        if step - self.base < STEPS {
            let place = self.place(step);
            *place = place.saturating_sub(1);
        }
        Ended::InTime
    }

    /// Nobody is in flight any more, as far as this is concerned.
    pub(super) const fn forget(&mut self) {
        self.base = 0;
        self.in_flight = [0; STEPS as usize];
    }

    /// The first step whose calls are not hung at `now`: (step + 1) * width + slow > now.
    const fn first_in_time(&self, now: Nanos) -> u64 {
        match now.checked_sub(self.slow) {
            Some(latest) => latest / self.step,
            None => 0,
        }
    }

    const fn place(&mut self, step: u64) -> &mut u32 {
        &mut self.in_flight[(step % STEPS) as usize]
    }
}
