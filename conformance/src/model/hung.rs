//! Calls that never end (SPEC 12.5).

use super::policy::Slow;
use super::wait::Wait;

/// How hung counting stands to a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watch {
    /// It is judged when it settles.
    No,
    /// It is hung when its step is long enough ago.
    Step(u128),
    /// It was hung, and has been counted.
    Counted,
}

/// The steps that start times are kept in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steps {
    /// q of 12.5a.
    width: u128,
    duration: u128,
    /// `base` of 12.5c; none before the first admission or tick of an epoch.
    base: Option<u128>,
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
            base: None,
        })
    }

    /// A new epoch forgets everything.
    pub(super) fn forget(&mut self) {
        self.base = None;
    }

    pub(super) fn step(self, now: u64) -> u128 {
        u128::from(now) / self.width
    }

    /// 12.5a
    pub(super) fn is_hung(self, step: u128, now: u64) -> bool {
        (step + 1) * self.width + self.duration <= u128::from(now)
    }

    /// Takes note of an admission or a tick; whether it shows that the clock stepped back (12.5c).
    pub(super) fn visit(&mut self, now: u64) -> bool {
        // The first step that is not hung: s is hung where (s + 1) * width is at most `ago`.
        let ago = u128::from(now).saturating_sub(self.duration);
        let first = ago / self.width;
        match self.base {
            Some(base) if self.step(now) < base => {
                self.base = Some(first);
                true
            }
            base => {
                self.base = Some(base.unwrap_or(0).max(first));
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 12.5a against every start and every now: never early, at most q late.
    #[test]
    fn hung_calls_are_found_in_time() {
        for duration in [1_u64, 15, 16, 17, 33, 160] {
            let steps = Steps {
                width: u128::from(duration.div_ceil(16)),
                duration: duration.into(),
                base: None,
            };
            let width = duration.div_ceil(16);
            for start in 0..200 {
                let found = (0..1_000).find(|now| steps.is_hung(steps.step(start), *now));
                let lasted = found.map(|now| now - start);
                assert!(lasted > Some(duration), "{duration}, {start}: {lasted:?}");
                assert!(lasted <= Some(duration + width), "{duration}, {start}");
            }
        }
    }

    #[test]
    fn base_is_the_first_step_that_is_not_hung() {
        for now in 0..500 {
            let mut steps = Steps {
                width: 3,
                duration: 40,
                base: None,
            };
            steps.visit(now);
            let first = (0..).find(|step| !steps.is_hung(*step, now));
            assert_eq!(steps.base, first, "{now}");
        }
    }
}
