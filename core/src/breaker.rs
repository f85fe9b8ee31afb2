//! The handle that users hold.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::builder::Builder;
use crate::call::Call;
use crate::classifier::{Classifier, ErrorsAreFailures};
use crate::config::CircuitBreakerConfig;
use crate::counters::HostCounters;
use crate::engine::Engine;
use crate::error::{CircuitBreakerError, ConfigError, Rejection};
use crate::machine::{Outcome, Recorded, Ticket, Transition};
use crate::metrics::CircuitBreakerMetrics;
use crate::permit::{OwnedPermit, Permit, Running};
use crate::shared::Shared;

use crate::machine::State as CircuitBreakerState;

/// A circuit breaker. Cloning it gives another handle to the same breaker.
///
/// It may be used from any number of threads and tasks. No method waits, the `async` ones neither:
/// they are `async` because k1s0's callers await them.
///
/// `C` decides which results are failures; see [`Classifier`] and [`Builder::classifier`].
#[derive(Clone)]
pub struct CircuitBreaker<C = ErrorsAreFailures> {
    shared: Arc<Shared>,
    classifier: C,
}

impl CircuitBreaker {
    /// A breaker with everything else at its default.
    ///
    /// # Panics
    ///
    /// If a threshold is 0. [`try_new`](Self::try_new) answers with an error instead.
    #[expect(
        clippy::panic,
        reason = "documented; the specification's constructor cannot answer with an error"
    )]
    #[track_caller]
    pub fn new(config: CircuitBreakerConfig) -> Self {
        match Self::try_new(config) {
            Ok(breaker) => breaker,
            Err(error) => panic!("{error}"),
        }
    }

    /// A breaker with everything else at its default.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if a threshold is 0 (SPEC 3.1).
    pub fn try_new(config: CircuitBreakerConfig) -> Result<Self, ConfigError> {
        Self::builder(config).build()
    }

    /// Sets everything else: name, probes, clock, classifier, listeners.
    pub fn builder(config: CircuitBreakerConfig) -> Builder {
        Builder::new(config)
    }
}

impl<C> CircuitBreaker<C> {
    pub(crate) const fn from_parts(shared: Arc<Shared>, classifier: C) -> Self {
        Self { shared, classifier }
    }

    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    #[cfg(feature = "tower")]
    pub(crate) const fn classifier(&self) -> &C {
        &self.classifier
    }

    /// The name, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.shared.name()
    }

    /// Another handle to the same breaker, which classifies results in its own way.
    pub fn with_classifier<D>(&self, classifier: D) -> CircuitBreaker<D> {
        CircuitBreaker::from_parts(Arc::clone(&self.shared), classifier)
    }

    /// Guards a future: runs `function` if the breaker admits the call, and records what came of it.
    ///
    /// Admission is asked for when the future is first polled. If the future is dropped before it
    /// is ready, the call counts as cancelled and its slot comes back (SPEC 7.3). If `function` or
    /// its future panics, the call counts as a failure, and the panic goes on (7.4).
    ///
    /// # Errors
    ///
    /// [`CircuitBreakerError::Open`] if the call was not admitted; `function` was not called then.
    /// [`CircuitBreakerError::Inner`] with the error of the guarded call, unchanged.
    #[inline]
    pub fn call<F, Fut, T, E>(&self, function: F) -> Call<'_, C, F, Fut>
    where
        C: Classifier<T, E>,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        Call::new(self, function)
    }

    /// Guards a function that blocks; see [`call`](Self::call).
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    #[inline]
    pub fn call_sync<F, T, E>(&self, function: F) -> Result<T, CircuitBreakerError<E>>
    where
        C: Classifier<T, E>,
        F: FnOnce() -> Result<T, E>,
    {
        let mut began = 0;
        let word = self.shared.admit(&mut began)?;
        let running = Running::new(&self.shared, word, &began);
        let result = function();
        self.conclude(running, result)
    }

    /// Settles the call with its classified result.
    #[inline(always)]
    pub(crate) fn conclude<T, E>(
        &self,
        running: Running<'_>,
        result: Result<T, E>,
    ) -> Result<T, CircuitBreakerError<E>>
    where
        C: Classifier<T, E>,
    {
        let outcome = self.classifier.classify(result.as_ref());
        let asked = match outcome {
            Outcome::Failure => self.classifier.retry_after(result.as_ref()),
            _ => None,
        };
        match asked {
            None => running.settle(outcome),
            Some(asked) => running.fail_with_retry_after(asked),
        }
        result.map_err(CircuitBreakerError::Inner)
    }

    /// Asks for admission (SPEC 4.1, 5, 6.1).
    ///
    /// # Errors
    ///
    /// [`Rejection`] says why not, and when to come back where that is known.
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<'_>, Rejection> {
        Permit::acquire(&self.shared)
    }

    /// Asks for admission; the permit keeps the breaker alive and may go elsewhere.
    ///
    /// # Errors
    ///
    /// As [`try_acquire`](Self::try_acquire).
    pub fn try_acquire_owned(&self) -> Result<OwnedPermit, Rejection> {
        OwnedPermit::acquire(Arc::clone(&self.shared))
    }

    /// A permit from its ticket, as [`Permit::into_ticket`](crate::PermitOf::into_ticket) gave
    /// it, or as a host made it of a word that it read from the [admission word](Self::admission_word).
    ///
    /// Safe with any value: one that no admission of the current epoch gave is stale or already
    /// settled. A ticket that is settled twice counts twice while the breaker is closed; a host that
    /// copies tickets must settle each once.
    pub fn permit_from_ticket(&self, ticket: impl Into<Ticket>) -> OwnedPermit {
        OwnedPermit::of_ticket(Arc::clone(&self.shared), ticket.into())
    }

    /// The admission word, for a host that reads it in place (DESIGN 5, [`Word`]). Read only.
    pub fn admission_word(&self) -> &AtomicU64 {
        self.shared.engine().admission_word()
    }

    /// A success counter for such a host.
    pub fn host_counters(&self) -> HostCounters {
        self.shared.engine().host_counters()
    }

    /// The state as it is now (SPEC 9.1): half-open as soon as the wait is over, though no call has
    /// come yet. Reading changes nothing.
    pub async fn state(&self) -> CircuitBreakerState {
        self.current_state()
    }

    /// As [`state`](Self::state), for code that is not `async`.
    pub fn current_state(&self) -> CircuitBreakerState {
        self.shared.state()
    }

    /// Whether the state is open: calls are rejected now.
    pub fn is_open(&self) -> bool {
        self.current_state() == CircuitBreakerState::Open
    }

    /// State and totals at one moment (SPEC 9.2).
    pub async fn metrics(&self) -> CircuitBreakerMetrics {
        self.snapshot()
    }

    /// As [`metrics`](Self::metrics), for code that is not `async`.
    pub fn snapshot(&self) -> CircuitBreakerMetrics {
        self.shared.snapshot()
    }

    /// Records a success that no permit was taken for (SPEC 8.1).
    pub async fn record_success(&self) {
        self.shared.record(Recorded::Success);
    }

    /// Records a failure that no permit was taken for (SPEC 8.1).
    pub async fn record_failure(&self) {
        self.shared.record(Recorded::Failure);
    }

    /// As [`record_success`](Self::record_success), for code that is not `async`.
    pub fn record_success_sync(&self) {
        self.shared.record(Recorded::Success);
    }

    /// As [`record_failure`](Self::record_failure), for code that is not `async`.
    pub fn record_failure_sync(&self) {
        self.shared.record(Recorded::Failure);
    }

    /// Closes the circuit, ends a forced mode and forgets every count but the totals (SPEC 10.1).
    /// Calls that are running go on; their results are stale.
    pub fn reset(&self) {
        self.shared.control(Engine::reset);
    }

    /// Opens the circuit as a failure would, with a fresh wait. In a forced mode it does nothing
    /// (SPEC 10.2).
    pub fn trip(&self) -> Option<Transition> {
        self.shared.control(Engine::trip)
    }

    /// Rejects every call until [`automatic`](Self::automatic) or [`reset`](Self::reset) (SPEC 10.3).
    pub fn force_open(&self) -> Option<Transition> {
        self.shared.control(Engine::force_open)
    }

    /// Admits every call and only counts, until [`automatic`](Self::automatic) or
    /// [`reset`](Self::reset) (SPEC 10.3).
    pub fn force_closed(&self) -> Option<Transition> {
        self.shared.control(Engine::force_closed)
    }

    /// Counts calls that hang (SPEC 12.5), as the next admission would: for a program whose traffic stops
    /// while its calls hang. Without [`count_hung_calls`](Builder::count_hung_calls) it does nothing; it never
    /// ends a wait.
    pub fn tick(&self) -> Option<Transition> {
        self.shared.tick()
    }

    /// The last transitions, at most 32, the oldest first.
    pub fn recent_transitions(&self) -> Vec<Transition> {
        self.shared.engine().recent_transitions()
    }

    /// Ends a forced mode: the state from before comes back, its wait running on from where it
    /// began (SPEC 10.4).
    pub fn automatic(&self) -> Option<Transition> {
        self.shared.control(Engine::automatic)
    }
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self::new(CircuitBreakerConfig::default())
    }
}

impl<C> fmt::Debug for CircuitBreaker<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker")
            .field("name", &self.name())
            .field("metrics", &self.snapshot())
            .finish_non_exhaustive()
    }
}
