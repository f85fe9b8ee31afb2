//! The configuration, its defaults and its ranges (SPEC 3).

use alloc::string::ToString;
use core::fmt;
use core::time::Duration;

use crate::error::ConfigError;
use crate::machine::{NEVER, Nanos, Policy};

/// When a circuit breaker opens, how long it stays open, and when it closes.
///
/// These three fields are the whole of it; everything else is set on the
/// [builder](crate::CircuitBreaker::builder).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CircuitBreakerConfig {
    /// Failures in a row that open the circuit: 1 to 4294967295, 5 by default (SPEC 4.3).
    pub failure_threshold: u32,
    /// Successful probes that close it again: 1 to 4294967295, 3 by default (SPEC 6.2).
    pub success_threshold: u32,
    /// How long an open circuit rejects calls, 30 s by default. 0 makes the next call a probe;
    /// 2^64 ns or more means for ever (SPEC 5.1, 2.4).
    pub timeout: Duration,
}

impl Default for CircuitBreakerConfig {
    fn default() -> Self {
        Self {
            failure_threshold: 5,
            success_threshold: 3,
            timeout: Duration::from_secs(30),
        }
    }
}

/// Everything that can be configured, before it is checked. Faces fill it in with what their user
/// said, in types wide enough that a bad value arrives here as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// See [`CircuitBreakerConfig::failure_threshold`].
    pub failure_threshold: u64,
    /// See [`CircuitBreakerConfig::success_threshold`].
    pub success_threshold: u64,
    /// See [`CircuitBreakerConfig::timeout`].
    pub timeout: Duration,
    /// How many probes may be unsettled at once: 1 to 65535, 1 by default (SPEC 6.1).
    pub half_open_max_calls: u64,
    /// When a full set of unsettled probes is given up: 1 ms or more, 60 s by default (SPEC 6.5).
    pub probe_timeout: Duration,
}

impl From<CircuitBreakerConfig> for Settings {
    fn from(config: CircuitBreakerConfig) -> Self {
        Self {
            failure_threshold: config.failure_threshold.into(),
            success_threshold: config.success_threshold.into(),
            timeout: config.timeout,
            half_open_max_calls: 1,
            probe_timeout: Duration::from_secs(60),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        CircuitBreakerConfig::default().into()
    }
}

/// The shortest `probe_timeout`.
pub const MIN_PROBE_TIMEOUT: Duration = Duration::from_millis(1);

impl Settings {
    /// Checks every field and answers the machine's policy.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the first field that is out of range. Nothing is clamped (SPEC 3.1).
    pub fn policy(&self) -> Result<Policy, ConfigError> {
        Ok(Policy {
            failure_threshold: threshold("failure_threshold", self.failure_threshold)?,
            success_threshold: threshold("success_threshold", self.success_threshold)?,
            timeout: nanos(self.timeout),
            half_open_max_calls: match u16::try_from(self.half_open_max_calls) {
                Ok(calls) if calls > 0 => calls,
                _ => {
                    return Err(out_of_range(
                        "half_open_max_calls",
                        &self.half_open_max_calls,
                        "1 to 65535",
                    ));
                }
            },
            probe_timeout: if self.probe_timeout < MIN_PROBE_TIMEOUT {
                return Err(out_of_range(
                    "probe_timeout",
                    &format_args!("{:?}", self.probe_timeout),
                    "1ms or more",
                ));
            } else {
                nanos(self.probe_timeout)
            },
        })
    }
}

fn threshold(field: &'static str, value: u64) -> Result<u32, ConfigError> {
    match u32::try_from(value) {
        Ok(threshold) if threshold > 0 => Ok(threshold),
        _ => Err(out_of_range(field, &value, "1 to 4294967295")),
    }
}

fn out_of_range(field: &'static str, value: &dyn fmt::Display, range: &'static str) -> ConfigError {
    ConfigError::new(field, value.to_string(), range)
}

/// A duration in nanoseconds; 2^64 and more are "never" (SPEC 2.4).
pub(crate) fn nanos(duration: Duration) -> Nanos {
    // Not `as_nanos`: 128 bits would cost each rejection more than they are worth.
    duration
        .as_secs()
        .checked_mul(1_000_000_000)
        .and_then(|nanos| nanos.checked_add(duration.subsec_nanos().into()))
        .unwrap_or(NEVER)
}
