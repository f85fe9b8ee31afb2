//! The configuration, in types that hold whatever a host's can.

use std::fmt;
use std::time::Duration;

use breaker::ConfigError;
use breaker::config::{Settings as Core, WindowSize, nanos};

/// What a breaker is to do. Times are nanoseconds, the largest number is never; a count below 0 is as much out of range as
/// one that is too large.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Settings {
    /// Failures in a row that open the circuit; none where a rate is to.
    pub failure_threshold: Option<i64>,
    /// Successful probes that close it again.
    pub success_threshold: i64,
    /// How long an open circuit rejects calls.
    pub timeout: u64,
    /// How many probes may be unsettled at once.
    pub half_open_max_calls: i64,
    /// When a full set of unsettled probes is given up.
    pub probe_timeout: u64,
    /// How large a part of the window's calls must fail.
    pub failure_rate: Option<f64>,
    /// Fewer calls in the window decide nothing.
    pub minimum_calls: i64,
    /// The window: so many calls,
    pub window_calls: i64,
    /// or, where it is given, so much time,
    pub window_time: Option<u64>,
    /// in so many stretches.
    pub window_buckets: i64,
    /// Calls that take so long are slow.
    pub slow_call_duration: Option<u64>,
    /// How large a part of the window's calls must be slow.
    pub slow_call_rate: f64,
    /// As `minimum_calls`, for slow calls.
    pub slow_minimum_calls: i64,
    /// Whether calls in flight may be slow already.
    pub count_hung_calls: bool,
    /// Each wait by the one before it.
    pub backoff_multiplier: f64,
    /// The longest wait.
    pub max_timeout: Option<u64>,
    /// How far a wait may be off, as a part of itself.
    pub jitter: f64,
    /// Where the random numbers begin.
    pub jitter_seed: Option<u64>,
    /// Decide and tell, but reject nothing.
    pub shadow: bool,
}

/// A field is not what it may be.
#[derive(Debug, uniffi::Error)]
pub enum Refused {
    /// `field` is `value`, and must be `range`, in core's names.
    Field {
        /// The field.
        field: String,
        /// What it was.
        value: String,
        /// What it may be.
        range: String,
    },
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Field {
            field,
            value,
            range,
        } = self;
        write!(f, "{field} is {value}; it must be {range}")
    }
}

impl std::error::Error for Refused {}

impl From<ConfigError> for Refused {
    fn from(error: ConfigError) -> Self {
        Self::Field {
            field: error.field().to_owned(),
            value: error.value().to_owned(),
            range: error.range().to_owned(),
        }
    }
}

/// Core's defaults.
#[uniffi::export]
pub fn default_settings() -> Settings {
    let core = Core::default();
    let (window_calls, window_time, window_buckets) = match core.window {
        WindowSize::Calls(calls) => (calls, None, WindowSize::DEFAULT_BUCKETS),
        WindowSize::Time { length, buckets } => {
            (WindowSize::DEFAULT_CALLS, Some(nanos(length)), buckets)
        }
    };
    Settings {
        failure_threshold: core.failure_threshold.map(number),
        success_threshold: number(core.success_threshold),
        timeout: nanos(core.timeout),
        half_open_max_calls: number(core.half_open_max_calls),
        probe_timeout: nanos(core.probe_timeout),
        failure_rate: core.failure_rate,
        minimum_calls: number(core.minimum_calls),
        window_calls: number(window_calls),
        window_time,
        window_buckets: number(window_buckets),
        slow_call_duration: core.slow_call_duration.map(nanos),
        slow_call_rate: core.slow_call_rate,
        slow_minimum_calls: number(core.slow_minimum_calls),
        count_hung_calls: core.count_hung_calls,
        backoff_multiplier: core.backoff_multiplier,
        max_timeout: core.max_timeout.map(nanos),
        jitter: core.jitter,
        jitter_seed: core.jitter_seed,
        shadow: core.shadow,
    }
}

impl From<&Settings> for Core {
    fn from(given: &Settings) -> Self {
        let mut settings = Self::default();
        settings.failure_threshold = given.failure_threshold.map(count);
        settings.success_threshold = count(given.success_threshold);
        settings.timeout = Duration::from_nanos(given.timeout);
        settings.half_open_max_calls = count(given.half_open_max_calls);
        settings.probe_timeout = Duration::from_nanos(given.probe_timeout);
        settings.failure_rate = given.failure_rate;
        settings.minimum_calls = count(given.minimum_calls);
        settings.window = match given.window_time {
            None => WindowSize::Calls(count(given.window_calls)),
            Some(length) => WindowSize::Time {
                length: Duration::from_nanos(length),
                buckets: count(given.window_buckets),
            },
        };
        settings.slow_call_duration = given.slow_call_duration.map(Duration::from_nanos);
        settings.slow_call_rate = given.slow_call_rate;
        settings.slow_minimum_calls = count(given.slow_minimum_calls);
        settings.count_hung_calls = given.count_hung_calls;
        settings.backoff_multiplier = given.backoff_multiplier;
        settings.max_timeout = given.max_timeout.map(Duration::from_nanos);
        settings.jitter = given.jitter;
        settings.jitter_seed = given.jitter_seed;
        settings.shadow = given.shadow;
        settings
    }
}

/// A count of a host. No field may be as much as what stands for one below 0.
fn count(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// A default, which is small.
fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_cores() {
        assert_eq!(Core::from(&default_settings()), Core::default());
    }

    #[test]
    fn a_count_below_0_is_refused_as_one_that_is_too_large() {
        let mut settings = default_settings();
        settings.half_open_max_calls = -1;
        let refused = Refused::from(Core::from(&settings).rules().expect_err("out of range"));
        assert_eq!(
            refused.to_string(),
            "half_open_max_calls is 18446744073709551615; it must be 1 to 65535"
        );
    }
}
