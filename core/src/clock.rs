//! Time sources. Only this file and those below it read a clock.

#[cfg(all(feature = "coarse-clock", target_os = "linux"))]
mod coarse;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::config::nanos;
use crate::machine::Nanos;

#[cfg(all(feature = "coarse-clock", target_os = "linux"))]
pub use coarse::CoarseClock;

/// A monotonic clock.
///
/// `now` counts nanoseconds from an origin of the clock's choosing. It should never go backwards;
/// where it does, nothing opens, closes or panics, and a running wait begins again once (SPEC 2.3).
/// It is called outside every lock, only when time decides something, and may panic or use the
/// breaker.
pub trait Clock: Send + Sync {
    /// The time now, in nanoseconds.
    fn now(&self) -> Nanos;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Nanos {
        (**self).now()
    }
}

/// The clock of a breaker that was given none: `tokio::time::Instant` with feature `tokio`, so that
/// `tokio::time::pause()` and `advance()` work in tests, else `std::time::Instant`.
///
/// It is monotonic. Whether it counts while the machine is suspended is the platform's choice (on
/// Linux it does not).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SystemClock;

/// Where the first reading of this process lies on our scale. The middle of the range, because a
/// paused tokio clock may well be behind that reading.
const ORIGIN: Nanos = 1 << 62;

impl Clock for SystemClock {
    fn now(&self) -> Nanos {
        static FIRST: OnceLock<std::time::Instant> = OnceLock::new();

        let now = instant();
        let first = *FIRST.get_or_init(|| now);
        match now.checked_duration_since(first) {
            // Below 2^63, so nothing has to be looked at twice.
            Some(after) if after.as_secs() < 1 << 32 => {
                ORIGIN + after.as_secs() * 1_000_000_000 + Nanos::from(after.subsec_nanos())
            }
            _ => far(first, now),
        }
    }
}

/// As above, before the first reading or 136 years after it. Out of line, for it is in the way of every
/// rejection.
#[cold]
#[inline(never)]
fn far(first: std::time::Instant, now: std::time::Instant) -> Nanos {
    match now.checked_duration_since(first) {
        Some(after) => ORIGIN.saturating_add(nanos(after)),
        None => ORIGIN.saturating_sub(nanos(first.duration_since(now))),
    }
}

#[cfg(feature = "tokio")]
fn instant() -> std::time::Instant {
    tokio::time::Instant::now().into_std()
}

#[cfg(not(feature = "tokio"))]
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the clock is read"
)]
fn instant() -> std::time::Instant {
    std::time::Instant::now()
}

/// A clock that is set by hand, for tests. Clones share one time.
///
/// ```
/// use k1s0_circuit_breaker::{CircuitBreaker, CircuitBreakerConfig, ManualClock};
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// let cb = CircuitBreaker::builder(CircuitBreakerConfig::default())
///     .clock(clock.clone())
///     .build()?;
/// cb.trip();
/// assert_eq!(cb.current_state(), "Open");
/// clock.advance(Duration::from_secs(30));
/// assert_eq!(cb.current_state(), "HalfOpen");
/// # Ok::<(), k1s0_circuit_breaker::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ManualClock {
    now: Arc<AtomicU64>,
}

impl ManualClock {
    /// A clock at 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves the clock forward. It stops at the largest value.
    pub fn advance(&self, by: Duration) {
        let by = nanos(by);
        // Never fails: the function always answers with a new value.
        let _ = self
            .now
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| {
                Some(now.saturating_add(by))
            });
    }

    /// Sets the clock, backwards too.
    pub fn set(&self, now: Nanos) {
        self.now.store(now, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Nanos {
        self.now.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn readings_before_the_first_and_long_after_it_are_on_the_scale() {
        let first = instant();
        let second = Duration::from_secs(1);
        assert_eq!(far(first, first), ORIGIN);
        assert_eq!(far(first, first + second), ORIGIN + 1_000_000_000);
        assert_eq!(far(first + second, first), ORIGIN - 1_000_000_000);
        let later: Option<Instant> = first.checked_add(Duration::from_secs(1 << 34));
        if let Some(later) = later {
            assert_eq!(far(first, later), Nanos::MAX);
        }
        let one = SystemClock.now();
        let two = SystemClock.now();
        assert!(ORIGIN <= one && one <= two && two < ORIGIN + 3_600_000_000_000);
    }
}
