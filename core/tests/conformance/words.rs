//! Entry points `words`: permits that go out as raw words and come back; and `host`: a host that
//! reads the admission word in place and crosses into the breaker only when it must (DESIGN 5).

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::Duration;

use k1s0_circuit_breaker::machine::{Ticket, Word};
use k1s0_circuit_breaker::{CircuitBreakerError, HostCounters, OwnedPermit, Rejection};
use k1s0_conformance::subject::Called;
use k1s0_conformance::vocabulary::{CallResult, Effect, Outcome, Settled, Verdict};

use crate::bench::{self, Breaker, Ended, Entry, Work};
use crate::compare;
use crate::permits::{call_with, settle};

/// A word, and once it is settled the permit that was made of it, if it took one.
enum Slot {
    Word(Ticket),
    Settled(Option<OwnedPermit>),
}

pub(crate) struct Words {
    breaker: Breaker,
    slots: BTreeMap<String, Slot>,
}

fn acquire(breaker: &Breaker) -> Result<Ticket, Rejection> {
    let permit = breaker.try_acquire_owned()?;
    match permit.into_ticket() {
        Some(ticket) => Ok(ticket),
        None => panic!("a fresh permit has a ticket"),
    }
}

impl Words {
    fn admitted(&mut self, permit: &str, word: Result<Ticket, Rejection>) -> Verdict {
        match word {
            Ok(word) => {
                self.slots.insert(permit.to_owned(), Slot::Word(word));
                Verdict::Admitted
            }
            Err(rejection) => Verdict::Rejected(compare::rejection(rejection)),
        }
    }
}

impl Entry for Words {
    fn new(breaker: Breaker) -> Self {
        Self {
            breaker,
            slots: BTreeMap::new(),
        }
    }

    fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    fn acquire(&mut self, permit: &str) -> Verdict {
        let word = acquire(&self.breaker);
        self.admitted(permit, word)
    }

    fn settle(
        &mut self,
        permit: &str,
        outcome: Outcome,
        retry_after: Option<Duration>,
    ) -> Option<Settled> {
        let slot = self.slots.get_mut(permit)?;
        if let Slot::Word(word) = slot {
            *slot = Slot::Settled(Some(self.breaker.permit_from_ticket(*word)));
        }
        match slot {
            Slot::Settled(Some(permit)) => Some(settle(permit, outcome, retry_after)),
            _ => Some(Settled {
                effect: Effect::AlreadySettled,
                transition: None,
            }),
        }
    }

    fn drop_permit(&mut self, permit: &str) {
        if let Some(Slot::Word(word)) = self.slots.remove(permit) {
            drop(self.breaker.permit_from_ticket(word));
        }
    }

    fn call(&mut self, result: CallResult, work: Work) -> Called {
        call_with(result, work, || {
            acquire(&self.breaker).map(|word| self.breaker.permit_from_ticket(word))
        })
    }
}

pub(crate) struct Host {
    words: Words,
    counters: HostCounters,
}

impl Host {
    fn word(&self) -> u64 {
        self.words.breaker.admission_word().load(Ordering::Acquire)
    }

    /// Bit 0 of the word says whether the breaker must be asked.
    fn ask(&self) -> Result<Ticket, Rejection> {
        match self.word() {
            word if word & 1 == 0 => Ok(Word::from_bits(word).into()),
            _ => acquire(&self.words.breaker),
        }
    }
}

impl Entry for Host {
    fn new(breaker: Breaker) -> Self {
        Self {
            counters: breaker.host_counters(),
            words: Words::new(breaker),
        }
    }

    fn breaker(&self) -> &Breaker {
        &self.words.breaker
    }

    fn acquire(&mut self, permit: &str) -> Verdict {
        let word = self.ask();
        self.words.admitted(permit, word)
    }

    fn settle(
        &mut self,
        permit: &str,
        outcome: Outcome,
        retry_after: Option<Duration>,
    ) -> Option<Settled> {
        let now = self.word();
        let slot = self.words.slots.get_mut(permit)?;
        let unchanged = matches!(slot, Slot::Word(ticket)
            if ticket.word.to_bits() & 1 == 0 && ticket.word.to_bits() == now);
        if unchanged && outcome == Outcome::Success {
            self.counters.success();
            *slot = Slot::Settled(None);
            return Some(Settled {
                effect: Effect::Applied,
                transition: None,
            });
        }
        self.words.settle(permit, outcome, retry_after)
    }

    fn drop_permit(&mut self, permit: &str) {
        self.words.drop_permit(permit);
    }

    fn call(&mut self, result: CallResult, work: Work) -> Called {
        const CALL: &str = "the guarded call itself";
        if let Verdict::Rejected(rejection) = self.acquire(CALL) {
            return Called::Rejected(rejection);
        }
        let ended = catch_unwind(AssertUnwindSafe(|| work.end(result)));
        let outcome = match ended {
            Ok(Ok(_)) => Outcome::Success,
            Ok(Err(Ended::Ignored)) => Outcome::Ignored,
            Ok(Err(Ended::GaveUp)) => Outcome::Cancelled,
            Ok(Err(Ended::Failed(_))) | Err(_) => Outcome::Failure,
        };
        self.settle(CALL, outcome, None);
        let found = ended.map(|ended| ended.map_err(CircuitBreakerError::Inner));
        bench::called(result, 1, found)
    }
}
