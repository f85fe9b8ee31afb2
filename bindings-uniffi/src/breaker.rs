//! The breaker.

use std::sync::{Arc, Mutex, PoisonError};

use breaker::engine::Engine;
use breaker::machine::{Ending, NeedsNow, Recorded, Ticket, Verdict, Word};
use breaker::{HostCounters, Outcome, Transition};

use crate::config::{Refused, Settings};
use crate::explained::Explained;
use crate::metrics::Metrics;
use crate::transition::{self, Made};

/// A breaker. Times are readings of the host's clock in nanoseconds.
#[derive(Debug, uniffi::Object)]
pub struct NativeBreaker {
    pub(crate) engine: Engine,
    /// What the host counts in; they live as long as this.
    counters: Mutex<Vec<HostCounters>>,
}

/// What came of asking for leave.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Asked {
    /// The permit; none where the call is rejected.
    pub word: Option<u64>,
    /// Why it is rejected.
    pub reason: u8,
    /// What is left of the wait, if anybody can say.
    pub retry_after: Option<u64>,
    /// The change of state that asking made.
    pub made: Option<Made>,
}

/// What a settlement did.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Settled {
    /// Whether it counted.
    pub effect: u8,
    /// The change of state that it made.
    pub made: Option<Made>,
}

#[uniffi::export]
impl NativeBreaker {
    /// A closed breaker.
    #[uniffi::constructor]
    pub fn new(settings: &Settings) -> Result<Arc<Self>, Refused> {
        let rules = breaker::config::Settings::from(settings).rules()?;
        Ok(Arc::new(Self {
            engine: Engine::new(&rules),
            counters: Mutex::default(),
        }))
    }

    /// Where the admission word is: 64 bits, to be read only. Good while the host holds this object.
    pub fn admission_address(&self) -> u64 {
        self.engine.admission_word().as_ptr() as u64
    }

    /// Where a new counter of successes is: 64 bits, of which nothing else in the process writes. The host must add to it
    /// from one thread at a time, or atomically. Good while the host holds this object.
    pub fn counter_address(&self) -> u64 {
        let counter = self.engine.host_counters();
        let address = counter.success_cell().as_ptr() as u64;
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        counters.push(counter);
        address
    }

    /// Where this object is, for what `direct.rs` exports.
    pub fn address(&self) -> u64 {
        std::ptr::from_ref(self) as u64
    }

    /// Asks for leave to make a call.
    pub fn acquire(&self, now: u64) -> Asked {
        let admission = decided(self.engine.admit(Some(now)));
        let made = admission.transition.map(Made::from);
        match admission.verdict {
            Verdict::Admitted(word) => admitted(word, made),
            Verdict::Shadowed { .. } => admitted(Word::SHADOW, made),
            Verdict::Rejected {
                reason,
                retry_after,
            } => Asked {
                word: None,
                reason: reason as u8,
                retry_after,
                made,
            },
        }
    }

    /// Settles a permit, whole or its low 32 bits. `began` is the `now` that it was asked for with, 0 if the word was read in
    /// place. Each is to be settled once; the host sees to it.
    pub fn settle(
        &self,
        word: u64,
        began: u64,
        outcome: u8,
        retry_after: Option<u64>,
        now: u64,
    ) -> Settled {
        let outcome = outcome_of(outcome);
        let ticket = Ticket {
            word: Word::from_bits(word),
            began,
        };
        let ending = Ending {
            outcome,
            // A breaker makes room for it, so it is not to be bothered in vain.
            retry_after: retry_after.filter(|_| outcome == Outcome::Failure),
        };
        let settlement = decided(self.engine.settle(ticket, ending, Some(now)));
        Settled {
            effect: settlement.effect as u8,
            made: settlement.transition.map(Made::from),
        }
    }

    /// Records a result that no permit was taken for.
    pub fn record(&self, success: bool, now: u64) -> Vec<Made> {
        let recorded = if success {
            Recorded::Success
        } else {
            Recorded::Failure
        };
        let recording = decided(self.engine.record(recorded, Some(now)));
        transition::all(recording.transitions.into_iter().flatten())
    }

    /// See core's `Engine::reset`; and so on.
    pub fn reset(&self, now: u64) -> Option<Made> {
        made(self.engine.reset(now))
    }

    /// Opens the circuit as a failure would.
    pub fn trip(&self, now: u64) -> Option<Made> {
        made(self.engine.trip(now))
    }

    /// Rejects every call.
    pub fn force_open(&self, now: u64) -> Option<Made> {
        made(self.engine.force_open(now))
    }

    /// Lets every call through.
    pub fn force_closed(&self, now: u64) -> Option<Made> {
        made(self.engine.force_closed(now))
    }

    /// Ends a forced mode.
    pub fn automatic(&self, now: u64) -> Option<Made> {
        made(self.engine.automatic(now))
    }

    /// Looks for calls that hang.
    pub fn tick(&self, now: u64) -> Option<Made> {
        made(self.engine.tick(now))
    }

    /// The state.
    pub fn state(&self, now: u64) -> u8 {
        decided(self.engine.state(Some(now))) as u8
    }

    /// State and totals.
    pub fn metrics(&self, now: u64) -> Metrics {
        decided(self.engine.snapshot(Some(now))).into()
    }

    /// Why it is as it is. `name` is the breaker's.
    pub fn explain(&self, name: Option<String>, now: u64) -> Explained {
        let mut explanation = decided(self.engine.explain(Some(now)));
        explanation.name = name.map(Into::into);
        explanation.into()
    }

    /// The last transitions, the oldest first.
    pub fn recent_transitions(&self) -> Vec<Made> {
        transition::all(self.engine.recent_transitions())
    }
}

fn admitted(word: Word, made: Option<Made>) -> Asked {
    Asked {
        word: Some(word.to_bits()),
        reason: 0,
        retry_after: None,
        made,
    }
}

fn made(transition: Option<Transition>) -> Option<Made> {
    transition.map(Made::from)
}

/// The outcome of this number; a wrong one is a defect of the face, and says nothing of the service.
fn outcome_of(number: u8) -> Outcome {
    let known = Outcome::ALL.get(usize::from(number));
    known.copied().unwrap_or(Outcome::Ignored)
}

/// What the engine has decided. It was told the time, so it has no more to ask.
fn decided<T>(answer: Result<T, NeedsNow>) -> T {
    match answer {
        Ok(decided) => decided,
        Err(NeedsNow) => unreachable!("the engine asks for a time that it was told"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use breaker::{CircuitBreakerState as State, Effect, Reason, RejectReason};

    use super::*;
    use crate::config::default_settings;

    #[test]
    fn numbers_are_places_in_cores_lists() {
        for (number, outcome) in (0..).zip(Outcome::ALL) {
            assert_eq!(outcome_of(number), outcome);
        }
        assert!((0..).zip(State::ALL).all(|(at, it)| it as u8 == at));
        assert!((0..).zip(Effect::ALL).all(|(at, it)| it as u8 == at));
        assert!((0..).zip(Reason::ALL).all(|(at, it)| it as u8 == at));
        assert!((0..).zip(RejectReason::ALL).all(|(at, it)| it as u8 == at));
    }

    #[test]
    fn what_is_counted_in_place_is_in_the_totals() {
        let breaker = NativeBreaker::new(&default_settings()).expect("the defaults are good");
        for successes in [3, 4] {
            let address = breaker.counter_address() as *const AtomicU64;
            // SAFETY: a counter's address is good while its breaker lives.
            unsafe { &*address }.fetch_add(successes, Ordering::Relaxed);
        }
        assert_eq!(breaker.metrics(0).success_count, 7);
    }
}
