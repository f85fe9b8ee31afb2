//! The two-step call's first step: may it be made?

use breaker::machine::{Admission, NeedsNow, Verdict, Word};
use breaker::{Outcome, RejectReason};

use crate::boundary::{Answer, at_once, boundary};
use crate::breaker::k1s0_cb;
use crate::pointer::{Out, out, required, wanted};
use crate::result::{K1S0_CB_INVALID_ARGUMENT, K1S0_CB_OK, K1S0_CB_REJECTED, k1s0_cb_result};
use crate::transition::k1s0_cb_transitions;

/// How a call ended.
pub type k1s0_cb_outcome = u32;
/// The service is able to do its work.
pub const K1S0_CB_SUCCESS: k1s0_cb_outcome = 0;
/// It is not.
pub const K1S0_CB_FAILURE: k1s0_cb_outcome = 1;
/// The result says nothing about the service.
pub const K1S0_CB_IGNORED: k1s0_cb_outcome = 2;
/// The caller gave up.
pub const K1S0_CB_CANCELLED: k1s0_cb_outcome = 3;

/// What a settlement did.
pub type k1s0_cb_effect = u32;
/// The outcome counted.
pub const K1S0_CB_EFFECT_APPLIED: k1s0_cb_effect = 0;
/// The state has changed since the permit was given; only the stale total grew.
pub const K1S0_CB_EFFECT_STALE: k1s0_cb_effect = 1;
/// The permit had been settled before.
pub const K1S0_CB_EFFECT_ALREADY_SETTLED: k1s0_cb_effect = 2;
/// The call would have been rejected but for `shadow`; the outcome counts nowhere.
pub const K1S0_CB_EFFECT_SHADOWED: k1s0_cb_effect = 3;

/// Why a call was rejected.
pub type k1s0_cb_reject_reason = u32;
/// The wait is not over.
pub const K1S0_CB_REJECT_OPEN: k1s0_cb_reject_reason = 0;
/// Every probe's slot is taken.
pub const K1S0_CB_REJECT_HALF_OPEN: k1s0_cb_reject_reason = 1;
/// Forced open.
pub const K1S0_CB_REJECT_FORCED_OPEN: k1s0_cb_reject_reason = 2;
/// None that this library has a number for.
pub const K1S0_CB_REJECT_OTHER: k1s0_cb_reject_reason = 0xFFFF_FFFF;

/// Leave to make one call; to be settled once. All zero is no permit.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct k1s0_cb_permit {
    /// The low half of the admission word. Private.
    pub word: u32,
    /// Whether it is settled. Private.
    pub mark: u32,
    /// Whose it is. Private.
    pub breaker: u64,
    /// The `now_ns` of its admission. Private.
    pub began_ns: u64,
}

/// Why a call was not admitted, and when to come back.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct k1s0_cb_rejection {
    /// What is left of the wait, if anybody can say; otherwise 0.
    pub retry_after_ns: u64,
    /// 1 if somebody can: not while probes are out, nor in a forced mode, nor when a wait never ends.
    pub has_retry_after: u32,
    /// Why.
    pub reason: k1s0_cb_reject_reason,
}

/// May this call be made? `K1S0_CB_OK`: make it, then settle `permit`. `K1S0_CB_REJECTED`: do not make
/// it; `rejection` says why. `rejection` and `transitions` may be NULL. A breaker with `shadow` rejects nothing.
///
/// `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_try_acquire(
    breaker: *const k1s0_cb,
    now_ns: u64,
    permit: *mut k1s0_cb_permit,
    rejection: *mut k1s0_cb_rejection,
    transitions: *mut k1s0_cb_transitions,
) -> k1s0_cb_result {
    let admitted = at_once(|| {
        // SAFETY: the host promises conventions 4, 5 and 6.
        let (breaker, permit) = unsafe { (required(breaker).ok()?, out(permit).ok()?) };
        let word = breaker.engine.admit_unasked()?;
        permit.write(given_by(breaker, word, now_ns));
        // SAFETY: the host promises conventions 4 and 6.
        if let Some(transitions) = unsafe { wanted(transitions) } {
            transitions.write_none();
        }
        Some(K1S0_CB_OK)
    });
    match admitted {
        Some(result) => result,
        // SAFETY: the host's promises are passed on.
        None => unsafe { try_acquire_asking(breaker, now_ns, permit, rejection, transitions) },
    }
}

/// # Safety
///
/// As [`k1s0_cb_try_acquire`].
#[cold]
#[inline(never)]
unsafe extern "C" fn try_acquire_asking(
    breaker: *const k1s0_cb,
    now_ns: u64,
    permit: *mut k1s0_cb_permit,
    rejection: *mut k1s0_cb_rejection,
    transitions: *mut k1s0_cb_transitions,
) -> k1s0_cb_result {
    boundary(|| {
        // SAFETY: the host promises conventions 4, 5 and 6.
        let (breaker, permit) = unsafe { (required(breaker)?, out(permit)?) };
        // SAFETY: the host promises conventions 4 and 6.
        let said = unsafe { (wanted(rejection), wanted(transitions)) };
        let word = acquire(breaker, now_ns, said.0, said.1)?;
        permit.write(given_by(breaker, word, now_ns));
        Ok(())
    })
}

/// A permit's `mark`.
pub(crate) const GIVEN: u32 = 1;
pub(crate) const SETTLED: u32 = 2;

const fn given_by(breaker: &k1s0_cb, word: Word, began_ns: u64) -> k1s0_cb_permit {
    k1s0_cb_permit {
        // All that a permit needs of the admission word.
        word: word.to_bits() as u32,
        mark: GIVEN,
        breaker: breaker.id,
        began_ns,
    }
}

/// Admission, with its way around everything while closed.
#[inline(always)]
pub(crate) fn acquire(
    breaker: &k1s0_cb,
    now_ns: u64,
    rejection: Option<Out<k1s0_cb_rejection>>,
    transitions: Option<Out<k1s0_cb_transitions>>,
) -> Answer<Word> {
    match breaker.engine.admit_unasked() {
        Some(word) => {
            if let Some(transitions) = transitions {
                transitions.write_none();
            }
            Ok(word)
        }
        None => ask(breaker, now_ns, rejection, transitions),
    }
}

#[cold]
#[inline(never)]
fn ask(
    breaker: &k1s0_cb,
    now_ns: u64,
    rejection: Option<Out<k1s0_cb_rejection>>,
    transitions: Option<Out<k1s0_cb_transitions>>,
) -> Answer<Word> {
    let Admission {
        verdict,
        transition,
    } = decided(breaker.engine.admit(Some(now_ns)));
    if let Some(transitions) = transitions {
        transitions.write_all(transition);
    }
    match verdict {
        Verdict::Admitted(word) => Ok(word),
        Verdict::Shadowed { .. } => Ok(Word::SHADOW),
        Verdict::Rejected {
            reason,
            retry_after,
        } => {
            if let Some(rejection) = rejection {
                rejection.write(k1s0_cb_rejection {
                    retry_after_ns: retry_after.unwrap_or(0),
                    has_retry_after: retry_after.is_some().into(),
                    reason: reject_reason_number(reason),
                });
            }
            Err(K1S0_CB_REJECTED)
        }
    }
}

/// What the engine has decided. It was told the time, so it has no more to ask.
pub(crate) fn decided<T>(answer: Result<T, NeedsNow>) -> T {
    match answer {
        Ok(decided) => decided,
        Err(NeedsNow) => unreachable!("the engine asks for a time that it was told"),
    }
}

const fn reject_reason_number(reason: RejectReason) -> k1s0_cb_reject_reason {
    match reason {
        RejectReason::Open => K1S0_CB_REJECT_OPEN,
        RejectReason::HalfOpen => K1S0_CB_REJECT_HALF_OPEN,
        RejectReason::ForcedOpen => K1S0_CB_REJECT_FORCED_OPEN,
        // A test asks for every reason of core's.
        _ => K1S0_CB_REJECT_OTHER,
    }
}

pub(crate) const fn outcome_of(number: k1s0_cb_outcome) -> Answer<Outcome> {
    Ok(match number {
        K1S0_CB_SUCCESS => Outcome::Success,
        K1S0_CB_FAILURE => Outcome::Failure,
        K1S0_CB_IGNORED => Outcome::Ignored,
        K1S0_CB_CANCELLED => Outcome::Cancelled,
        _ => return Err(K1S0_CB_INVALID_ARGUMENT),
    })
}

pub(crate) const fn outcome_number(outcome: Outcome) -> k1s0_cb_outcome {
    outcome as k1s0_cb_outcome
}

#[cfg(test)]
mod tests {
    use breaker::Effect;

    use super::*;

    #[test]
    fn every_number_of_core_is_ours() {
        for reason in RejectReason::ALL {
            assert_eq!(reject_reason_number(reason), reason as u32);
        }
        for outcome in Outcome::ALL {
            assert_eq!(outcome_of(outcome_number(outcome)), Ok(outcome));
        }
        let effects = [
            K1S0_CB_EFFECT_APPLIED,
            K1S0_CB_EFFECT_STALE,
            K1S0_CB_EFFECT_ALREADY_SETTLED,
            K1S0_CB_EFFECT_SHADOWED,
        ];
        assert_eq!(Effect::ALL.map(|effect| effect as u32), effects);
    }
}
