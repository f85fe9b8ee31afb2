//! Entry point `call_sync`: a call that is held is a thread inside its guarded function.
//!
//! A blocked function cannot be cancelled from outside, so a call that its caller gives up is one
//! that returns so and is classified as cancelled.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use k1s0_circuit_breaker::{CircuitBreakerError, Rejection};
use k1s0_conformance::subject::Called;
use k1s0_conformance::vocabulary::{CallResult, Outcome, Settled, Verdict};

use crate::bench::{self, Breaker, Ended, Entry, RESULT, Work};
use crate::compare;

pub(crate) struct Threads {
    breaker: Breaker,
    held: BTreeMap<String, Held>,
}

/// A call that waits to be told how to end.
struct Held {
    end: Option<Sender<Result<u64, Ended>>>,
    thread: Option<JoinHandle<()>>,
}

impl Held {
    fn begin(breaker: Breaker) -> Result<Self, Rejection> {
        let (end, ends) = channel();
        let (begun, begins) = channel();
        let thread = thread::spawn(move || run(&breaker, &begun, &ends));
        let held = Self {
            end: Some(end),
            thread: Some(thread),
        };
        match begins.recv() {
            Ok(verdict) => verdict.map(|()| held),
            Err(error) => panic!("the call neither began nor was rejected: {error}"),
        }
    }

    fn end(mut self, result: Result<u64, Ended>) {
        if let Some(end) = self.end.take() {
            let sent = end.send(result);
            assert_eq!(sent, Ok(()), "the call ended by itself");
        }
    }
}

fn run(
    breaker: &Breaker,
    begun: &Sender<Result<(), Rejection>>,
    ends: &Receiver<Result<u64, Ended>>,
) {
    let ended = breaker.call_sync(|| {
        // Who has begun us waits for this, and so cannot be gone.
        let _ = begun.send(Ok(()));
        ends.recv().unwrap_or(Err(Ended::GaveUp))
    });
    if let Err(CircuitBreakerError::Open(rejection)) = ended {
        let _ = begun.send(Err(rejection));
    }
}

impl Drop for Held {
    /// Lets the call end, and waits until it has.
    fn drop(&mut self) {
        self.end = None;
        if let Some(thread) = self.thread.take()
            && let Err(panic) = thread.join()
            && !thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

impl Entry for Threads {
    fn new(breaker: Breaker) -> Self {
        Self {
            breaker,
            held: BTreeMap::new(),
        }
    }

    fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    fn acquire(&mut self, permit: &str) -> Verdict {
        match Held::begin(self.breaker.clone()) {
            Ok(held) => {
                self.held.insert(permit.to_owned(), held);
                Verdict::Admitted
            }
            Err(rejection) => Verdict::Rejected(compare::rejection(rejection)),
        }
    }

    /// A call does not say what its settlement did, and cannot end twice: then nothing is done.
    fn settle(
        &mut self,
        permit: &str,
        outcome: Outcome,
        retry_after: Option<Duration>,
    ) -> Option<Settled> {
        self.held.remove(permit)?.end(match outcome {
            Outcome::Success => Ok(RESULT),
            Outcome::Failure => Err(Ended::Failed(retry_after)),
            Outcome::Ignored => Err(Ended::Ignored),
            Outcome::Cancelled => Err(Ended::GaveUp),
        });
        None
    }

    fn drop_permit(&mut self, permit: &str) {
        self.held.remove(permit);
    }

    fn call(&mut self, result: CallResult, work: Work) -> Called {
        let runs = Cell::new(0);
        let found = catch_unwind(AssertUnwindSafe(|| {
            self.breaker.call_sync(|| {
                runs.set(runs.get() + 1);
                work.end(result)
            })
        }));
        bench::called(result, runs.get(), found)
    }
}
