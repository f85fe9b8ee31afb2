//! Writing calls down, to be replayed through other configurations.

mod call;
#[cfg(test)]
mod tests;

use std::fmt;
use std::future::Future;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use call::{Note, Spy, Watched};

use crate::breaker::CircuitBreaker;
use crate::classifier::Classifier;
use crate::error::CircuitBreakerError;
use crate::machine::{Nanos, Outcome};

/// Writes down every call that is made through it, one line of JSON for each, when it ends: what
/// `cargo xtask replay` reads, to tell what other configurations would have made of the same calls.
///
/// ```json
/// {"t_ns":1000,"duration_ns":250,"outcome":"success"}
/// {"t_ns":1500,"outcome":"rejected"}
/// ```
///
/// `t_ns` is when the call asked for admission, by the breaker's clock, and only differences mean anything;
/// `outcome` is what the breaker counted (SPEC 1.2), or that it did not admit. Calls overlap, so the lines are
/// not in the order of `t_ns`.
///
/// Any number of threads may use one recorder, for one breaker or several of one clock. A call costs two
/// readings of that clock and a line written under a lock; calls that are not made through a recorder cost
/// nothing. The writer is handed one whole line at a time: give it a
/// [`BufWriter`](std::io::BufWriter), and [`flush`](Self::flush) at the end. If it fails or panics, no call
/// notices: the trace ends there, and [`error`](Self::error) says why.
///
/// ```
/// use k1s0_circuit_breaker::{CircuitBreaker, CircuitBreakerConfig, ManualClock, TraceRecorder};
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// let cb = CircuitBreaker::builder(CircuitBreakerConfig::default())
///     .clock(clock.clone())
///     .build()?;
/// let recorder = TraceRecorder::new(Vec::new());
///
/// let _ = recorder.call_sync(&cb, || {
///     clock.advance(Duration::from_millis(3)); // the call
///     Ok::<_, std::io::Error>(42)
/// });
/// cb.trip();
/// let _ = recorder.call_sync(&cb, || Ok::<_, std::io::Error>(42));
///
/// recorder.flush()?;
/// assert_eq!(
///     String::from_utf8(recorder.into_writer())?,
///     "{\"t_ns\":0,\"duration_ns\":3000000,\"outcome\":\"success\"}\n\
///      {\"t_ns\":3000000,\"outcome\":\"rejected\"}\n"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TraceRecorder<W> {
    output: Mutex<Output<W>>,
}

struct Output<W> {
    writer: W,
    /// The first one; nothing is written after it, for half a line may have been.
    error: Option<Arc<io::Error>>,
}

impl<W: Write> TraceRecorder<W> {
    /// A recorder that writes there.
    pub const fn new(writer: W) -> Self {
        Self {
            output: Mutex::new(Output {
                writer,
                error: None,
            }),
        }
    }

    /// As [`CircuitBreaker::call`], and writes it down.
    ///
    /// If the future is dropped before it is ready, the call is written down as cancelled; if `function` or
    /// its future panics, as a failure. A future that was never polled is no call.
    ///
    /// ```
    /// use k1s0_circuit_breaker::{CircuitBreaker, TraceRecorder};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let cb = CircuitBreaker::default();
    /// let recorder = TraceRecorder::new(std::io::stdout());
    /// let answer = recorder
    ///     .call(&cb, || async { Ok::<_, std::io::Error>(42) })
    ///     .await;
    /// assert_eq!(answer.ok(), Some(42));
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`CircuitBreaker::call`].
    pub async fn call<C, F, Fut, T, E>(
        &self,
        breaker: &CircuitBreaker<C>,
        function: F,
    ) -> Result<T, CircuitBreakerError<E>>
    where
        C: Classifier<T, E>,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let note = Note::begin(self, breaker.shared(), Outcome::Cancelled);
        let spied = breaker.with_classifier(Spy::new(breaker.classifier()));
        let result = Watched::new(spied.call(function), &note).await;
        note.end(&result, spied.classifier());
        result
    }

    /// As [`CircuitBreaker::call_sync`], and writes it down; if `function` panics, as a failure.
    ///
    /// # Errors
    ///
    /// As [`CircuitBreaker::call_sync`].
    pub fn call_sync<C, F, T, E>(
        &self,
        breaker: &CircuitBreaker<C>,
        function: F,
    ) -> Result<T, CircuitBreakerError<E>>
    where
        C: Classifier<T, E>,
        F: FnOnce() -> Result<T, E>,
    {
        let note = Note::begin(self, breaker.shared(), Outcome::Failure);
        let spied = breaker.with_classifier(Spy::new(breaker.classifier()));
        let result = spied.call_sync(function);
        note.end(&result, spied.classifier());
        result
    }

    /// Writes down a call that was made some other way, with a permit for one: when it asked for admission,
    /// when it ended, and how.
    pub fn note(&self, began: Nanos, ended: Nanos, outcome: Outcome) {
        let duration = ended.saturating_sub(began);
        self.write(&format!(
            "{{\"t_ns\":{began},\"duration_ns\":{duration},\"outcome\":\"{outcome}\"}}\n"
        ));
    }

    /// As [`note`](Self::note), of a call that was not admitted.
    pub fn note_rejection(&self, at: Nanos) {
        self.write(&format!("{{\"t_ns\":{at},\"outcome\":\"rejected\"}}\n"));
    }

    /// Flushes the writer.
    ///
    /// # Errors
    ///
    /// The writer's first error, now or while writing earlier.
    pub fn flush(&self) -> io::Result<()> {
        self.attempt(Write::flush);
        match self.error() {
            None => Ok(()),
            Some(error) => Err(io::Error::new(error.kind(), error)),
        }
    }

    /// The writer's first error, if it had one. Nothing has been written after it.
    pub fn error(&self) -> Option<Arc<io::Error>> {
        self.output().error.clone()
    }

    /// The writer, not flushed.
    pub fn into_writer(self) -> W {
        let output = self.output.into_inner();
        output.unwrap_or_else(PoisonError::into_inner).writer
    }

    fn write(&self, line: &str) {
        self.attempt(|writer| writer.write_all(line.as_bytes()));
    }

    /// Has the writer do something, unless it has failed before. Whatever it does, it is not the caller's
    /// trouble, who may be unwinding.
    fn attempt(&self, attempt: impl FnOnce(&mut W) -> io::Result<()>) {
        let output = &mut *self.output();
        if output.error.is_some() {
            return;
        }
        let writer = &mut output.writer;
        let result = catch_unwind(AssertUnwindSafe(|| attempt(writer)))
            .unwrap_or_else(|_panic| Err(io::Error::other("the writer panicked")));
        output.error = result.err().map(Arc::new);
    }

    fn output(&self) -> MutexGuard<'_, Output<W>> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W> fmt::Debug for TraceRecorder<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceRecorder").finish_non_exhaustive()
    }
}
