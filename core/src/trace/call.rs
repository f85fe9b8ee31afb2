//! One call, watched until it ends.

use std::future::Future;
use std::io::Write;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::TraceRecorder;
use crate::classifier::Classifier;
use crate::error::CircuitBreakerError;
use crate::machine::{Nanos, Outcome};
use crate::shared::Shared;

/// The breaker's own classifier, and what it said. So the breaker is asked in the ordinary way, and a call
/// that is recorded does what every other does.
pub(super) struct Spy<'a, C> {
    classifier: &'a C,
    said: OnceLock<Outcome>,
}

impl<'a, C> Spy<'a, C> {
    pub(super) const fn new(classifier: &'a C) -> Self {
        Self {
            classifier,
            said: OnceLock::new(),
        }
    }
}

impl<T, E, C: Classifier<T, E>> Classifier<T, E> for Spy<'_, C> {
    fn classify(&self, result: Result<&T, &E>) -> Outcome {
        let outcome = self.classifier.classify(result);
        *self.said.get_or_init(|| outcome)
    }

    fn retry_after(&self, failure: Result<&T, &E>) -> Option<Duration> {
        self.classifier.retry_after(failure)
    }
}

/// A call that is to be written down once, whatever becomes of it.
pub(super) struct Note<'a, W: Write> {
    recorder: &'a TraceRecorder<W>,
    shared: &'a Shared,
    began: Nanos,
    /// What it means to be dropped.
    dropped: Outcome,
    panicked: AtomicBool,
}

impl<'a, W: Write> Note<'a, W> {
    pub(super) fn begin(
        recorder: &'a TraceRecorder<W>,
        shared: &'a Shared,
        dropped: Outcome,
    ) -> Self {
        Self {
            recorder,
            shared,
            began: shared.now(),
            dropped,
            panicked: AtomicBool::new(false),
        }
    }

    /// The call has ended.
    pub(super) fn end<T, E, C>(self, result: &Result<T, CircuitBreakerError<E>>, spy: &Spy<'_, C>) {
        match (result, spy.said.get()) {
            (Err(CircuitBreakerError::Open(_)), _) => {
                self.recorder.note_rejection(self.began);
                mem::forget(self);
            }
            (_, Some(outcome)) => {
                let outcome = *outcome;
                self.recorder.note(self.began, self.shared.now(), outcome);
                mem::forget(self);
            }
            // A result that nobody classified; there is none. Dropped, it is noted all the same.
            (_, None) => {}
        }
    }
}

impl<W: Write> Drop for Note<'_, W> {
    fn drop(&mut self) {
        let outcome = if *self.panicked.get_mut() {
            Outcome::Failure
        } else {
            self.dropped
        };
        // The clock may be the user's, and panic while the call's own panic unwinds.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            self.recorder.note(self.began, self.shared.now(), outcome);
        }));
    }
}

pin_project! {
    /// A call that tells its note if it panics: from outside, a panic looks like any other drop.
    pub(super) struct Watched<'a, 'b, F, W: Write> {
        #[pin]
        call: F,
        note: &'a Note<'b, W>,
    }
}

impl<'a, 'b, F, W: Write> Watched<'a, 'b, F, W> {
    pub(super) const fn new(call: F, note: &'a Note<'b, W>) -> Self {
        Self { call, note }
    }
}

impl<F: Future, W: Write> Future for Watched<'_, '_, F, W> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let panicking = Panicking(&this.note.panicked);
        let poll = this.call.poll(cx);
        mem::forget(panicking);
        poll
    }
}

/// Dropped only by a panic.
struct Panicking<'a>(&'a AtomicBool);

impl Drop for Panicking<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
