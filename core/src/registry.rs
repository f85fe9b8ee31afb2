//! Named breakers, made when they are first asked for.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::breaker::CircuitBreaker;
use crate::builder::Builder;
use crate::config::CircuitBreakerConfig;
use crate::error::ConfigError;

/// How many breakers a registry holds if nothing else is said.
const DEFAULT_CAPACITY: usize = 1_024;

type Configure = Arc<dyn Fn(&str, Builder) -> Builder + Send + Sync>;

/// Named breakers with shared defaults and exceptions by name. Clones share the breakers.
///
/// A breaker is made when its name is first asked for. There are never more than
/// [`capacity`](RegistryBuilder::capacity); when a new one finds no room, the one that was asked for
/// least recently goes, of those that nobody holds a handle to and that have nothing to remember:
/// closed, no failure pending, not forced. An open breaker is never forgotten, so a service that
/// is sick stays guarded however many names there are.
///
/// ```
/// use k1s0_circuit_breaker::{CircuitBreakerConfig, Registry};
/// use std::time::Duration;
///
/// let registry = Registry::builder(CircuitBreakerConfig::default())
///     .capacity(100)
///     .configure("payments", |builder| builder.half_open_max_calls(2))
///     .build()?;
///
/// let breaker = registry.get("payments")?;
/// assert_eq!(breaker.name(), Some("payments"));
/// breaker.trip();
/// assert!(registry.get("payments")?.is_open());
/// # Ok::<(), k1s0_circuit_breaker::RegistryError>(())
/// ```
#[derive(Clone)]
pub struct Registry {
    inner: Arc<Inner>,
}

struct Inner {
    defaults: Builder,
    overrides: HashMap<String, Configure>,
    configure_all: Option<Configure>,
    capacity: usize,
    breakers: Mutex<Breakers>,
}

#[derive(Default)]
struct Breakers {
    by_name: HashMap<Arc<str>, Entry>,
    /// How often anything was asked for.
    asked: u64,
}

struct Entry {
    breaker: CircuitBreaker,
    /// [`Breakers::asked`] when this one was.
    asked: u64,
}

/// Everything that can be said of a new [`Registry`].
#[must_use = "a builder does nothing until `build`"]
pub struct RegistryBuilder {
    defaults: Builder,
    overrides: HashMap<String, Configure>,
    configure_all: Option<Configure>,
    capacity: usize,
}

/// Why a registry, or a breaker of it, could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The breaker's configuration is out of range.
    #[error("circuit breaker {name:?}: {error}")]
    Config {
        /// The breaker's name.
        name: String,
        /// What is wrong.
        #[source]
        error: ConfigError,
    },
    /// The registry's own configuration is out of range.
    #[error(transparent)]
    Registry(#[from] ConfigError),
    /// There is no room, and every breaker is in use or has something to remember.
    #[error("circuit breaker {name:?}: the registry is full ({capacity} breakers in use)")]
    Full {
        /// The breaker's name.
        name: String,
        /// How many breakers the registry holds at most.
        capacity: usize,
    },
}

impl Registry {
    /// Sets defaults, exceptions and capacity.
    pub fn builder(config: CircuitBreakerConfig) -> RegistryBuilder {
        RegistryBuilder {
            defaults: CircuitBreaker::builder(config),
            overrides: HashMap::new(),
            configure_all: None,
            capacity: DEFAULT_CAPACITY,
        }
    }

    /// The breaker of this name; made, if there is none yet.
    ///
    /// # Errors
    ///
    /// [`RegistryError::Config`] if its configuration is out of range, [`RegistryError::Full`] if
    /// there is no room for another.
    pub fn get(&self, name: &str) -> Result<CircuitBreaker, RegistryError> {
        if let Some(breaker) = self.breakers().look_up(name) {
            return Ok(breaker);
        }
        // The user's `configure` runs here, without the lock; if two threads come at once, the
        // breaker that is there first stays.
        let made = self.make(name)?;
        // Declared before the guard, so that it is dropped after it: what the user gave the evicted
        // breaker goes with it.
        let evicted;
        let mut breakers = self.breakers();
        if let Some(breaker) = breakers.look_up(name) {
            return Ok(breaker);
        }
        if breakers.by_name.len() >= self.inner.capacity {
            evicted = breakers.evict();
            if evicted.is_none() {
                return Err(RegistryError::Full {
                    name: name.to_owned(),
                    capacity: self.inner.capacity,
                });
            }
        }
        breakers.asked += 1;
        let entry = Entry {
            breaker: made.clone(),
            asked: breakers.asked,
        };
        breakers.by_name.insert(name.into(), entry);
        Ok(made)
    }

    /// The breaker of this name, if there is one. It does not count as asked for.
    pub fn find(&self, name: &str) -> Option<CircuitBreaker> {
        self.breakers()
            .by_name
            .get(name)
            .map(|entry| entry.breaker.clone())
    }

    /// Every breaker, sorted by name.
    pub fn all(&self) -> Vec<CircuitBreaker> {
        let mut all: Vec<_> = self
            .breakers()
            .by_name
            .values()
            .map(|entry| entry.breaker.clone())
            .collect();
        all.sort_by(|a, b| a.name().cmp(&b.name()));
        all
    }

    /// How many breakers there are.
    pub fn len(&self) -> usize {
        self.breakers().by_name.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets a breaker. Handles to it stay good, but the next [`get`](Self::get) makes a new one.
    pub fn remove(&self, name: &str) -> Option<CircuitBreaker> {
        self.breakers()
            .by_name
            .remove(name)
            .map(|entry| entry.breaker)
    }

    fn make(&self, name: &str) -> Result<CircuitBreaker, RegistryError> {
        self.inner
            .builder_for(name)
            .build()
            .map_err(|error| RegistryError::Config {
                name: name.to_owned(),
                error,
            })
    }

    fn breakers(&self) -> std::sync::MutexGuard<'_, Breakers> {
        self.inner
            .breakers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn builder_for(&self, name: &str) -> Builder {
        let mut builder = self.defaults.clone();
        for configure in self.configure_all.iter().chain(self.overrides.get(name)) {
            builder = configure(name, builder);
        }
        builder.name(name)
    }
}

impl Breakers {
    fn look_up(&mut self, name: &str) -> Option<CircuitBreaker> {
        let entry = self.by_name.get_mut(name)?;
        self.asked += 1;
        entry.asked = self.asked;
        Some(entry.breaker.clone())
    }

    /// Takes out one that may go, if there is one.
    fn evict(&mut self) -> Option<Entry> {
        let (name, _) = self
            .by_name
            .iter()
            .filter(|(_, entry)| entry.is_idle())
            .min_by_key(|(_, entry)| entry.asked)?;
        let name = Arc::clone(name);
        self.by_name.remove(&name)
    }
}

impl Entry {
    /// Nobody but the registry holds it, and it has nothing to remember.
    fn is_idle(&self) -> bool {
        let shared = self.breaker.shared();
        Arc::strong_count(shared) == 1 && shared.engine().is_idle()
    }
}

impl RegistryBuilder {
    /// How many breakers there may be: 1 or more, 1024 by default.
    pub fn capacity(mut self, breakers: usize) -> Self {
        self.capacity = breakers;
        self
    }

    /// Sets more than the configuration for every breaker: probes, clock, listeners. The name that
    /// it is given is the breaker's.
    pub fn configure_all(
        mut self,
        configure: impl Fn(&str, Builder) -> Builder + Send + Sync + 'static,
    ) -> Self {
        self.configure_all = Some(Arc::new(configure));
        self
    }

    /// What is different for the breaker of this name; applied after
    /// [`configure_all`](Self::configure_all).
    pub fn configure(
        mut self,
        name: impl Into<String>,
        configure: impl Fn(Builder) -> Builder + Send + Sync + 'static,
    ) -> Self {
        self.overrides
            .insert(name.into(), Arc::new(move |_, builder| configure(builder)));
        self
    }

    /// Makes the registry. The defaults and every exception are checked here.
    ///
    /// # Errors
    ///
    /// [`RegistryError::Registry`] if the capacity or the defaults are out of range,
    /// [`RegistryError::Config`] if an exception is.
    pub fn build(self) -> Result<Registry, RegistryError> {
        if self.capacity == 0 {
            return Err(ConfigError::new("capacity", "0".to_owned(), "1 or more".into()).into());
        }
        self.defaults.clone().build()?;
        let registry = Registry {
            inner: Arc::new(Inner {
                defaults: self.defaults,
                overrides: self.overrides,
                configure_all: self.configure_all,
                capacity: self.capacity,
                breakers: Mutex::default(),
            }),
        };
        for name in registry.inner.overrides.keys() {
            registry.make(name)?;
        }
        Ok(registry)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("capacity", &self.inner.capacity)
            .field("breakers", &self.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RegistryBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryBuilder")
            .field("defaults", &self.defaults)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}
