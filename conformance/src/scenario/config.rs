//! What stands in a scenario's `config`.

use serde::{Deserialize, Deserializer, de};

use super::{Level, Ns, nanoseconds};

/// Fields of a configuration. A duration is in milliseconds or, where that will not do, nanoseconds.
#[derive(Clone, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "the names are those of SPEC 3")]
pub struct Config {
    pub failure_threshold: Option<Threshold>,
    pub success_threshold: Option<u64>,
    pub timeout_ms: Option<u64>,
    pub timeout_ns: Option<Ns>,
    pub half_open_max_calls: Option<u64>,
    pub probe_timeout_ms: Option<u64>,
    pub probe_timeout_ns: Option<Ns>,
    pub failure_rate: Option<f64>,
    pub minimum_calls: Option<u64>,
    /// The window is of so many calls.
    pub window_calls: Option<u64>,
    /// The window is of so much time.
    pub window_time_ms: Option<u64>,
    pub window_time_ns: Option<Ns>,
    /// Of a window of time.
    pub window_buckets: Option<u64>,
    pub slow_call_duration_ms: Option<u64>,
    pub slow_call_duration_ns: Option<Ns>,
    pub slow_call_rate: Option<f64>,
    pub slow_minimum_calls: Option<u64>,
    pub count_hung_calls: Option<bool>,
    pub backoff_multiplier: Option<f64>,
    pub max_timeout_ms: Option<u64>,
    pub max_timeout_ns: Option<Ns>,
    pub jitter: Option<f64>,
    #[serde(default, deserialize_with = "seed")]
    pub jitter_seed: Option<u64>,
    pub shadow: Option<bool>,
}

/// How many failures in a row open (SPEC 4.3), or the word `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// However many there are, they do not open.
    Off,
    /// So many do.
    #[serde(untagged)]
    Count(u64),
}

impl Config {
    /// `timeout` in nanoseconds, if it is configured.
    pub fn timeout(&self) -> Option<u128> {
        nanoseconds(self.timeout_ms, self.timeout_ns)
    }

    /// `probe_timeout` in nanoseconds, if it is configured.
    pub fn probe_timeout(&self) -> Option<u128> {
        nanoseconds(self.probe_timeout_ms, self.probe_timeout_ns)
    }

    /// The length of the window of time in nanoseconds, if one is configured.
    pub fn window_time(&self) -> Option<u128> {
        nanoseconds(self.window_time_ms, self.window_time_ns)
    }

    /// `slow_call_duration` in nanoseconds, if it is configured.
    pub fn slow_call_duration(&self) -> Option<u128> {
        nanoseconds(self.slow_call_duration_ms, self.slow_call_duration_ns)
    }

    /// `max_timeout` in nanoseconds, if it is configured.
    pub fn max_timeout(&self) -> Option<u128> {
        nanoseconds(self.max_timeout_ms, self.max_timeout_ns)
    }

    /// The first level whose faces know every field that is configured.
    pub fn level(&self) -> Level {
        let slow = self.slow_call_duration().is_some()
            || self.slow_call_rate.is_some()
            || self.slow_minimum_calls.is_some()
            || self.count_hung_calls.is_some();
        let backoff = self.backoff_multiplier.is_some()
            || self.max_timeout().is_some()
            || self.jitter.is_some()
            || self.jitter_seed.is_some();
        let window = self.failure_threshold == Some(Threshold::Off)
            || self.failure_rate.is_some()
            || self.minimum_calls.is_some()
            || self.window_calls.is_some()
            || self.window_time().is_some()
            || self.window_buckets.is_some();
        let probes = self.half_open_max_calls.is_some() || self.probe_timeout().is_some();
        [
            (self.shadow.is_some(), Level::Shadow),
            (backoff, Level::Backoff),
            (slow, Level::Slow),
            (window, Level::Window),
            (probes, Level::Permits),
        ]
        .into_iter()
        .find_map(|(has, level)| has.then_some(level))
        .unwrap_or(Level::Basic)
    }
}

/// A seed: a decimal string, as it has 64 bits.
fn seed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(de::Error::custom))
        .transpose()
}
