//! The two-step call: acquire and settle.

use breaker::machine::{Admission, NeedsNow, Verdict, Word};
use breaker::{Effect, Outcome, RejectReason, Settlement};

use crate::boundary::{Answer, at_once, boundary};
use crate::breaker::k1s0_cb;
use crate::pointer::{Out, out, required, wanted};
use crate::result::{
    K1S0_CB_ALREADY_SETTLED, K1S0_CB_INVALID_ARGUMENT, K1S0_CB_INVALID_PERMIT,
    K1S0_CB_NULL_POINTER, K1S0_CB_OK, K1S0_CB_REJECTED, K1S0_CB_WRONG_BREAKER, k1s0_cb_result,
};
use crate::thread;
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
/// it; `rejection` says why. `rejection` and `transitions` may be NULL.
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
        permit.write(given_by(breaker, word));
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
        permit.write(given_by(breaker, word));
        Ok(())
    })
}

/// A permit's `mark`.
const GIVEN: u32 = 1;
const SETTLED: u32 = 2;

const fn given_by(breaker: &k1s0_cb, word: Word) -> k1s0_cb_permit {
    k1s0_cb_permit {
        // All that a permit needs of the admission word.
        word: word.to_bits() as u32,
        mark: GIVEN,
        breaker: breaker.id,
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

/// Settles a permit, and marks it as settled. `effect` says whether the outcome counted; it and
/// `transitions` may be NULL.
///
/// `K1S0_CB_ALREADY_SETTLED` for a permit that was settled before; `K1S0_CB_INVALID_PERMIT` for one that no
/// breaker gave; `K1S0_CB_WRONG_BREAKER` for one that another breaker gave; `K1S0_CB_INVALID_ARGUMENT` for the
/// outcome; `K1S0_CB_NULL_POINTER`. Of these only the first leaves nothing to settle.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5); no other thread uses the permit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_settle(
    breaker: *const k1s0_cb,
    permit: *mut k1s0_cb_permit,
    outcome: k1s0_cb_outcome,
    now_ns: u64,
    effect: *mut k1s0_cb_effect,
    transitions: *mut k1s0_cb_transitions,
) -> k1s0_cb_result {
    let settled = at_once(|| {
        // SAFETY: the host promises conventions 4, 5 and 6.
        let (breaker, permit) = unsafe { (required(breaker).ok()?, permit.as_mut()?) };
        if permit.breaker != breaker.id
            || permit.mark != GIVEN
            || outcome != K1S0_CB_SUCCESS
            || !breaker
                .engine
                .success_changes_nothing(Word::from_bits(permit.word.into()))
        {
            return None;
        }
        permit.mark = SETTLED;
        // SAFETY: the host promises conventions 4 and 6.
        let (effect, transitions) = unsafe { (wanted(effect), wanted(transitions)) };
        if let Some(effect) = effect {
            effect.write(K1S0_CB_EFFECT_APPLIED);
        }
        if let Some(transitions) = transitions {
            transitions.write_none();
        }
        Some(if thread::count_success_at_once(&breaker.engine) {
            K1S0_CB_OK
        } else {
            count_success(breaker)
        })
    });
    match settled {
        Some(result) => result,
        // SAFETY: the host's promises are passed on.
        None => unsafe { settle_permit(breaker, permit, outcome, now_ns, effect, transitions) },
    }
}

/// The first success of a thread: it gets a counter. And every one of a thread that is not found at once.
#[cold]
#[inline(never)]
extern "C" fn count_success(breaker: &k1s0_cb) -> k1s0_cb_result {
    if thread::goes_without() && breaker.engine.count_success_at_once() {
        return K1S0_CB_OK;
    }
    boundary(|| {
        thread::count_success(&breaker.engine);
        Ok(())
    })
}

/// # Safety
///
/// As [`k1s0_cb_settle`].
#[cold]
#[inline(never)]
unsafe extern "C" fn settle_permit(
    breaker: *const k1s0_cb,
    permit: *mut k1s0_cb_permit,
    outcome: k1s0_cb_outcome,
    now_ns: u64,
    effect: *mut k1s0_cb_effect,
    transitions: *mut k1s0_cb_transitions,
) -> k1s0_cb_result {
    boundary(|| {
        // SAFETY: the host promises conventions 4, 5 and 6.
        let (breaker, permit) = unsafe { (required(breaker)?, permit.as_mut()) };
        let permit = permit.ok_or(K1S0_CB_NULL_POINTER)?;
        // SAFETY: the host promises conventions 4 and 6.
        let said = unsafe { (wanted(effect), wanted(transitions)) };
        if permit.breaker != breaker.id {
            return Err(match permit.breaker {
                0 => K1S0_CB_INVALID_PERMIT,
                _ => K1S0_CB_WRONG_BREAKER,
            });
        }
        if outcome > K1S0_CB_CANCELLED {
            return Err(K1S0_CB_INVALID_ARGUMENT);
        }
        match permit.mark {
            GIVEN => {
                // Settled before it is used: whatever happens, it is used once.
                permit.mark = SETTLED;
                let word = Word::from_bits(permit.word.into());
                settle(breaker, word, outcome, now_ns, said.0, said.1)
            }
            SETTLED => tell(ALREADY_SETTLED, said.0, said.1),
            _ => Err(K1S0_CB_INVALID_PERMIT),
        }
    })
}

const ALREADY_SETTLED: Settlement = Settlement {
    effect: Effect::AlreadySettled,
    transition: None,
};

/// Settlement, with its way around everything for a success while healthy.
#[inline(always)]
pub(crate) fn settle(
    breaker: &k1s0_cb,
    word: Word,
    outcome: k1s0_cb_outcome,
    now_ns: u64,
    effect: Option<Out<k1s0_cb_effect>>,
    transitions: Option<Out<k1s0_cb_transitions>>,
) -> Answer {
    if outcome == K1S0_CB_SUCCESS && breaker.engine.succeed_unasked(word) {
        if let Some(effect) = effect {
            effect.write(K1S0_CB_EFFECT_APPLIED);
        }
        if let Some(transitions) = transitions {
            transitions.write_none();
        }
        return Ok(());
    }
    settle_asking(breaker, word, outcome, now_ns, effect, transitions)
}

#[cold]
#[inline(never)]
fn settle_asking(
    breaker: &k1s0_cb,
    word: Word,
    outcome: k1s0_cb_outcome,
    now_ns: u64,
    effect: Option<Out<k1s0_cb_effect>>,
    transitions: Option<Out<k1s0_cb_transitions>>,
) -> Answer {
    let outcome = outcome_of(outcome)?;
    let settlement = decided(breaker.engine.settle(word, outcome, Some(now_ns)));
    tell(settlement, effect, transitions)
}

fn tell(
    settlement: Settlement,
    effect: Option<Out<k1s0_cb_effect>>,
    transitions: Option<Out<k1s0_cb_transitions>>,
) -> Answer {
    if let Some(effect) = effect {
        effect.write(settlement.effect as k1s0_cb_effect);
    }
    if let Some(transitions) = transitions {
        transitions.write_all(settlement.transition);
    }
    match settlement.effect {
        Effect::AlreadySettled => Err(K1S0_CB_ALREADY_SETTLED),
        Effect::Applied | Effect::Stale => Ok(()),
    }
}

const fn outcome_of(number: k1s0_cb_outcome) -> Answer<Outcome> {
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
        ];
        assert_eq!(Effect::ALL.map(|effect| effect as u32), effects);
    }
}
