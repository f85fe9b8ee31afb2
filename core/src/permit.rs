//! The leave to run one call.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, mem, thread};

use crate::error::Rejection;
use crate::machine::{Effect, Nanos, Outcome, Settlement, Ticket, Word};
use crate::shared::Shared;

/// The leave to run one call: settle it once, with what came of the call.
///
/// A permit that is dropped unsettled counts as *cancelled* and gives its slot back (SPEC 7.3). One
/// that is dropped because the thread unwinds counts as a *failure*: the guarded code panicked (7.4).
///
/// It carries the epoch in which it was given. If the breaker has changed state or was reset since,
/// settling answers [`Effect::Stale`] and changes nothing but that total (7.1).
///
/// There are two kinds: [`Permit`] borrows the breaker and costs nothing to pass around,
/// [`OwnedPermit`] keeps the breaker alive and may go to another task or thread.
///
/// ```
/// use k1s0_circuit_breaker::{CircuitBreaker, CircuitBreakerConfig};
///
/// let cb = CircuitBreaker::new(CircuitBreakerConfig::default());
/// match cb.try_acquire() {
///     Ok(permit) => {
///         // … the call …
///         permit.success();
///     }
///     Err(rejection) => println!("come back in {:?}", rejection.retry_after),
/// }
/// ```
#[must_use = "a permit that is dropped counts as a cancelled call"]
pub struct PermitOf<B: Deref<Target = Shared>> {
    breaker: B,
    /// None once it is settled.
    word: Option<Word>,
    began: Nanos,
}

/// A permit that borrows its breaker; from [`CircuitBreaker::try_acquire`](crate::CircuitBreaker::try_acquire).
pub type Permit<'a> = PermitOf<&'a Shared>;

/// A permit that keeps its breaker alive; from
/// [`CircuitBreaker::try_acquire_owned`](crate::CircuitBreaker::try_acquire_owned).
pub type OwnedPermit = PermitOf<Arc<Shared>>;

impl<B: Deref<Target = Shared>> PermitOf<B> {
    #[inline]
    pub(crate) fn acquire(breaker: B) -> Result<Self, Rejection> {
        let mut began = 0;
        let word = Some(breaker.admit(&mut began)?);
        Ok(Self {
            breaker,
            word,
            began,
        })
    }

    pub(crate) const fn of_ticket(breaker: B, ticket: Ticket) -> Self {
        Self {
            breaker,
            word: Some(ticket.word),
            began: ticket.began,
        }
    }

    /// The call succeeded.
    #[inline(always)]
    pub fn success(mut self) -> Settlement {
        self.settle(Outcome::Success)
    }

    /// The call failed.
    pub fn failure(mut self) -> Settlement {
        self.settle(Outcome::Failure)
    }

    /// The call ended, and its result says nothing about the callee's health (SPEC 6.4).
    pub fn ignore(mut self) -> Settlement {
        self.settle(Outcome::Ignored)
    }

    /// Settles the permit and says what that did (SPEC 7.5). A second time it does nothing and
    /// answers [`Effect::AlreadySettled`] (7.2).
    #[inline(always)]
    pub fn settle(&mut self, outcome: Outcome) -> Settlement {
        match self.take_ticket() {
            Some(ticket) => self.breaker.settle(ticket, outcome),
            None => ALREADY_SETTLED,
        }
    }

    /// As [`settle`](Self::settle), with the time for which the server asks not to be called, its
    /// `Retry-After`: if this failure opens the circuit, the wait is at least that long, at most
    /// [`max_timeout`](crate::Builder::max_timeout) (SPEC 13.4). With any other outcome it does nothing.
    pub fn settle_with_retry_after(
        &mut self,
        outcome: Outcome,
        retry_after: Duration,
    ) -> Settlement {
        if outcome != Outcome::Failure {
            return self.settle(outcome);
        }
        match self.take_ticket() {
            Some(ticket) => self.breaker.fail_with_retry_after(ticket, retry_after),
            None => ALREADY_SETTLED,
        }
    }

    /// Takes the permit apart: its ticket, none if it was settled. Nothing happens to its slot;
    /// who has the ticket must settle it, through
    /// [`CircuitBreaker::permit_from_ticket`](crate::CircuitBreaker::permit_from_ticket).
    pub fn into_ticket(mut self) -> Option<Ticket> {
        self.take_ticket()
    }

    #[inline(always)]
    fn take_ticket(&mut self) -> Option<Ticket> {
        let began = self.began;
        self.word.take().map(|word| Ticket { word, began })
    }
}

impl<B: Deref<Target = Shared>> Drop for PermitOf<B> {
    #[inline]
    fn drop(&mut self) {
        if self.word.is_some() {
            let outcome = if thread::panicking() {
                Outcome::Failure
            } else {
                Outcome::Cancelled
            };
            self.settle(outcome);
        }
    }
}

impl<B: Deref<Target = Shared>> fmt::Debug for PermitOf<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("breaker", &self.breaker.name())
            .field("epoch", &self.word.map(Word::epoch))
            .finish()
    }
}

const ALREADY_SETTLED: Settlement = Settlement {
    effect: Effect::AlreadySettled,
    transition: None,
};

/// The permit of a call whose guarded code runs in this frame. It is dropped only if that panics, and
/// then settles as a failure (SPEC 7.4); so it need not remember whether it was settled.
pub(crate) struct Running<'a> {
    breaker: &'a Shared,
    word: Word,
    /// Where it is, and not what: see [`Shared::admit`].
    began: &'a Nanos,
}

impl<'a> Running<'a> {
    #[inline(always)]
    pub(crate) const fn new(breaker: &'a Shared, word: Word, began: &'a Nanos) -> Self {
        Self {
            breaker,
            word,
            began,
        }
    }

    /// The guarded code has returned.
    #[inline(always)]
    pub(crate) const fn returned(self) -> Word {
        let word = self.word;
        mem::forget(self);
        word
    }

    /// The guarded code has returned, and this is what came of it.
    #[inline(always)]
    pub(crate) fn settle(self, outcome: Outcome) {
        let (breaker, began) = (self.breaker, self.began);
        breaker.settle_quietly(self.returned(), began, outcome);
    }

    /// As `settle`, for a failure with which the server asked not to be called for a while.
    #[cold]
    pub(crate) fn fail_with_retry_after(self, asked: Duration) {
        let (breaker, began) = (self.breaker, *self.began);
        let word = self.returned();
        breaker.fail_with_retry_after(Ticket { word, began }, asked);
    }
}

impl Drop for Running<'_> {
    #[cold]
    fn drop(&mut self) {
        self.breaker
            .settle_quietly(self.word, self.began, Outcome::Failure);
    }
}
