//! The entry points: permits; words, whole and by their low half; and a host that reads the
//! admission word in place and crosses into the library only when it must.

use std::collections::BTreeMap;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use k1s0_conformance::vocabulary::{Effect, Outcome, Settled, Verdict};

use crate::face::Told;
use crate::support::abi::{
    ALREADY_SETTLED, Counter, Handle, OK, Permit, REJECTED, Rejection, Transitions, abi,
};
use crate::support::words;

/// How a call ended, when, and what the server asked for.
#[derive(Clone, Copy)]
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    pub(crate) retry_after: Option<u64>,
    pub(crate) now: u64,
}

/// The steps that go through an entry point.
pub(crate) trait Entry {
    fn new(breaker: &Handle) -> Self;
    fn acquire(&mut self, breaker: &Handle, permit: &str, now: u64, told: &mut Told) -> Verdict;
    fn settle(
        &mut self,
        breaker: &Handle,
        permit: &str,
        ended: Ended,
        told: &mut Told,
    ) -> Option<Settled>;
}

/// What a settlement said.
fn settled(result: i32, effect: u32, transitions: &Transitions, told: &mut Told) -> Settled {
    let effect = words::effect(effect);
    let expected = match effect {
        Effect::AlreadySettled => ALREADY_SETTLED,
        Effect::Applied | Effect::Stale | Effect::Shadowed => OK,
    };
    assert_eq!(result, expected);
    Settled {
        effect,
        transition: told.take(transitions),
    }
}

const ALREADY: Settled = Settled {
    effect: Effect::AlreadySettled,
    transition: None,
};

pub(crate) struct Permits(BTreeMap<String, Permit>);

impl Entry for Permits {
    fn new(_breaker: &Handle) -> Self {
        Self(BTreeMap::new())
    }

    fn acquire(&mut self, breaker: &Handle, permit: &str, now: u64, told: &mut Told) -> Verdict {
        let mut given = Permit::default();
        let mut rejection = Rejection::default();
        let mut made = Transitions::default();
        // SAFETY: good pointers.
        let result =
            unsafe { (abi().try_acquire)(breaker.0, now, &mut given, &mut rejection, &mut made) };
        told.take(&made);
        match result {
            OK => {
                self.0.insert(permit.to_owned(), given);
                Verdict::Admitted
            }
            REJECTED => {
                assert_eq!(given, Permit::default(), "written though rejected");
                Verdict::Rejected(words::rejection(&rejection))
            }
            other => panic!("try_acquire answers {other}"),
        }
    }

    fn settle(
        &mut self,
        breaker: &Handle,
        permit: &str,
        ended: Ended,
        told: &mut Told,
    ) -> Option<Settled> {
        let permit = self.0.get_mut(permit)?;
        let Ended {
            outcome,
            retry_after,
            now,
        } = ended;
        let (mut effect, mut made) = (u32::MAX, Transitions::default());
        let (breaker, outcome) = (breaker.0, outcome as u32);
        // SAFETY: good pointers.
        let result = unsafe {
            match retry_after {
                None => (abi().settle)(breaker, permit, outcome, now, &mut effect, &mut made),
                Some(asked) => (abi().settle_retry_after)(
                    breaker,
                    permit,
                    outcome,
                    asked,
                    now,
                    &mut effect,
                    &mut made,
                ),
            }
        };
        Some(settled(result, effect, &made, told))
    }
}

/// A word, and the reading that it was asked for with.
#[derive(Clone, Copy)]
struct Ticket {
    word: u64,
    began: u64,
}

/// Settles a ticket, by its word or by the low half of it.
fn settle_word(
    slot: &mut Option<Ticket>,
    low: bool,
    breaker: &Handle,
    ended: Ended,
    told: &mut Told,
) -> Settled {
    let Some(Ticket { word, began }) = slot.take() else {
        return ALREADY;
    };
    let Ended {
        outcome,
        retry_after,
        now,
    } = ended;
    let (mut effect, mut made) = (u32::MAX, Transitions::default());
    let (breaker, outcome) = (breaker.0, outcome as u32);
    let half = word as u32;
    // SAFETY: good pointers.
    let result = unsafe {
        match retry_after {
            None if low => {
                let settle = abi().settle_low_word;
                settle(breaker, half, began, outcome, now, &mut effect, &mut made)
            }
            None => {
                let settle = abi().settle_word;
                settle(breaker, word, began, outcome, now, &mut effect, &mut made)
            }
            Some(asked) => (abi().settle_word_retry_after)(
                breaker,
                if low { half.into() } else { word },
                began,
                outcome,
                asked,
                now,
                &mut effect,
                &mut made,
            ),
        }
    };
    settled(result, effect, &made, told)
}

/// Tickets; none once it is settled.
type Slots = BTreeMap<String, Option<Ticket>>;

fn acquire_word(
    slots: &mut Slots,
    breaker: &Handle,
    permit: &str,
    now: u64,
    told: &mut Told,
) -> Verdict {
    let mut word = 0;
    let mut rejection = Rejection::default();
    let mut made = Transitions::default();
    // SAFETY: good pointers.
    let result =
        unsafe { (abi().acquire_word)(breaker.0, now, &mut word, &mut rejection, &mut made) };
    told.take(&made);
    match result {
        OK => {
            slots.insert(permit.to_owned(), Some(Ticket { word, began: now }));
            Verdict::Admitted
        }
        REJECTED => {
            assert_eq!(word, 0, "written though rejected");
            Verdict::Rejected(words::rejection(&rejection))
        }
        other => panic!("acquire_word answers {other}"),
    }
}

pub(crate) struct Words(Slots);

impl Entry for Words {
    fn new(_breaker: &Handle) -> Self {
        Self(Slots::new())
    }

    fn acquire(&mut self, breaker: &Handle, permit: &str, now: u64, told: &mut Told) -> Verdict {
        acquire_word(&mut self.0, breaker, permit, now, told)
    }

    fn settle(
        &mut self,
        breaker: &Handle,
        permit: &str,
        ended: Ended,
        told: &mut Told,
    ) -> Option<Settled> {
        let slot = self.0.get_mut(permit)?;
        Some(settle_word(slot, false, breaker, ended, told))
    }
}

pub(crate) struct LowWords(Slots);

impl Entry for LowWords {
    fn new(_breaker: &Handle) -> Self {
        Self(Slots::new())
    }

    fn acquire(&mut self, breaker: &Handle, permit: &str, now: u64, told: &mut Told) -> Verdict {
        acquire_word(&mut self.0, breaker, permit, now, told)
    }

    fn settle(
        &mut self,
        breaker: &Handle,
        permit: &str,
        ended: Ended,
        told: &mut Told,
    ) -> Option<Settled> {
        let slot = self.0.get_mut(permit)?;
        Some(settle_word(slot, true, breaker, ended, told))
    }
}

pub(crate) struct Host {
    words: Words,
    word: *const AtomicU64,
    counter: *mut Counter,
    successes: *const AtomicU64,
}

impl Host {
    fn word(&self) -> u64 {
        // SAFETY: good while the breaker is, which outlives us.
        unsafe { &*self.word }.load(Ordering::Acquire)
    }

    fn count(&self) {
        // SAFETY: good until the counter is freed; we are its one writer.
        let successes = unsafe { &*self.successes };
        successes.store(successes.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }
}

impl Entry for Host {
    fn new(breaker: &Handle) -> Self {
        let mut word = ptr::null();
        let mut counter = ptr::null_mut();
        let mut address = ptr::null_mut();
        // SAFETY: good pointers.
        unsafe {
            assert_eq!((abi().admission_word)(breaker.0, &mut word), OK);
            assert_eq!((abi().counter_new)(breaker.0, &mut counter), OK);
            assert_eq!((abi().counter_address)(counter, &mut address), OK);
        }
        Self {
            words: Words::new(breaker),
            word: word.cast(),
            counter,
            successes: address.cast_const().cast(),
        }
    }

    fn acquire(&mut self, breaker: &Handle, permit: &str, now: u64, told: &mut Told) -> Verdict {
        let word = self.word();
        if word & 1 == 1 {
            return self.words.acquire(breaker, permit, now, told);
        }
        // Read in place: nobody was told the time.
        let ticket = Ticket { word, began: 0 };
        self.words.0.insert(permit.to_owned(), Some(ticket));
        Verdict::Admitted
    }

    fn settle(
        &mut self,
        breaker: &Handle,
        permit: &str,
        ended: Ended,
        told: &mut Told,
    ) -> Option<Settled> {
        let current = self.word();
        let slot = self.words.0.get_mut(permit)?;
        let unchanged = slot.is_some_and(|it| it.word & 1 == 0 && it.word == current);
        if unchanged && ended.outcome == Outcome::Success {
            *slot = None;
            self.count();
            return Some(Settled {
                effect: Effect::Applied,
                transition: None,
            });
        }
        self.words.settle(breaker, permit, ended, told)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // SAFETY: ours, and not freed before.
        unsafe { (abi().counter_free)(self.counter) }
    }
}
