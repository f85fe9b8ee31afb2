//! The two-step call's second step: how it ended.

use breaker::machine::{Ending, Ticket, Word};
use breaker::{Effect, Outcome, Settlement};

use crate::boundary::{Answer, at_once, boundary};
use crate::breaker::k1s0_cb;
use crate::permit::{
    GIVEN, K1S0_CB_CANCELLED, K1S0_CB_EFFECT_APPLIED, K1S0_CB_SUCCESS, SETTLED, decided,
    k1s0_cb_effect, k1s0_cb_outcome, k1s0_cb_permit, outcome_of,
};
use crate::pointer::{Out, required, wanted};
use crate::result::{
    K1S0_CB_ALREADY_SETTLED, K1S0_CB_INVALID_ARGUMENT, K1S0_CB_INVALID_PERMIT,
    K1S0_CB_NULL_POINTER, K1S0_CB_OK, K1S0_CB_WRONG_BREAKER, k1s0_cb_result,
};
use crate::thread;
use crate::transition::k1s0_cb_transitions;

/// Where a settlement is told, as far as the host wants to know.
#[derive(Clone, Copy)]
pub(crate) struct Told {
    effect: *mut k1s0_cb_effect,
    transitions: *mut k1s0_cb_transitions,
}

impl Told {
    pub(crate) const fn to(
        effect: *mut k1s0_cb_effect,
        transitions: *mut k1s0_cb_transitions,
    ) -> Self {
        Self {
            effect,
            transitions,
        }
    }

    /// # Safety
    ///
    /// Each pointer is NULL or good (conventions 4 and 6).
    #[inline(always)]
    const unsafe fn wanted(
        self,
    ) -> (
        Option<Out<k1s0_cb_effect>>,
        Option<Out<k1s0_cb_transitions>>,
    ) {
        // SAFETY: as the caller promises.
        unsafe { (wanted(self.effect), wanted(self.transitions)) }
    }
}

/// How a call ended, in the host's numbers.
#[derive(Clone, Copy)]
pub(crate) struct Ended {
    pub(crate) outcome: k1s0_cb_outcome,
    /// What the server asked for.
    pub(crate) retry_after_ns: Option<u64>,
    pub(crate) now_ns: u64,
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
        None => unsafe { settle_asking(breaker, permit, outcome, now_ns, effect, transitions) },
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
unsafe extern "C" fn settle_asking(
    breaker: *const k1s0_cb,
    permit: *mut k1s0_cb_permit,
    outcome: k1s0_cb_outcome,
    now_ns: u64,
    effect: *mut k1s0_cb_effect,
    transitions: *mut k1s0_cb_transitions,
) -> k1s0_cb_result {
    boundary(|| {
        let ended = Ended {
            outcome,
            retry_after_ns: None,
            now_ns,
        };
        // SAFETY: the host's promises are passed on.
        unsafe { settle_permit(breaker, permit, ended, Told::to(effect, transitions)) }
    })
}

/// As `k1s0_cb_settle`, with the time for which the server asks not to be called, its `Retry-After`: if this
/// failure opens the circuit, the wait is at least that long, at most `max_timeout_ns`. `K1S0_CB_NEVER` is for
/// ever. With any other outcome, or where nothing opens, it means nothing.
///
/// # Safety
///
/// Each pointer is NULL or good (conventions 4 and 5); no other thread uses the permit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_settle_retry_after(
    breaker: *const k1s0_cb,
    permit: *mut k1s0_cb_permit,
    outcome: k1s0_cb_outcome,
    retry_after_ns: u64,
    now_ns: u64,
    effect: *mut k1s0_cb_effect,
    transitions: *mut k1s0_cb_transitions,
) -> k1s0_cb_result {
    boundary(|| {
        let ended = Ended {
            outcome,
            retry_after_ns: Some(retry_after_ns),
            now_ns,
        };
        // SAFETY: the host's promises are passed on.
        unsafe { settle_permit(breaker, permit, ended, Told::to(effect, transitions)) }
    })
}

/// # Safety
///
/// As [`k1s0_cb_settle`].
unsafe fn settle_permit(
    breaker: *const k1s0_cb,
    permit: *mut k1s0_cb_permit,
    ended: Ended,
    told: Told,
) -> Answer {
    // SAFETY: the host promises conventions 4, 5 and 6.
    let (breaker, permit) = unsafe { (required(breaker)?, permit.as_mut()) };
    let permit = permit.ok_or(K1S0_CB_NULL_POINTER)?;
    if permit.breaker != breaker.id {
        return Err(match permit.breaker {
            0 => K1S0_CB_INVALID_PERMIT,
            _ => K1S0_CB_WRONG_BREAKER,
        });
    }
    if ended.outcome > K1S0_CB_CANCELLED {
        return Err(K1S0_CB_INVALID_ARGUMENT);
    }
    match permit.mark {
        GIVEN => {
            // Settled before it is used: whatever happens, it is used once.
            permit.mark = SETTLED;
            let ticket = Ticket {
                word: Word::from_bits(permit.word.into()),
                began: permit.began_ns,
            };
            // SAFETY: the host's promises are passed on.
            unsafe { settle(breaker, ticket, ended, told) }
        }
        // SAFETY: the host's promises are passed on.
        SETTLED => unsafe { tell(ALREADY_SETTLED, told) },
        _ => Err(K1S0_CB_INVALID_PERMIT),
    }
}

const ALREADY_SETTLED: Settlement = Settlement {
    effect: Effect::AlreadySettled,
    transition: None,
};

/// Settlement, with its way around everything for a success while healthy.
///
/// # Safety
///
/// What is in `told` is NULL or good (conventions 4 and 6).
#[inline(always)]
pub(crate) unsafe fn settle(breaker: &k1s0_cb, ticket: Ticket, ended: Ended, told: Told) -> Answer {
    if ended.outcome == K1S0_CB_SUCCESS && breaker.engine.succeed_unasked(ticket.word) {
        // SAFETY: as the caller promises.
        let (effect, transitions) = unsafe { told.wanted() };
        if let Some(effect) = effect {
            effect.write(K1S0_CB_EFFECT_APPLIED);
        }
        if let Some(transitions) = transitions {
            transitions.write_none();
        }
        return Ok(());
    }
    // SAFETY: as the caller promises.
    unsafe { ask(breaker, ticket, ended, told) }
}

/// # Safety
///
/// As [`settle`].
#[cold]
#[inline(never)]
unsafe fn ask(breaker: &k1s0_cb, ticket: Ticket, ended: Ended, told: Told) -> Answer {
    let outcome = outcome_of(ended.outcome)?;
    let ending = Ending {
        outcome,
        // A breaker makes room for it, so it is not to be bothered in vain.
        retry_after: ended.retry_after_ns.filter(|_| outcome == Outcome::Failure),
    };
    let settlement = decided(breaker.engine.settle(ticket, ending, Some(ended.now_ns)));
    // SAFETY: as the caller promises.
    unsafe { tell(settlement, told) }
}

/// # Safety
///
/// As [`settle`].
unsafe fn tell(settlement: Settlement, told: Told) -> Answer {
    // SAFETY: as the caller promises.
    let (effect, transitions) = unsafe { told.wanted() };
    if let Some(effect) = effect {
        effect.write(settlement.effect as k1s0_cb_effect);
    }
    if let Some(transitions) = transitions {
        transitions.write_all(settlement.transition);
    }
    match settlement.effect {
        Effect::AlreadySettled => Err(K1S0_CB_ALREADY_SETTLED),
        Effect::Applied | Effect::Stale | Effect::Shadowed => Ok(()),
    }
}
