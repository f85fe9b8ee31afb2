//! Making a breaker.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::breaker::CircuitBreaker;
use crate::classifier::ErrorsAreFailures;
use crate::clock::Clock;
use crate::config::{CircuitBreakerConfig, Settings, WindowSize};
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

    /// Failures in a row do not open the circuit: a failure rate or slow calls do, one of which must be set
    /// (SPEC 3.2, 11.5).
    pub fn failure_threshold_off(mut self) -> Self {
        self.settings.failure_threshold = None;
        self
    }

    /// Opens the circuit when so large a part of the [window](Self::window)'s calls failed: more than 0, at
    /// most 1 (SPEC 11.4). It holds beside `failure_threshold`; what is met first opens.
    ///
    /// ```
    /// use k1s0_circuit_breaker::{CircuitBreaker, CircuitBreakerConfig, WindowSize};
    /// use std::time::Duration;
    ///
    /// // Opens when half of the calls of the last ten seconds failed, if there were twenty.
    /// let cb = CircuitBreaker::builder(CircuitBreakerConfig::default())
    ///     .failure_threshold_off()
    ///     .failure_rate(0.5)
    ///     .window(WindowSize::time(Duration::from_secs(10)))
    ///     .build()?;
    /// # Ok::<(), k1s0_circuit_breaker::ConfigError>(())
    /// ```
    pub fn failure_rate(mut self, rate: f64) -> Self {
        self.settings.failure_rate = Some(rate);
        self
    }

    /// Fewer calls in the window than this decide nothing: 1 to 4294967295, 20 by default, no more than a
    /// window of calls can hold (SPEC 11.4).
    pub fn minimum_calls(mut self, calls: u32) -> Self {
        self.settings.minimum_calls = calls.into();
        self
    }

    /// Which calls the rates are about: the last 100 by default (SPEC 11.2, 11.3).
    ///
    /// A window of calls costs a healthy call nothing, whatever its size, and two bits of memory for each
    /// call. A window of time costs a healthy call a reading of the clock, and 24 bytes for each stretch.
    pub fn window(mut self, window: WindowSize) -> Self {
        self.settings.window = window;
        self
    }

    /// Calls that take so long or longer are slow: 1 ns or more, off by default (SPEC 12.1). The circuit opens
    /// when [`slow_call_rate`](Self::slow_call_rate) of the window's calls were. Costs two readings of the
    /// clock for each call.
    pub fn slow_call_duration(mut self, duration: Duration) -> Self {
        self.settings.slow_call_duration = Some(duration);
        self
    }

    /// How large a part of the window's calls may be slow: more than 0, at most 1; 0.8 by default (SPEC 12.2).
    pub fn slow_call_rate(mut self, rate: f64) -> Self {
        self.settings.slow_call_rate = rate;
        self
    }

    /// As [`minimum_calls`](Self::minimum_calls), for slow calls; 20 by default.
    pub fn slow_minimum_calls(mut self, calls: u32) -> Self {
        self.settings.slow_minimum_calls = calls.into();
        self
    }

    /// Whether a call counts as slow as soon as it has been in flight for `slow_call_duration`, and not only
    /// when it ends (SPEC 12.5): so a service that hangs opens the circuit before its callers' timeouts end.
    /// Off by default. It is noticed at the next admission or [`tick`](CircuitBreaker::tick), at most a
    /// sixteenth of the duration late. Costs the lock twice for each call, and 104 bytes for each breaker.
    pub fn count_hung_calls(mut self, count: bool) -> Self {
        self.settings.count_hung_calls = count;
        self
    }

    /// Each wait by the one before it, while the circuit does not stay closed for as long as it last waited: 1
    /// to 100 times, 1 by default (SPEC 13.1, 13.2).
    pub fn backoff_multiplier(mut self, multiplier: f64) -> Self {
        self.settings.backoff_multiplier = multiplier;
        self
    }

    /// The longest wait, `timeout` or more: by default 10 minutes, or `timeout` where that is longer. It also
    /// limits what a server may ask for (SPEC 13.1, 13.4).
    pub fn max_timeout(mut self, timeout: Duration) -> Self {
        self.settings.max_timeout = Some(timeout);
        self
    }

    /// How large a part of itself a wait may be off, to either side, so that many processes do not come back
    /// at once: 0 to 1, 0 by default (SPEC 13.1).
    pub fn jitter(mut self, jitter: f64) -> Self {
        self.settings.jitter = jitter;
        self
    }

    /// Where the random numbers for the jitter begin, for tests; otherwise one is drawn.
    pub fn jitter_seed(mut self, seed: u64) -> Self {
        self.settings.jitter_seed = Some(seed);
        self
    }

    /// Decides and tells, but rejects nothing: what would have been is counted (SPEC 14). For trying a
    /// configuration on real traffic; off by default.
    pub fn shadow(mut self, shadow: bool) -> Self {
        self.settings.shadow = shadow;
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
    ///
    /// A limit: while other threads make transitions faster than the listeners take them, the thread
    /// that tells goes on telling and what it has still to tell grows, so a listener hands long work on.
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
            &self.settings.rules()?,
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
