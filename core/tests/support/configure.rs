//! The suite's configurations, as a Rust user writes them.

use std::time::Duration;

use k1s0_circuit_breaker::config::Settings;
use k1s0_circuit_breaker::{
    Builder, CircuitBreaker, CircuitBreakerConfig, ConfigError, WindowSize,
};
use k1s0_conformance::scenario::{Config, Threshold};

/// The builder on which everything is set that this says.
pub(crate) fn builder(config: &Config) -> Result<Builder, ConfigError> {
    let mut own = CircuitBreakerConfig::default();
    if let Some(Threshold::Count(failures)) = config.failure_threshold {
        own.failure_threshold = narrow(failures, |s, n| s.failure_threshold = Some(n))?;
    }
    if let Some(successes) = config.success_threshold {
        own.success_threshold = narrow(successes, |s, n| s.success_threshold = n)?;
    }
    if let Some(timeout) = config.timeout() {
        own.timeout = duration(timeout);
    }
    let mut builder = CircuitBreaker::builder(own);
    if config.failure_threshold == Some(Threshold::Off) {
        builder = builder.failure_threshold_off();
    }
    if let Some(calls) = config.half_open_max_calls {
        builder = builder.half_open_max_calls(narrow(calls, |s, n| s.half_open_max_calls = n)?);
    }
    if let Some(timeout) = config.probe_timeout() {
        builder = builder.probe_timeout(duration(timeout));
    }
    if let Some(rate) = config.failure_rate {
        builder = builder.failure_rate(rate);
    }
    if let Some(calls) = config.minimum_calls {
        builder = builder.minimum_calls(narrow(calls, |s, n| s.minimum_calls = n)?);
    }
    if let Some(calls) = config.window_calls {
        builder = builder.window(WindowSize::Calls(calls));
    }
    if let Some(length) = config.window_time() {
        builder = builder.window(match config.window_buckets {
            Some(buckets) => WindowSize::Time {
                length: duration(length),
                buckets,
            },
            None => WindowSize::time(duration(length)),
        });
    }
    if let Some(slow) = config.slow_call_duration() {
        builder = builder.slow_call_duration(duration(slow));
    }
    if let Some(rate) = config.slow_call_rate {
        builder = builder.slow_call_rate(rate);
    }
    if let Some(calls) = config.slow_minimum_calls {
        builder = builder.slow_minimum_calls(narrow(calls, |s, n| s.slow_minimum_calls = n)?);
    }
    if let Some(count) = config.count_hung_calls {
        builder = builder.count_hung_calls(count);
    }
    if let Some(multiplier) = config.backoff_multiplier {
        builder = builder.backoff_multiplier(multiplier);
    }
    if let Some(timeout) = config.max_timeout() {
        builder = builder.max_timeout(duration(timeout));
    }
    if let Some(jitter) = config.jitter {
        builder = builder.jitter(jitter);
    }
    if let Some(seed) = config.jitter_seed {
        builder = builder.jitter_seed(seed);
    }
    if let Some(shadow) = config.shadow {
        builder = builder.shadow(shadow);
    }
    Ok(builder)
}

/// A value of the type that Rust's builder takes. One that does not fit is refused by the check that
/// serves the faces whose types are wider.
fn narrow(value: u64, set: fn(&mut Settings, u64)) -> Result<u32, ConfigError> {
    u32::try_from(value).map_err(|_| {
        let mut settings = Settings::default();
        set(&mut settings, value);
        match settings.rules() {
            Err(error) => error,
            Ok(rules) => panic!("{value} became {rules:?}"),
        }
    })
}

pub(crate) fn duration(ns: u128) -> Duration {
    match u64::try_from(ns / 1_000_000_000) {
        Ok(seconds) => Duration::new(seconds, (ns % 1_000_000_000) as u32),
        Err(_) => Duration::MAX,
    }
}
