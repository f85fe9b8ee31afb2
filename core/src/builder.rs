//! Making a breaker.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::breaker::CircuitBreaker;
use crate::classifier::ErrorsAreFailures;
use crate::clock::Clock;
use crate::config::{CircuitBreakerConfig, Settings};
use crate::error::ConfigError;
use crate::event::{Listener, Outbox, TransitionEvent};
use crate::shared::{Extras, Shared};

/// Everything that can be said of a new breaker; from [`CircuitBreaker::builder`].
///
/// Values are checked by [`build`](Self::build), not before (SPEC 3.1).
#[derive(Clone)]
#[must_use = "a builder does nothing until `build`"]
pub struct Builder<C = ErrorsAreFailures> {
    settings: Settings,
    name: Option<Arc<str>>,
    clock: Option<Arc<dyn Clock>>,
    listeners: Vec<Listener>,
    #[cfg(feature = "metrics")]
    instruments: Vec<crate::metrics::CircuitBreakerInstruments>,
    classifier: C,
}

impl Builder {
    pub(crate) fn new(config: CircuitBreakerConfig) -> Self {
        Self {
            settings: config.into(),
            name: None,
            clock: None,
            listeners: Vec::new(),
            #[cfg(feature = "metrics")]
            instruments: Vec::new(),
            classifier: ErrorsAreFailures,
        }
    }
}

impl<C> Builder<C> {
    /// The name in metrics, logs and events. Give each breaker its own: metrics of breakers with
    /// one name are added up.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// How many probes may be unsettled at once while half-open: 1 to 65535, 1 by default
    /// (SPEC 6.1). How many of them must succeed is `success_threshold`.
    pub fn half_open_max_calls(mut self, calls: u32) -> Self {
        self.settings.half_open_max_calls = calls.into();
        self
    }

    /// After how long a full set of unsettled probes is given up, and counts as one failure: 1 ms or
    /// more, 60 s by default (SPEC 6.5). Choose it longer than the guarded call's own deadline.
    pub fn probe_timeout(mut self, timeout: Duration) -> Self {
        self.settings.probe_timeout = timeout;
        self
    }

    /// The clock; [`SystemClock`](crate::SystemClock) by default.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Adds a listener, which is told of every transition once, in order (SPEC 9.3).
    ///
    /// It runs on the thread that made the transition (or on one that was telling at the time),
    /// outside every lock, before that operation returns. It may use the breaker; a transition it
    /// makes is told after this one. If it panics, the panic hook reports it, and nothing else
    /// changes.
    pub fn listener(
        mut self,
        listener: impl Fn(&TransitionEvent<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.listeners.push(Arc::new(listener));
        self
    }

    /// Shows the breaker in these OpenTelemetry instruments.
    #[cfg(feature = "metrics")]
    pub fn instruments(mut self, instruments: &crate::metrics::CircuitBreakerInstruments) -> Self {
        self.instruments.push(instruments.clone());
        self
    }

    /// Which results are failures; by default every `Err` is. See
    /// [`Classifier`](crate::Classifier).
    pub fn classifier<D>(self, classifier: D) -> Builder<D> {
        Builder {
            settings: self.settings,
            name: self.name,
            clock: self.clock,
            listeners: self.listeners,
            #[cfg(feature = "metrics")]
            instruments: self.instruments,
            classifier,
        }
    }

    /// Makes the breaker.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the first field that is out of range, its value and the range.
    pub fn build(self) -> Result<CircuitBreaker<C>, ConfigError> {
        let shared = Shared::new(
            self.settings.policy()?,
            Extras {
                name: self.name,
                clock: self.clock,
                outbox: Outbox::new(self.listeners),
            },
        );
        let breaker = CircuitBreaker::from_parts(Arc::new(shared), self.classifier);
        #[cfg(feature = "metrics")]
        for instruments in self.instruments {
            instruments.observe(&breaker);
        }
        Ok(breaker)
    }
}

impl<C> fmt::Debug for Builder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("settings", &self.settings)
            .field("name", &self.name)
            .field("listeners", &self.listeners.len())
            .finish_non_exhaustive()
    }
}
