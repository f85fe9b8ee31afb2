//! A clock that is cheap to read.

use rustix::time::{ClockId, clock_gettime};

use super::Clock;
use crate::machine::Nanos;

/// The kernel's coarse monotonic clock (feature `coarse-clock`, Linux).
///
/// Reading it takes a fifth of what [`SystemClock`](super::SystemClock) takes, so an open breaker rejects
/// several times faster. It moves in ticks of 1 to 10 ms, as the kernel was built: a wait ends up
/// to one tick early or late. It does not follow `tokio::time::pause`.
///
/// ```
/// use k1s0_circuit_breaker::{CircuitBreaker, CircuitBreakerConfig, CoarseClock};
///
/// let cb = CircuitBreaker::builder(CircuitBreakerConfig::default())
///     .clock(CoarseClock)
///     .build()?;
/// # Ok::<(), k1s0_circuit_breaker::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CoarseClock;

impl Clock for CoarseClock {
    fn now(&self) -> Nanos {
        let time = clock_gettime(ClockId::MonotonicCoarse);
        // Neither is negative on this clock; 2^64 ns is 584 years of uptime.
        (time.tv_sec as Nanos)
            .wrapping_mul(1_000_000_000)
            .wrapping_add(time.tv_nsec as Nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_does_not_go_backwards() {
        let mut last = CoarseClock.now();
        assert!(last > 0);
        for _ in 0..10_000 {
            let now = CoarseClock.now();
            assert!(now >= last);
            last = now;
        }
    }
}
