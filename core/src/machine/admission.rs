//! May this call go through? (SPEC 4.1, 5, 6.1, 6.5, 10.3)

use core::fmt;

use super::word::Word;
use super::{
    Forced, Levels, Machine, NEVER, Nanos, NeedsNow, Phase, Policy, Reason, Transition, remaining,
};

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
    /// The call may run, only because nothing is to be rejected (SPEC 14). Its permit is
    /// [`Word::SHADOW`], which need not be settled.
    Shadowed {
        /// Why it would have been rejected.
        reason: RejectReason,
    },
}

impl Verdict {
    /// The rejection, or what is made of it where nothing is to be rejected.
    pub(crate) const fn rejected(
        reason: RejectReason,
        retry_after: Option<Nanos>,
        is_shadow: bool,
    ) -> Self {
        if is_shadow {
            Self::Shadowed { reason }
        } else {
            Self::Rejected {
                reason,
                retry_after,
            }
        }
    }
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
    /// [`NeedsNow`] where `now` was not handed in and the state is open or half-open, or closed and the
    /// call's duration will matter (SPEC 12.1).
    pub fn admit(
        &mut self,
        policy: &Policy,
        mut levels: Option<&mut Levels>,
        now: Option<Nanos>,
    ) -> Result<Admission, NeedsNow> {
        let is_shadow = levels.as_deref().is_some_and(Levels::is_shadow);
        let mut transition = None;
        let answer = match (self.forced, self.phase()) {
            (Some(Forced::Closed), _) => Ok(()),
            (Some(Forced::Open), _) => Err((RejectReason::ForcedOpen, None)),
            (None, Phase::Closed { .. }) => {
                if let Some(levels) = levels.as_deref_mut()
                    && levels.slow_call_duration().is_some()
                {
                    transition = self.admit_timed(policy, levels, now.ok_or(NeedsNow)?);
                }
                match transition {
                    None => Ok(()),
                    // The wait has just begun.
                    Some(_) => Err(just_opened(policy, levels.as_deref())),
                }
            }
            (None, Phase::Open { since }) => {
                let now = now.ok_or(NeedsNow)?;
                match self.end_wait(policy, levels.as_deref_mut(), since, now) {
                    Err(left) => Err((RejectReason::Open, finite(left))),
                    Ok(half_open) => {
                        transition = Some(half_open);
                        // The first probe: every slot is free.
                        self.take_slot(now);
                        Ok(())
                    }
                }
            }
            (None, Phase::HalfOpen { .. }) => {
                let now = now.ok_or(NeedsNow)?;
                if self.in_flight < policy.half_open_max_calls {
                    self.take_slot(now);
                    Ok(())
                } else if policy.probe_is_hung(self.at, now) {
                    // The hung probes are one failure (6.3). Who noticed is rejected like everybody
                    // else.
                    transition = Some(self.open(
                        policy,
                        levels.as_deref_mut(),
                        Reason::ProbeTimeout,
                        now,
                        None,
                    ));
                    Err(just_opened(policy, levels.as_deref()))
                } else {
                    // A clock that stepped back restarts the probes' time once (2.3).
                    self.at = now.min(self.at);
                    Err((RejectReason::HalfOpen, None))
                }
            }
        };
        Ok(Admission {
            verdict: match answer {
                Ok(()) => Verdict::Admitted(self.word(policy, levels.as_deref())),
                Err((reason, retry_after)) => Verdict::rejected(reason, retry_after, is_shadow),
            },
            transition,
        })
    }

    /// Why a call at `now` would be rejected, if it would be; in shadow mode, too. Changes nothing, and so
    /// does not look for calls that hang (SPEC 12.5).
    ///
    /// # Errors
    ///
    /// [`NeedsNow`] while the state is open or half-open.
    pub fn would_reject(
        &self,
        policy: &Policy,
        levels: Option<&Levels>,
        now: Option<Nanos>,
    ) -> Result<Option<RejectReason>, NeedsNow> {
        Ok(match (self.forced, self.phase()) {
            (Some(Forced::Open), _) => Some(RejectReason::ForcedOpen),
            (Some(Forced::Closed), _) | (None, Phase::Closed { .. }) => None,
            (None, Phase::Open { .. }) => {
                let left = self.remaining_wait(policy, levels, now)?;
                (left != Some(0)).then_some(RejectReason::Open)
            }
            (None, Phase::HalfOpen { .. }) => match self.probes_left(policy, now)? {
                None => None,
                // Who finds the probes hung opens, and is rejected (6.5).
                Some(0) => Some(RejectReason::Open),
                Some(_) => Some(RejectReason::HalfOpen),
            },
        })
    }

    /// After how long a full set of unsettled probes is given up (SPEC 6.5): 0 once the next admission will,
    /// [`NEVER`] where none does, none where a slot is free.
    ///
    /// # Errors
    ///
    /// [`NeedsNow`] while every slot is taken.
    pub fn probes_left(
        &self,
        policy: &Policy,
        now: Option<Nanos>,
    ) -> Result<Option<Nanos>, NeedsNow> {
        match (self.forced, self.phase()) {
            (
                None,
                Phase::HalfOpen {
                    in_flight,
                    last_admitted,
                    ..
                },
            ) if in_flight >= policy.half_open_max_calls => {
                let now = now.ok_or(NeedsNow)?;
                Ok(Some(remaining(policy.probe_timeout, last_admitted, now)))
            }
            _ => Ok(None),
        }
    }

    const fn take_slot(&mut self, now: Nanos) {
        self.in_flight += 1;
        self.at = now;
    }
}

/// The rejection of a caller whose own question opened: the whole wait lies before it.
fn just_opened(policy: &Policy, levels: Option<&Levels>) -> (RejectReason, Option<Nanos>) {
    (RejectReason::Open, finite(Machine::wait(policy, levels)))
}

/// A wait as a caller is told it: none where it never ends.
pub(crate) const fn finite(wait: Nanos) -> Option<Nanos> {
    if wait == NEVER { None } else { Some(wait) }
}
