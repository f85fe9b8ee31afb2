//! The suite's configurations, as a host writes them.

use breaker::config::Settings;
use k1s0_conformance::scenario::{Config as SuiteConfig, Threshold};
use k1s0_conformance::subject::Refused;

use super::abi::{self, Config, NEVER, OFF};

const MILLION: f64 = 1e6;

fn ppm(fraction: f64) -> u64 {
    (fraction * MILLION).round() as u64
}

/// The config of this.
pub(crate) fn config(configured: &SuiteConfig) -> Config {
    let mut own = abi::config();
    // What 64 bits cannot hold is "never".
    let wait = |ns: u128| u64::try_from(ns).unwrap_or(NEVER);
    let set = |field: &mut u64, value: Option<u64>| *field = value.unwrap_or(*field);
    set(
        &mut own.failure_threshold,
        configured.failure_threshold.map(|it| match it {
            Threshold::Off => OFF,
            Threshold::Count(failures) => failures,
        }),
    );
    set(&mut own.success_threshold, configured.success_threshold);
    set(&mut own.timeout_ns, configured.timeout().map(wait));
    set(&mut own.half_open_max_calls, configured.half_open_max_calls);
    let probe_timeout = configured.probe_timeout().map(wait);
    set(&mut own.probe_timeout_ns, probe_timeout);
    set(&mut own.failure_rate_ppm, configured.failure_rate.map(ppm));
    set(&mut own.minimum_calls, configured.minimum_calls);
    set(&mut own.window_calls, configured.window_calls);
    if let Some(length) = configured.window_time() {
        own.window_kind = 1;
        own.window_time_ns = wait(length);
    }
    set(&mut own.window_buckets, configured.window_buckets);
    let slow = configured.slow_call_duration().map(wait);
    set(&mut own.slow_call_duration_ns, slow);
    let slow_rate = configured.slow_call_rate.map(ppm);
    set(&mut own.slow_call_rate_ppm, slow_rate);
    set(&mut own.slow_minimum_calls, configured.slow_minimum_calls);
    let count_hung = configured.count_hung_calls.map(u64::from);
    set(&mut own.count_hung_calls, count_hung);
    let multiplier = configured.backoff_multiplier.map(ppm);
    set(&mut own.backoff_multiplier_ppm, multiplier);
    let max_timeout = configured.max_timeout().map(wait);
    set(&mut own.max_timeout_ns, max_timeout);
    set(&mut own.jitter_ppm, configured.jitter.map(ppm));
    if let Some(seed) = configured.jitter_seed {
        own.jitter_seed = seed;
        own.has_jitter_seed = 1;
    }
    set(&mut own.shadow, configured.shadow.map(u64::from));
    own
}

/// A fraction that no number of parts in a million is, negative or finer than that, cannot be handed in in C at
/// all. Where core refuses such a one, this is its answer: that of the wider check behind the ABI.
pub(crate) fn what_no_field_holds(configured: &SuiteConfig) -> Option<Refused> {
    type Set = fn(&mut Settings, f64);
    let fractions: [(Option<f64>, Set); 4] = [
        (configured.failure_rate, |to, it| to.failure_rate = Some(it)),
        (configured.slow_call_rate, |to, it| to.slow_call_rate = it),
        (configured.backoff_multiplier, |to, it| {
            to.backoff_multiplier = it;
        }),
        (configured.jitter, |to, it| to.jitter = it),
    ];
    fractions.into_iter().find_map(|(fraction, set)| {
        let fraction = fraction.filter(|it| ppm(*it) as f64 / MILLION != *it)?;
        let mut settings = Settings::default();
        set(&mut settings, fraction);
        let error = settings.rules().err()?;
        Some(Refused {
            field: error.field().to_owned(),
            value: error.value().to_owned(),
            range: error.range().to_owned(),
        })
    })
}
