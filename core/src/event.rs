//! Telling listeners, in order, outside every lock.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use crate::machine::{Machine, Transition};

/// A transition, and whose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransitionEvent<'a> {
    /// The breaker's name, if it has one.
    pub breaker: Option<&'a str>,
    /// What happened.
    pub transition: Transition,
}

pub(crate) type Listener = Arc<dyn Fn(&TransitionEvent<'_>) + Send + Sync>;

/// Listeners, and the transitions that they have not been told of.
pub(crate) struct Outbox {
    listeners: Vec<Listener>,
    order: InOrder,
}

impl Outbox {
    /// None where there is nobody to tell.
    pub(crate) fn new(listeners: Vec<Listener>) -> Option<Self> {
        (!listeners.is_empty()).then(|| Self {
            listeners,
            order: InOrder::new(),
        })
    }

    /// Tells the listeners of this transition, unless another thread is telling them now: then that
    /// one will.
    pub(crate) fn deliver(&self, breaker: Option<&str>, transition: Transition) {
        self.order.deliver(transition, |transition| {
            log(breaker, &transition);
            let event = TransitionEvent {
                breaker,
                transition,
            };
            for listener in &self.listeners {
                // The panic hook has reported it. It must not cost the caller its result, nor
                // the other listeners the event.
                let _ = catch_unwind(AssertUnwindSafe(|| listener(&event)));
            }
        });
    }
}

/// One breaker's transitions, put in order and told one after the other, outside every lock.
///
/// Transitions are made under the breaker's lock and handed over here after it, so two threads may
/// come in the wrong order. Epochs have no gaps (P4), so the order is known: a transition is held
/// back until the one before it has come. One thread at a time tells; whoever comes meanwhile,
/// a listener that uses the breaker among them, leaves its transition and goes.
///
/// A face that has one hands it every transition of the breaker, from the first on.
#[derive(Debug)]
pub struct InOrder {
    queue: Mutex<Queue>,
}

#[derive(Debug)]
struct Queue {
    waiting: BTreeMap<u64, Transition>,
    /// The epoch of the next transition to tell.
    next: u64,
    delivering: bool,
}

impl InOrder {
    /// For a breaker that has made no transition yet.
    pub const fn new() -> Self {
        Self {
            queue: Mutex::new(Queue {
                waiting: BTreeMap::new(),
                next: Machine::FIRST_EPOCH + 1,
                delivering: false,
            }),
        }
    }

    /// Hands this transition, and those that waited for it, to `tell`, unless another thread is telling
    /// now: then that one will. `tell` must not panic.
    pub fn deliver(&self, transition: Transition, mut tell: impl FnMut(Transition)) {
        {
            let queue = &mut *self.queue();
            queue.waiting.insert(transition.epoch, transition);
            if queue.delivering {
                return;
            }
            queue.delivering = true;
        }
        while let Some(transition) = self.next() {
            tell(transition);
        }
    }

    /// The thread that is telling, if there is one, will not go on: for the child of a fork, which has
    /// only the thread that forked. Whoever comes next tells what was left.
    pub fn forget_the_teller(&self) {
        self.queue().delivering = false;
    }

    fn next(&self) -> Option<Transition> {
        let queue = &mut *self.queue();
        let next = queue.waiting.remove(&queue.next);
        match next {
            Some(_) => queue.next += 1,
            None => queue.delivering = false,
        }
        next
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for InOrder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox")
            .field("listeners", &self.listeners.len())
            .finish_non_exhaustive()
    }
}

/// One event per transition; rejections are not logged, there may be thousands a second.
#[cfg(feature = "tracing")]
pub(crate) fn log(breaker: Option<&str>, transition: &Transition) {
    let Transition {
        from,
        to,
        epoch,
        reason,
        ..
    } = transition;
    tracing::event!(
        target: "k1s0_circuit_breaker",
        tracing::Level::WARN,
        breaker,
        from = from.label(),
        to = to.label(),
        epoch,
        reason = reason.name(),
        "circuit breaker {} -> {}", from.label(), to.label(),
    );
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn log(_breaker: Option<&str>, _transition: &Transition) {}
