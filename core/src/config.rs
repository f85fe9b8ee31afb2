//! The configuration, its defaults and its ranges (SPEC 3).

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::ToString;
use core::fmt;
use core::ops::RangeInclusive;
use core::time::Duration;

use crate::error::ConfigError;
use crate::machine::{
    BackoffRule, NEVER, Nanos, OFF, Policy, Ppm, Rate, Rules, SlowRule, WHOLE, WindowRule,
};
use crate::window::CallWindow;

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
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// See [`CircuitBreakerConfig::failure_threshold`]. None is off: failures in a row do not open, a rate
    /// must (SPEC 3.2).
    pub failure_threshold: Option<u64>,
    /// See [`CircuitBreakerConfig::success_threshold`].
    pub success_threshold: u64,
    /// See [`CircuitBreakerConfig::timeout`].
    pub timeout: Duration,
    /// How many probes may be unsettled at once: 1 to 65535, 1 by default (SPEC 6.1).
    pub half_open_max_calls: u64,
    /// When a full set of unsettled probes is given up: 1 ms or more, 60 s by default (SPEC 6.5).
    pub probe_timeout: Duration,
    /// How large a part of the window's calls may fail: more than 0, at most 1; off by default
    /// (SPEC 11.4).
    pub failure_rate: Option<f64>,
    /// Fewer calls in the window than this decide nothing: 1 to 4294967295, 20 by default, no more than a
    /// window of calls can hold.
    pub minimum_calls: u64,
    /// Which calls the rates are about; the last 100 by default.
    pub window: WindowSize,
    /// Calls that take so long or longer are slow: 1 ns or more, off by default (SPEC 12.1).
    pub slow_call_duration: Option<Duration>,
    /// How large a part of the window's calls may be slow: more than 0, at most 1; 0.8 by default
    /// (SPEC 12.2).
    pub slow_call_rate: f64,
    /// As `minimum_calls`, for slow calls; 20 by default.
    pub slow_minimum_calls: u64,
    /// Whether calls count as slow while they are still in flight (SPEC 12.5); off by default.
    pub count_hung_calls: bool,
    /// Each wait by the one before it: 1 to 100 times, 1 by default (SPEC 13.1).
    pub backoff_multiplier: f64,
    /// The longest wait, `timeout` or more; by default 10 minutes, or `timeout` where that is longer.
    pub max_timeout: Option<Duration>,
    /// How large a part of itself a wait may be off, to either side: 0 to 1, 0 by default.
    pub jitter: f64,
    /// Where the random numbers for the jitter begin; drawn where it is not given.
    pub jitter_seed: Option<u64>,
    /// Decide and tell, but reject nothing (SPEC 14); off by default.
    pub shadow: bool,
}

/// Which calls a window holds (SPEC 11.2, 11.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowSize {
    /// The last so many calls: 1 to 65536.
    Calls(u64),
    /// The calls of the last so much time.
    Time {
        /// 10 ms to 24 h.
        length: Duration,
        /// In how many equal stretches it is cut, the oldest of which is forgotten at a time: 10 to 100.
        buckets: u64,
    },
}

impl WindowSize {
    /// How many calls a window holds unless it is said.
    pub const DEFAULT_CALLS: u64 = 100;
    /// In how many stretches a window of time is cut unless it is said.
    pub const DEFAULT_BUCKETS: u64 = 10;

    /// A window of time in [`DEFAULT_BUCKETS`](Self::DEFAULT_BUCKETS) stretches.
    pub const fn time(length: Duration) -> Self {
        Self::Time {
            length,
            buckets: Self::DEFAULT_BUCKETS,
        }
    }
}

impl From<CircuitBreakerConfig> for Settings {
    fn from(config: CircuitBreakerConfig) -> Self {
        Self {
            failure_threshold: Some(config.failure_threshold.into()),
            success_threshold: config.success_threshold.into(),
            timeout: config.timeout,
            half_open_max_calls: 1,
            probe_timeout: Duration::from_secs(60),
            failure_rate: None,
            minimum_calls: 20,
            window: WindowSize::Calls(WindowSize::DEFAULT_CALLS),
            slow_call_duration: None,
            slow_call_rate: 0.8,
            slow_minimum_calls: 20,
            count_hung_calls: false,
            backoff_multiplier: 1.0,
            max_timeout: None,
            jitter: 0.0,
            jitter_seed: None,
            shadow: false,
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
/// The shortest window of time.
pub const MIN_WINDOW: Duration = Duration::from_millis(10);
/// The longest window of time.
pub const MAX_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);

impl Settings {
    /// Checks every field and answers the machine's rules.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the first field that is out of range. Nothing is clamped (SPEC 3.1).
    pub fn rules(&self) -> Result<Rules, ConfigError> {
        let policy = self.policy()?;
        let failure_rate = self
            .failure_rate
            .map_or(Ok(0), |rate| part("failure_rate", rate))?;
        let minimum_calls = threshold("minimum_calls", self.minimum_calls)?;
        let window = self.window()?;
        if failure_rate > 0 {
            self.fits("minimum_calls", self.minimum_calls)?;
        }
        Ok(Rules {
            policy,
            failure_rate: Rate {
                ppm: failure_rate,
                minimum_calls,
            },
            window,
            slow: self.slow()?,
            backoff: self.backoff(policy.timeout)?,
            shadow: self.shadow,
        })
    }

    fn policy(&self) -> Result<Policy, ConfigError> {
        Ok(Policy {
            failure_threshold: match self.failure_threshold {
                Some(failures) => threshold("failure_threshold", failures)?,
                None => OFF,
            },
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

    fn window(&self) -> Result<WindowRule, ConfigError> {
        match self.window {
            WindowSize::Calls(calls) => match u32::try_from(calls) {
                Ok(calls @ 1..=CallWindow::MAX_SIZE) => Ok(WindowRule::Calls(calls)),
                _ => Err(out_of_range("window", &calls, "1 to 65536")),
            },
            WindowSize::Time { length, buckets } => {
                if !(MIN_WINDOW..=MAX_WINDOW).contains(&length) {
                    return Err(out_of_range(
                        "window",
                        &format_args!("{length:?}"),
                        "10ms to 24h",
                    ));
                }
                match u8::try_from(buckets) {
                    Ok(buckets @ 10..=100) => Ok(WindowRule::Time {
                        width: nanos(length) / u64::from(buckets),
                        buckets,
                    }),
                    _ => Err(out_of_range("window_buckets", &buckets, "10 to 100")),
                }
            }
        }
    }

    fn slow(&self) -> Result<Option<SlowRule>, ConfigError> {
        if self.slow_call_duration == Some(Duration::ZERO) {
            return Err(out_of_range("slow_call_duration", &"0ns", "1ns or more"));
        }
        let rate = Rate {
            ppm: part("slow_call_rate", self.slow_call_rate)?,
            minimum_calls: threshold("slow_minimum_calls", self.slow_minimum_calls)?,
        };
        if self.slow_call_duration.is_some() {
            self.fits("slow_minimum_calls", self.slow_minimum_calls)?;
        } else if self.count_hung_calls {
            return Err(out_of_range(
                "count_hung_calls",
                &true,
                "false where slow_call_duration is off",
            ));
        }
        if self.failure_threshold.is_none()
            && self.failure_rate.is_none()
            && self.slow_call_duration.is_none()
        {
            return Err(out_of_range(
                "failure_threshold",
                &"off",
                "1 to 4294967295 where no rate is set",
            ));
        }
        Ok(self.slow_call_duration.map(|duration| SlowRule {
            duration: nanos(duration),
            rate,
            count_hung_calls: self.count_hung_calls,
        }))
    }

    fn backoff(&self, timeout: Nanos) -> Result<BackoffRule, ConfigError> {
        let multiplier = parts(self.backoff_multiplier, 1.0..=100.0);
        let jitter = parts(self.jitter, 0.0..=1.0);
        Ok(BackoffRule {
            multiplier: multiplier.ok_or_else(|| {
                out_of_range("backoff_multiplier", &self.backoff_multiplier, "1 to 100")
            })?,
            max_timeout: match self.max_timeout.map(nanos) {
                None => BackoffRule::default_max_timeout(timeout),
                Some(max_timeout) if max_timeout >= timeout => max_timeout,
                Some(_) => {
                    return Err(out_of_range(
                        "max_timeout",
                        &format_args!("{:?}", self.max_timeout.unwrap_or_default()),
                        "timeout or more",
                    ));
                }
            },
            jitter: jitter.ok_or_else(|| out_of_range("jitter", &self.jitter, "0 to 1"))?,
            jitter_seed: self.jitter_seed,
        })
    }

    /// A minimum that a window of calls cannot hold would never be reached.
    fn fits(&self, field: &'static str, minimum: u64) -> Result<(), ConfigError> {
        match self.window {
            WindowSize::Calls(calls) if minimum > calls => Err(out_of_range(
                field,
                &minimum,
                format!("1 to {calls}, the calls in the window"),
            )),
            _ => Ok(()),
        }
    }
}

/// A fraction as parts in a million, to the nearest; none where it is out of range, or no number.
fn parts(fraction: f64, range: RangeInclusive<f64>) -> Option<Ppm> {
    // Casting cuts, and so rounds what is half a part more.
    range
        .contains(&fraction)
        .then_some((fraction * f64::from(WHOLE) + 0.5) as Ppm)
}

/// A part of something: more than nothing, at most all.
fn part(field: &'static str, fraction: f64) -> Result<Ppm, ConfigError> {
    match parts(fraction, 0.0..=1.0) {
        Some(parts) if parts > 0 => Ok(parts),
        _ => Err(out_of_range(field, &fraction, "more than 0, at most 1")),
    }
}

fn threshold(field: &'static str, value: u64) -> Result<u32, ConfigError> {
    match u32::try_from(value) {
        Ok(threshold) if threshold > 0 => Ok(threshold),
        _ => Err(out_of_range(field, &value, "1 to 4294967295")),
    }
}

fn out_of_range(
    field: &'static str,
    value: &dyn fmt::Display,
    range: impl Into<Cow<'static, str>>,
) -> ConfigError {
    ConfigError::new(field, value.to_string(), range.into())
}

/// A duration in nanoseconds; 2^64 and more are "never" (SPEC 2.4).
pub fn nanos(duration: Duration) -> Nanos {
    // Not `as_nanos`: 128 bits would cost each rejection more than they are worth.
    duration
        .as_secs()
        .checked_mul(1_000_000_000)
        .and_then(|nanos| nanos.checked_add(duration.subsec_nanos().into()))
        .unwrap_or(NEVER)
}

#[cfg(test)]
mod tests;
