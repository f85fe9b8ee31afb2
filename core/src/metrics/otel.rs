//! Observable OpenTelemetry instruments over live breakers.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use opentelemetry::metrics::Meter;
use opentelemetry::{KeyValue, global};

use super::CircuitBreakerMetrics;
use super::vocabulary::{self as words, Instrument};
use crate::breaker::CircuitBreaker;
use crate::machine::{Outcome, RejectReason, State};
use crate::shared::Shared;

/// OpenTelemetry instruments, and the breakers that they show. Clones share them.
///
/// Nothing happens on the call path: when the SDK collects, the breakers' counters are read. A
/// breaker that is gone is not shown any more; these instruments do not keep it alive. The words
/// are those of [`vocabulary`](super::vocabulary).
///
/// Make one for each meter, and keep it: a meter's instruments cannot be taken back, so a second one
/// on the same meter shows its own breakers beside the first's.
///
/// ```
/// use k1s0_circuit_breaker::{CircuitBreaker, CircuitBreakerConfig, CircuitBreakerInstruments};
///
/// // After `opentelemetry::global::set_meter_provider`.
/// let instruments = CircuitBreakerInstruments::global();
/// let cb = CircuitBreaker::builder(CircuitBreakerConfig::default())
///     .name("payments")
///     .instruments(&instruments)
///     .build()?;
/// # Ok::<(), k1s0_circuit_breaker::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct CircuitBreakerInstruments {
    observed: Arc<Observed>,
}

#[derive(Default)]
struct Observed(Mutex<Vec<Weak<Shared>>>);

impl CircuitBreakerInstruments {
    /// Instruments of this meter.
    pub fn new(meter: &Meter) -> Self {
        let observed = Arc::new(Observed::default());
        observed.calls(meter);
        observed.rejections(meter);
        observed.would_reject(meter);
        observed.slow_calls(meter);
        observed.transitions(meter);
        observed.state(meter);
        observed.success_rate(meter);
        Self { observed }
    }

    /// Instruments of the global meter provider, as it is now: set it first.
    pub fn global() -> Self {
        Self::new(&global::meter(words::SCOPE))
    }

    /// Shows this breaker from now on. [`Builder::instruments`](crate::Builder::instruments) does
    /// it for a new one.
    pub fn observe<C>(&self, breaker: &CircuitBreaker<C>) {
        let breaker = breaker.shared();
        let mut observed = self.observed.lock();
        observed.retain(|known| known.strong_count() > 0);
        if !observed
            .iter()
            .any(|known| known.as_ptr() == Arc::as_ptr(breaker))
        {
            observed.push(Arc::downgrade(breaker));
        }
    }
}

impl Observed {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Weak<Shared>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The live breakers' snapshots by name. Two breakers with one name would write the same series
    /// twice, of which the SDK keeps one; they are given together instead.
    fn by_name(&self) -> BTreeMap<String, Vec<CircuitBreakerMetrics>> {
        // Outside the lock: taking a snapshot may call the user's clock.
        let live: Vec<_> = self.lock().iter().filter_map(Weak::upgrade).collect();
        let mut by_name = BTreeMap::<_, Vec<_>>::new();
        for breaker in live {
            let name = breaker.name().unwrap_or(words::UNNAMED).to_owned();
            by_name.entry(name).or_default().push(breaker.snapshot());
        }
        by_name
    }

    fn calls(self: &Arc<Self>, meter: &Meter) {
        self.counter(meter, &words::CALLS, |breakers, observe| {
            for outcome in Outcome::ALL {
                let attributes = [KeyValue::new(words::OUTCOME.key, outcome.name())];
                observe(sum(breakers, |one| one.calls(outcome)), &attributes);
            }
        });
    }

    fn rejections(self: &Arc<Self>, meter: &Meter) {
        self.by_reason(meter, &words::REJECTIONS, |one, reason| {
            one.rejected_for(reason)
        });
    }

    fn would_reject(self: &Arc<Self>, meter: &Meter) {
        self.by_reason(meter, &words::WOULD_REJECT, |one, reason| {
            one.would_reject_for(reason)
        });
    }

    fn by_reason(
        self: &Arc<Self>,
        meter: &Meter,
        instrument: &Instrument,
        total: fn(&CircuitBreakerMetrics, RejectReason) -> u64,
    ) {
        self.counter(meter, instrument, move |breakers, observe| {
            for reason in RejectReason::ALL {
                let attributes = [KeyValue::new(words::REASON.key, reason.name())];
                observe(sum(breakers, |one| total(one, reason)), &attributes);
            }
        });
    }

    fn slow_calls(self: &Arc<Self>, meter: &Meter) {
        self.counter(meter, &words::SLOW_CALLS, |breakers, observe| {
            observe(sum(breakers, |one| one.slow_count), &[]);
        });
    }

    fn transitions(self: &Arc<Self>, meter: &Meter) {
        self.counter(meter, &words::TRANSITIONS, |breakers, observe| {
            for from in State::ALL {
                for to in State::ALL {
                    let count = sum(breakers, |one| one.transitions_between(from, to));
                    // Most pairs never happen; a series begins with its first transition.
                    if count > 0 {
                        let attributes = [
                            KeyValue::new(words::FROM.key, from.label()),
                            KeyValue::new(words::TO.key, to.label()),
                        ];
                        observe(count, &attributes);
                    }
                }
            }
        });
    }

    /// Every state at every collection: a label that just moved would leave its old series behind.
    fn state(self: &Arc<Self>, meter: &Meter) {
        let observed = Arc::clone(self);
        let gauge = words::STATE_GAUGE;
        meter
            .u64_observable_gauge(gauge.name)
            .with_description(gauge.description)
            .with_unit(gauge.unit)
            .with_callback(move |observer| {
                for (name, breakers) in observed.by_name() {
                    for state in State::ALL {
                        let is = breakers.iter().any(|one| one.state == state);
                        let state = KeyValue::new(words::STATE.key, state.label());
                        observer.observe(is.into(), &[named(&name), state]);
                    }
                }
            })
            .build();
    }

    fn success_rate(self: &Arc<Self>, meter: &Meter) {
        let observed = Arc::clone(self);
        let gauge = words::SUCCESS_RATE;
        meter
            .f64_observable_gauge(gauge.name)
            .with_description(gauge.description)
            .with_unit(gauge.unit)
            .with_callback(move |observer| {
                for (name, breakers) in observed.by_name() {
                    let successes = sum(&breakers, |one| one.success_count);
                    let failures = sum(&breakers, |one| one.failure_count);
                    if let Some(rate) = super::rate(successes, failures) {
                        observer.observe(rate, &[named(&name)]);
                    }
                }
            })
            .build();
    }

    /// A counter whose values `read` observes for the breakers of one name.
    fn counter(
        self: &Arc<Self>,
        meter: &Meter,
        instrument: &Instrument,
        read: impl Fn(&[CircuitBreakerMetrics], &dyn Fn(u64, &[KeyValue])) + Send + Sync + 'static,
    ) {
        let observed = Arc::clone(self);
        meter
            .u64_observable_counter(instrument.name)
            .with_description(instrument.description)
            .with_unit(instrument.unit)
            .with_callback(move |observer| {
                for (name, breakers) in observed.by_name() {
                    read(&breakers, &|value, attributes| {
                        let attributes = [&[named(&name)], attributes].concat();
                        observer.observe(value, &attributes);
                    });
                }
            })
            .build();
    }
}

fn named(name: &str) -> KeyValue {
    KeyValue::new(words::NAME.key, name.to_owned())
}

fn sum(breakers: &[CircuitBreakerMetrics], total: impl Fn(&CircuitBreakerMetrics) -> u64) -> u64 {
    breakers.iter().map(total).sum()
}

impl fmt::Debug for CircuitBreakerInstruments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakerInstruments")
            .field("observed", &self.observed.lock().len())
            .finish_non_exhaustive()
    }
}
