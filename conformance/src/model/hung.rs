//! Calls that never end (SPEC 12.5).

use std::collections::BTreeMap;

use super::policy::Slow;
use super::wait::Wait;

/// How many calls of the epoch are in flight, by the step in which they were admitted.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    /// q of 12.5a.
    width: u128,
    duration: u128,
    /// 12.5c
    base: u128,
    in_flight: BTreeMap<u128, u64>,
}

impl Steps {
    /// None where hung calls do not count, or nothing is ever slow.
    pub(super) fn new(slow: Option<Slow>) -> Option<Self> {
        let Slow {
            duration: Wait::Nanos(duration),
            count_hung: true,
            ..
        } = slow?
        else {
            return None;
        };
        Some(Self {
            width: duration.div_ceil(16),
            duration,
            base: 0,
            in_flight: BTreeMap::new(),
        })
    }

    /// A new epoch forgets everything.
    pub(super) fn forget(&mut self) {
        self.base = 0;
        self.in_flight.clear();
    }

    /// An admission.
    pub(super) fn begin(&mut self, now: u64) {
        *self.in_flight.entry(self.step(now)).or_default() += 1;
    }

    /// A settlement; whether the call counts as one that was found hung (12.5c).
    pub(super) fn end(&mut self, since: u64) -> bool {
        let step = self.step(since);
        if step < self.base {
            return true;
        }
        if let Some(number) = self.in_flight.get_mut(&step) {
            *number = number.saturating_sub(1);
        }
        false
    }

    /// An admission or a tick looks for hung calls: how many there are (12.5b).
    pub(super) fn find(&mut self, now: u64) -> u64 {
        let first = self.first_in_time(now);
        if self.step(now) < self.base {
            self.forget();
            self.base = first;
            return 0;
        }
        self.base = self.base.max(first);
        let in_time = self.in_flight.split_off(&self.base);
        std::mem::replace(&mut self.in_flight, in_time)
            .values()
            .sum()
    }

    fn step(&self, now: u64) -> u128 {
        u128::from(now) / self.width
    }

    /// The first step that is not hung: s is hung where (s + 1) * width + duration <= now.
    fn first_in_time(&self, now: u64) -> u128 {
        u128::from(now).saturating_sub(self.duration) / self.width
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(width: u128, duration: u128) -> Steps {
        Steps {
            width,
            duration,
            base: 0,
            in_flight: BTreeMap::new(),
        }
    }

    /// 12.5a against every start and every now: never early, at most q late.
    #[test]
    fn hung_calls_are_found_in_time() {
        for duration in [1_u64, 15, 16, 17, 33, 160] {
            let width = duration.div_ceil(16);
            for start in 0..200 {
                let found = (start..1_000).find(|now| {
                    let mut steps = steps(width.into(), duration.into());
                    steps.begin(start);
                    steps.find(*now) == 1
                });
                let lasted = found.map(|now| now - start);
                assert!(lasted > Some(duration), "{duration}, {start}: {lasted:?}");
                assert!(lasted <= Some(duration + width), "{duration}, {start}");
            }
        }
    }

    #[test]
    fn base_is_the_first_step_that_is_not_hung() {
        for now in 0..500_u64 {
            let mut steps = steps(3, 40);
            steps.find(now);
            let first = (0..).find(|step| (step + 1) * 3 + 40 > u128::from(now));
            assert_eq!(Some(steps.base), first, "{now}");
        }
    }
}
