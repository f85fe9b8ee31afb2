//! What a result does while closed. (SPEC 4.2 to 4.4, 11, 12)

use super::hung::Ended;
use super::settlement::Change;
use super::{Ending, Levels, Machine, Nanos, NeedsNow, Outcome, Phase, Policy, Reason, Transition};
use crate::window::Sample;

impl Machine {
    /// A call that was admitted in this closed epoch has ended.
    pub(super) fn settle_closed(
        &mut self,
        policy: &Policy,
        levels: Option<&mut Levels>,
        began: Nanos,
        ending: Ending,
        now: Option<Nanos>,
    ) -> Result<Option<Change>, NeedsNow> {
        let Some(levels) = levels else {
            return self.record_closed(policy, None, ending, now);
        };
        let slow = match ending.outcome {
            Outcome::Ignored => false,
            _ if levels.slow_call_duration().is_none() => false,
            _ => levels.is_slow(began, now.ok_or(NeedsNow)?),
        };
        let found_hung = levels
            .hung_mut()
            .is_some_and(|hung| hung.end(began) == Ended::FoundHung);
        let failure = ending.outcome == Outcome::Failure;
        let sample = match ending.outcome {
            // It is in the window as a slow call; that it failed as well is news (12.5d).
            Outcome::Failure if found_hung => Some(Sample {
                failure,
                slow: false,
            }),
            _ if found_hung => None,
            Outcome::Success | Outcome::Failure => Some(Sample { failure, slow }),
            Outcome::Cancelled if slow => Some(Sample { failure, slow }),
            Outcome::Cancelled | Outcome::Ignored => None,
        };
        self.count_closed(policy, Some(levels), sample, ending, now)
    }

    /// A result came in without a permit, or there are no levels.
    pub(super) fn record_closed(
        &mut self,
        policy: &Policy,
        levels: Option<&mut Levels>,
        ending: Ending,
        now: Option<Nanos>,
    ) -> Result<Option<Change>, NeedsNow> {
        let failure = ending.outcome == Outcome::Failure;
        let sample =
            matches!(ending.outcome, Outcome::Success | Outcome::Failure).then_some(Sample {
                failure,
                slow: false,
            });
        self.count_closed(policy, levels, sample, ending, now)
    }

    fn count_closed(
        &mut self,
        policy: &Policy,
        mut levels: Option<&mut Levels>,
        sample: Option<Sample>,
        ending: Ending,
        now: Option<Nanos>,
    ) -> Result<Option<Change>, NeedsNow> {
        let failures = match ending.outcome {
            Outcome::Success => 0,
            Outcome::Failure => self.count.saturating_add(1),
            Outcome::Ignored | Outcome::Cancelled => self.count,
        };
        // Both policies hold; failures in a row are looked at first (11.4a, 11.5).
        let mut reason = (ending.outcome == Outcome::Failure && policy.opens_after(failures))
            .then_some(Reason::FailureThreshold);
        if let (Some(levels), Some(sample)) = (levels.as_deref_mut(), sample) {
            let content = levels.content_with(sample, now)?;
            reason = reason.or_else(|| levels.met_by(content));
            if reason.is_some() && now.is_none() {
                return Err(NeedsNow);
            }
            levels.put(sample, 1, now);
        }
        let change = match reason {
            Some(reason) => Some(Change::new(reason, ending, now)?),
            None => None,
        };
        self.set_phase(Phase::Closed { failures });
        Ok(change)
    }

    /// A call is admitted whose duration will matter; first, those that hang are counted (12.5). That may
    /// open, and then the call is not admitted.
    pub(super) fn admit_timed(
        &mut self,
        policy: &Policy,
        levels: &mut Levels,
        now: Nanos,
    ) -> Option<Transition> {
        let opened = self.find_hung_calls(policy, levels, now);
        if opened.is_none()
            && let Some(hung) = levels.hung_mut()
        {
            hung.begin(now);
        }
        opened
    }

    /// Counts calls that hang, without an admission (SPEC 12.5): for a host that has a timer, or no
    /// traffic while its calls hang. It never ends a wait.
    pub fn tick(
        &mut self,
        policy: &Policy,
        levels: Option<&mut Levels>,
        now: Nanos,
    ) -> Option<Transition> {
        match (self.is_forced(), self.phase(), levels) {
            (false, Phase::Closed { .. }, Some(levels)) => {
                self.find_hung_calls(policy, levels, now)
            }
            _ => None,
        }
    }

    fn find_hung_calls(
        &mut self,
        policy: &Policy,
        levels: &mut Levels,
        now: Nanos,
    ) -> Option<Transition> {
        let found = levels.hung_mut()?.find(now);
        if found == 0 {
            return None;
        }
        let hung = Sample {
            failure: false,
            slow: true,
        };
        levels.put(hung, found, Some(now));
        let content = levels.content(Some(now)).unwrap_or_default();
        let reason = levels.met_by(content)?;
        Some(self.open(policy, Some(levels), reason, now, None))
    }
}

impl Levels {
    /// Whether a probe that ends so was slow; then that is counted.
    pub(super) fn is_slow_probe(
        &mut self,
        began: Nanos,
        outcome: Outcome,
        now: Option<Nanos>,
    ) -> Result<bool, NeedsNow> {
        if self.slow_call_duration().is_none() || outcome == Outcome::Ignored {
            return Ok(false);
        }
        let slow = self.is_slow(began, now.ok_or(NeedsNow)?);
        if slow && outcome != Outcome::Cancelled {
            self.note_slow(1);
        }
        Ok(slow)
    }
}
