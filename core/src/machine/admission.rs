//! May this call go through? (SPEC 4.1, 5, 6.1, 6.5, 10.3)

use core::fmt;

use super::word::Word;
use super::{Forced, Machine, NEVER, Nanos, NeedsNow, Phase, Policy, Reason, Transition};

/// The answer to a caller that asked to be admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// May it?
    pub verdict: Verdict,
    /// The change of state that the question made, if any.
    pub transition: Option<Transition>,
}

/// Admitted, or rejected and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The call may run; the word is its permit, to be settled once.
    Admitted(Word),
    /// The call may not run.
    Rejected {
        /// Why.
        reason: RejectReason,
        /// What is left of the wait (SPEC 5.1); none where nobody can say: while probes are out,
        /// in a forced mode, and when the wait never ends.
        retry_after: Option<Nanos>,
    },
}

/// Why a call was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum RejectReason {
    /// The circuit is open and its wait is not over (SPEC 5.1), or has just reopened (6.5).
    Open = 0,
    /// Half-open, and every probe's slot is taken (6.1).
    HalfOpen = 1,
    /// Forced open (10.3).
    ForcedOpen = 2,
}

impl RejectReason {
    /// Every reason, by number.
    pub const ALL: [Self; 3] = [Self::Open, Self::HalfOpen, Self::ForcedOpen];

    /// The name, as in the label of the metric.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::ForcedOpen => "forced_open",
        }
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Machine {
    /// Asks for admission.
    ///
    /// # Errors
    ///
    /// [`NeedsNow`] where the state is open or half-open and `now` was not handed in.
    pub fn admit(&mut self, policy: &Policy, now: Option<Nanos>) -> Result<Admission, NeedsNow> {
        match (self.forced, self.phase()) {
            (Some(Forced::Closed), _) | (None, Phase::Closed { .. }) => Ok(self.admitted(None)),
            (Some(Forced::Open), _) => Ok(rejected(RejectReason::ForcedOpen, None, None)),
            (None, Phase::Open { since }) => {
                let now = now.ok_or(NeedsNow)?;
                Ok(match self.end_wait(policy, since, now) {
                    Err(left) => rejected(RejectReason::Open, finite(left), None),
                    Ok(transition) => self.admit_probe(policy, now, Some(transition)),
                })
            }
            (None, Phase::HalfOpen { .. }) => {
                let now = now.ok_or(NeedsNow)?;
                Ok(self.admit_probe(policy, now, None))
            }
        }
    }

    /// Half-open: a probe, if there is a slot.
    fn admit_probe(
        &mut self,
        policy: &Policy,
        now: Nanos,
        transition: Option<Transition>,
    ) -> Admission {
        if self.in_flight < policy.half_open_max_calls {
            self.in_flight += 1;
            self.at = now;
            return self.admitted(transition);
        }
        if policy.probe_is_hung(self.at, now) {
            // The hung probes are one failure (6.3). Who noticed is rejected like everybody else,
            // for the wait has just begun.
            let reopened = self.open(Reason::ProbeTimeout, now);
            return rejected(
                RejectReason::Open,
                finite(policy.remaining(now, now)),
                Some(reopened),
            );
        }
        // A clock that stepped back restarts the probes' time once (2.3).
        self.at = now.min(self.at);
        rejected(RejectReason::HalfOpen, None, transition)
    }

    const fn admitted(&self, transition: Option<Transition>) -> Admission {
        Admission {
            verdict: Verdict::Admitted(self.word()),
            transition,
        }
    }
}

const fn rejected(
    reason: RejectReason,
    retry_after: Option<Nanos>,
    transition: Option<Transition>,
) -> Admission {
    Admission {
        verdict: Verdict::Rejected {
            reason,
            retry_after,
        },
        transition,
    }
}

/// A wait as a caller is told it: none where it never ends.
pub(crate) const fn finite(wait: Nanos) -> Option<Nanos> {
    if wait == NEVER { None } else { Some(wait) }
}
