//! A configuration, written field by field by a host that knows numbers only.

use alloc::format;
use alloc::string::String;
use core::time::Duration;

use breaker::ConfigError;
use breaker::config::{Settings, WindowSize};
use breaker::machine::Rules;

/// A configuration that is being written. Everything that is wrong with it is said at the end, by core.
#[derive(Debug)]
pub struct Draft {
    settings: Settings,
    window_calls: u64,
    window_time: Option<Duration>,
    window_buckets: u64,
    /// A count that is none, and what was written.
    no_count: Option<(&'static str, f64)>,
}

/// The number that a field has at the boundary; never used again for another.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
enum Field {
    FailureThreshold = 0,
    SuccessThreshold = 1,
    Timeout = 2,
    HalfOpenMaxCalls = 3,
    ProbeTimeout = 4,
    FailureRate = 5,
    MinimumCalls = 6,
    WindowCalls = 7,
    WindowTime = 8,
    WindowBuckets = 9,
    SlowCallDuration = 10,
    SlowCallRate = 11,
    SlowMinimumCalls = 12,
    CountHungCalls = 13,
    BackoffMultiplier = 14,
    MaxTimeout = 15,
    Jitter = 16,
    JitterSeed = 17,
    Shadow = 18,
}

impl Field {
    const ALL: [Self; 19] = [
        Self::FailureThreshold,
        Self::SuccessThreshold,
        Self::Timeout,
        Self::HalfOpenMaxCalls,
        Self::ProbeTimeout,
        Self::FailureRate,
        Self::MinimumCalls,
        Self::WindowCalls,
        Self::WindowTime,
        Self::WindowBuckets,
        Self::SlowCallDuration,
        Self::SlowCallRate,
        Self::SlowMinimumCalls,
        Self::CountHungCalls,
        Self::BackoffMultiplier,
        Self::MaxTimeout,
        Self::Jitter,
        Self::JitterSeed,
        Self::Shadow,
    ];

    fn numbered(number: u32) -> Option<Self> {
        Self::ALL.get(number as usize).copied()
    }
}

impl Default for Draft {
    fn default() -> Self {
        Self::new()
    }
}

impl Draft {
    /// Every default of core's.
    pub fn new() -> Self {
        Self {
            settings: Settings::default(),
            window_calls: WindowSize::DEFAULT_CALLS,
            window_time: None,
            window_buckets: WindowSize::DEFAULT_BUCKETS,
            no_count: None,
        }
    }

    /// Writes a count, a fraction or a flag (0 or 1); false where the field is none.
    pub fn number(&mut self, field: u32, value: f64) -> bool {
        let Some(field) = Field::numbered(field) else {
            return false;
        };
        let Self {
            settings, no_count, ..
        } = self;
        match field {
            Field::FailureThreshold => {
                settings.failure_threshold = Some(count(no_count, "failure_threshold", value));
            }
            Field::SuccessThreshold => {
                settings.success_threshold = count(no_count, "success_threshold", value);
            }
            Field::HalfOpenMaxCalls => {
                settings.half_open_max_calls = count(no_count, "half_open_max_calls", value);
            }
            Field::MinimumCalls => settings.minimum_calls = count(no_count, "minimum_calls", value),
            Field::WindowCalls => self.window_calls = count(no_count, "window", value),
            Field::WindowBuckets => self.window_buckets = count(no_count, "window_buckets", value),
            Field::SlowMinimumCalls => {
                settings.slow_minimum_calls = count(no_count, "slow_minimum_calls", value);
            }
            Field::FailureRate => settings.failure_rate = Some(value),
            Field::SlowCallRate => settings.slow_call_rate = value,
            Field::BackoffMultiplier => settings.backoff_multiplier = value,
            Field::Jitter => settings.jitter = value,
            Field::CountHungCalls => settings.count_hung_calls = value != 0.0,
            Field::Shadow => settings.shadow = value != 0.0,
            Field::Timeout
            | Field::ProbeTimeout
            | Field::WindowTime
            | Field::SlowCallDuration
            | Field::MaxTimeout
            | Field::JitterSeed => return false,
        }
        true
    }

    /// Writes a length of time in nanoseconds, or the seed; false where the field is neither.
    pub fn bits(&mut self, field: u32, value: u64) -> bool {
        let settings = &mut self.settings;
        let duration = Duration::from_nanos(value);
        match Field::numbered(field) {
            Some(Field::Timeout) => settings.timeout = duration,
            Some(Field::ProbeTimeout) => settings.probe_timeout = duration,
            Some(Field::WindowTime) => self.window_time = Some(duration),
            Some(Field::SlowCallDuration) => settings.slow_call_duration = Some(duration),
            Some(Field::MaxTimeout) => settings.max_timeout = Some(duration),
            Some(Field::JitterSeed) => settings.jitter_seed = Some(value),
            _ => return false,
        }
        true
    }

    /// Switches a field off that can be; false where it cannot.
    pub fn off(&mut self, field: u32) -> bool {
        match Field::numbered(field) {
            Some(Field::FailureThreshold) => self.settings.failure_threshold = None,
            Some(Field::FailureRate) => self.settings.failure_rate = None,
            Some(Field::SlowCallDuration) => self.settings.slow_call_duration = None,
            Some(Field::MaxTimeout) => self.settings.max_timeout = None,
            Some(Field::JitterSeed) => self.settings.jitter_seed = None,
            _ => return false,
        }
        true
    }

    /// Core's verdict.
    ///
    /// # Errors
    ///
    /// What is wrong, in three lines: field, value, range.
    pub fn rules(&mut self) -> Result<Rules, String> {
        self.settings.window = match self.window_time {
            None => WindowSize::Calls(self.window_calls),
            Some(length) => WindowSize::Time {
                length,
                buckets: self.window_buckets,
            },
        };
        self.settings.rules().map_err(|error| self.words(&error))
    }

    fn words(&self, error: &ConfigError) -> String {
        let (field, range) = (error.field(), error.range());
        match self.no_count {
            Some((name, value)) if name == field => format!("{field}\n{value}\n{range}"),
            _ => format!("{field}\n{}\n{range}", error.value()),
        }
    }
}

/// A count as core takes it. What is no count (a fraction, less than nothing, no number) is in no field's range: core
/// is handed 0, which is in none either, and the value is kept for the message.
fn count(no_count: &mut Option<(&'static str, f64)>, field: &'static str, value: f64) -> u64 {
    let whole = value as u64;
    if whole as f64 == value {
        return whole;
    }
    no_count.get_or_insert((field, value));
    0
}
