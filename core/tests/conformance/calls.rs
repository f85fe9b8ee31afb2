//! Entry point `call`: a call that is held is a pending future, and one that is given up is dropped.
//! Records, state and metrics go through their `async` forms too.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use k1s0_circuit_breaker::CircuitBreakerError;
use k1s0_conformance::subject::Called;
use k1s0_conformance::vocabulary::{
    CallResult, Metrics, Outcome, Recorded, Settled, State, Verdict,
};

use crate::bench::{self, Breaker, Ended, Entry, RESULT, Work};
use crate::compare;

type Ending = Rc<Cell<Option<Result<u64, Ended>>>>;

pub(crate) struct Futures {
    breaker: Breaker,
    held: BTreeMap<String, Held>,
}

struct Held {
    future: Pin<Box<dyn Future<Output = Result<u64, CircuitBreakerError<Ended>>>>>,
    end: Ending,
}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// The breaker's own `async` methods never wait.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match poll(pin!(future)) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it should not wait"),
    }
}

impl Entry for Futures {
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
        let breaker = self.breaker.clone();
        let end = Ending::default();
        let ends = Rc::clone(&end);
        let mut future = Box::pin(async move {
            let ended = || poll_fn(|_| ends.take().map_or(Poll::Pending, Poll::Ready));
            breaker.call(ended).await
        });
        match poll(future.as_mut()) {
            Poll::Pending => {
                self.held.insert(permit.to_owned(), Held { future, end });
                Verdict::Admitted
            }
            Poll::Ready(Err(CircuitBreakerError::Open(rejection))) => {
                Verdict::Rejected(compare::rejection(rejection))
            }
            Poll::Ready(other) => panic!("a call that nobody has ended gave {other:?}"),
        }
    }

    /// A call does not say what its settlement did, and cannot end twice: then nothing is done.
    fn settle(
        &mut self,
        permit: &str,
        outcome: Outcome,
        retry_after: Option<Duration>,
    ) -> Option<Settled> {
        let mut held = self.held.remove(permit)?;
        let result = match outcome {
            Outcome::Success => Ok(RESULT),
            Outcome::Failure => Err(Ended::Failed(retry_after)),
            Outcome::Ignored => Err(Ended::Ignored),
            // Dropped while it is pending.
            Outcome::Cancelled => return None,
        };
        held.end.set(Some(result));
        let found = poll(held.future.as_mut());
        let unchanged = found == Poll::Ready(result.map_err(CircuitBreakerError::Inner));
        assert!(unchanged, "ended with {result:?}, gave {found:?}");
        None
    }

    fn drop_permit(&mut self, permit: &str) {
        self.held.remove(permit);
    }

    fn call(&mut self, result: CallResult, work: Work) -> Called {
        let runs = Cell::new(0);
        let mut waited = false;
        let mut future = Box::pin(self.breaker.call(|| async {
            runs.set(runs.get() + 1);
            // Pending once, so that the permit has to last from one poll to the next.
            poll_fn(|_| {
                if std::mem::replace(&mut waited, true) {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
            .await;
            match result {
                CallResult::Cancel => {
                    work.take_time();
                    pending().await
                }
                _ => work.end(result),
            }
        }));
        let mut next = || catch_unwind(AssertUnwindSafe(|| poll(future.as_mut())));
        let found = match next() {
            Ok(Poll::Pending) => next(),
            ready => ready,
        };
        match found {
            Ok(Poll::Ready(ended)) => bench::called(result, runs.get(), Ok(ended)),
            Err(panic) => bench::called(result, runs.get(), Err(panic)),
            Ok(Poll::Pending) => {
                drop(future);
                let gave_up = Err(CircuitBreakerError::Inner(Ended::GaveUp));
                bench::called(result, runs.get(), Ok(gave_up))
            }
        }
    }

    fn record(&mut self, recorded: Recorded) {
        match recorded {
            Recorded::Success => at_once(self.breaker.record_success()),
            Recorded::Failure => at_once(self.breaker.record_failure()),
        }
    }

    fn state(&mut self) -> State {
        compare::state(at_once(self.breaker.state()))
    }

    fn metrics(&mut self) -> Metrics {
        compare::metrics(&at_once(self.breaker.metrics()))
    }
}
