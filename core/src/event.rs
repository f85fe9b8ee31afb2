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
        self.order.deliver(0, transition, |transition| {
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
    /// The process that all this is about.
    process: u32,
}

impl InOrder {
    /// For a breaker that has made no transition yet.
    pub const fn new() -> Self {
        Self {
            queue: Mutex::new(Queue {
                waiting: BTreeMap::new(),
                next: Machine::FIRST_EPOCH + 1,
                delivering: false,
                process: 0,
            }),
        }
    }

    /// Hands this transition, and those that waited for it, to `tell`, unless another thread is telling
    /// now: then that one will. `tell` must not panic.
    ///
    /// `process` tells the child of a fork from its parent, for faces whose processes fork: any number that is
    /// another in each, and 0 in one that is nobody's child. In a child, a thread that was telling does not go on, and
    /// what was not told before the fork is told by the parent.
    pub fn deliver(&self, process: u32, transition: Transition, mut tell: impl FnMut(Transition)) {
        {
            let queue = &mut *self.queue();
            if queue.process != process {
                *queue = Queue {
                    waiting: BTreeMap::new(),
                    next: transition.epoch,
                    delivering: false,
                    process,
                };
            }
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

    fn next(&self) -> Option<Transition> {
        let queue = &mut *self.queue();
        // An earlier one than the next is a child's, whose threads came in the wrong order at once.
        match queue.waiting.first_entry() {
            Some(first) if *first.key() <= queue.next => {
                queue.next = queue.next.max(*first.key() + 1);
                Some(first.remove())
            }
            _ => {
                queue.delivering = false;
                None
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::engine::Engine;

    /// Transitions with the epochs 2, 3, and so on.
    fn transitions(count: usize) -> Vec<Transition> {
        let engine = Engine::new(&Settings::default().rules().expect("the defaults are good"));
        (0..count).filter_map(|_| engine.reset(0)).collect()
    }

    fn deliver(order: &InOrder, process: u32, made: Transition) -> Vec<u64> {
        let mut told = Vec::new();
        order.deliver(process, made, |made| told.push(made.epoch));
        told
    }

    #[test]
    fn one_that_comes_too_early_waits() {
        let (order, made) = (InOrder::new(), transitions(3));
        assert!(deliver(&order, 0, made[1]).is_empty());
        assert_eq!(deliver(&order, 0, made[0]), [2, 3]);
        assert_eq!(deliver(&order, 0, made[2]), [4]);
    }

    #[test]
    fn a_child_begins_with_its_own() {
        let (order, made) = (InOrder::new(), transitions(6));
        let mut told = Vec::new();
        order.deliver(0, made[0], |_| {
            // Here the process forks. The one that waits is the parent's.
            assert!(deliver(&order, 0, made[1]).is_empty());
            told.extend(deliver(&order, 1, made[4]));
            told.extend(deliver(&order, 1, made[3]));
            told.extend(deliver(&order, 1, made[5]));
        });
        assert_eq!(told, [6, 5, 7]);
    }
}
