//! What is the same for every entry point: making a breaker, its clock, its controls, and what a
//! host keeps of the transitions that it is told.

use std::marker::PhantomData;

use k1s0_conformance::scenario::Config as SuiteConfig;
use k1s0_conformance::subject::{Called, Face, Refused, Subject};
use k1s0_conformance::vocabulary::{
    CallResult, Control, Metrics, Outcome, Recorded, Settled, State, Transition, Verdict,
};

use crate::configure;
use crate::entry::{Ended, Entry};
use crate::support::abi::{Abi, Breaker, Handle, INVALID_CONFIG, OK, Transitions, abi, buffer};
use crate::support::words;

/// The face that has one entry point.
pub(crate) struct EntryPoint<E>(PhantomData<E>);

impl<E> EntryPoint<E> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<E: Entry + 'static> Face for EntryPoint<E> {
    fn make(&self, configured: &SuiteConfig) -> Result<Box<dyn Subject>, Refused> {
        if let Some(refused) = configure::what_no_field_holds(configured) {
            return Err(refused);
        }
        let own = configure::config(configured);
        let breaker = Handle::new(Some(&own)).map_err(|(result, error)| {
            assert_eq!(result, INVALID_CONFIG);
            let refused = Refused {
                field: buffer(&error.field),
                value: buffer(&error.value),
                range: buffer(&error.range),
            };
            let sentence = format!(
                "{} is {}; it must be {}",
                refused.field, refused.value, refused.range
            );
            assert_eq!(buffer(&error.message), sentence);
            refused
        })?;
        Ok(Box::new(Bench {
            entry: E::new(&breaker),
            told: Told::default(),
            remembered: Vec::new(),
            now: 0,
            breaker,
        }))
    }
}

/// The transitions that a host has been told.
#[derive(Debug, Default)]
pub(crate) struct Told(Vec<Transition>);

impl Told {
    /// Takes what an operation has told, and answers its first.
    pub(crate) fn take(&mut self, transitions: &Transitions) -> Option<Transition> {
        let told = words::transitions(transitions);
        self.0.extend(&told);
        told.first().copied()
    }
}

/// How many transitions a breaker remembers.
const RECENT: usize = 32;

struct Bench<E> {
    breaker: Handle,
    entry: E,
    told: Told,
    remembered: Vec<Transition>,
    now: u64,
}

impl<E> Bench<E> {
    fn operate(
        &mut self,
        operation: unsafe extern "C" fn(*const Breaker, u64, *mut Transitions) -> i32,
    ) {
        let mut transitions = Transitions::default();
        // SAFETY: good pointers.
        let result = unsafe { operation(self.breaker.0, self.now, &mut transitions) };
        assert_eq!(result, OK);
        self.told.take(&transitions);
    }
}

impl<E: Entry> Subject for Bench<E> {
    fn set_clock(&mut self, now: u64) {
        self.now = now;
    }

    /// The host hands a reading in with every call.
    fn clock_reads(&mut self) -> Option<u64> {
        None
    }

    fn acquire(&mut self, permit: &str) -> Verdict {
        self.entry
            .acquire(&self.breaker, permit, self.now, &mut self.told)
    }

    fn settle(
        &mut self,
        permit: &str,
        outcome: Outcome,
        retry_after: Option<u64>,
    ) -> Option<Settled> {
        let ended = Ended {
            outcome,
            retry_after,
            now: self.now,
        };
        self.entry
            .settle(&self.breaker, permit, ended, &mut self.told)
    }

    /// In C a permit that is abandoned is settled as cancelled.
    fn drop_permit(&mut self, permit: &str) {
        self.settle(permit, Outcome::Cancelled, None);
    }

    fn call(&mut self, result: CallResult, takes: u64) -> Called {
        const CALL: &str = "the guarded call itself";
        if let Verdict::Rejected(rejection) = self.acquire(CALL) {
            return Called::Rejected(rejection);
        }
        let outcome = match result {
            CallResult::Success => Outcome::Success,
            CallResult::Failure | CallResult::Panic => Outcome::Failure,
            CallResult::Ignored => Outcome::Ignored,
            CallResult::Cancel => Outcome::Cancelled,
        };
        self.now += takes;
        match self.settle(CALL, outcome, None) {
            Some(_) => Called::Ran,
            None => Called::Wrong("the permit is gone".to_owned()),
        }
    }

    fn record(&mut self, recorded: Recorded) {
        let Abi {
            record_success,
            record_failure,
            ..
        } = abi();
        self.operate(match recorded {
            Recorded::Success => *record_success,
            Recorded::Failure => *record_failure,
        });
    }

    fn tick(&mut self) {
        self.operate(abi().tick);
    }

    fn control(&mut self, control: Control) {
        let abi = abi();
        self.operate(match control {
            Control::Reset => abi.reset,
            Control::Trip => abi.trip,
            Control::ForceOpen => abi.force_open,
            Control::ForceClosed => abi.force_closed,
            Control::Automatic => abi.automatic,
        });
    }

    fn state(&mut self) -> State {
        words::state(self.breaker.state(self.now))
    }

    fn metrics(&mut self) -> Metrics {
        words::metrics(&self.breaker.metrics(self.now))
    }

    fn transitions(&mut self) -> Vec<Transition> {
        let told = std::mem::take(&mut self.told.0);
        // What is remembered is what was told.
        self.remembered.extend(&told);
        let older = self.remembered.len().saturating_sub(RECENT);
        self.remembered.drain(..older);
        assert_eq!(self.breaker.recent_transitions(), self.remembered);
        told
    }
}
