//! A configuration, checked (SPEC 3).

use super::wait::Wait;
use super::window::Size;
use crate::scenario::{Config, Threshold};
use crate::subject::Refused;

const MILLION: f64 = 1_000_000.0;
const MILLISECOND: u128 = 1_000_000;
const SECOND: u128 = 1_000 * MILLISECOND;
const DAY: u128 = 24 * 60 * 60 * SECOND;
const LARGEST_COUNT: u64 = (1 << 32) - 1;

/// What a field of the levels from window on has where it is not configured. `max_timeout` is not
/// shorter than `timeout`, whatever stands here (3.1c).
pub fn defaults() -> Config {
    Config {
        minimum_calls: Some(20),
        window_calls: Some(100),
        window_buckets: Some(10),
        slow_call_rate: Some(0.8),
        slow_minimum_calls: Some(20),
        count_hung_calls: Some(false),
        backoff_multiplier: Some(1.0),
        max_timeout_ms: Some(600_000),
        jitter: Some(0.0),
        shadow: Some(false),
        ..Config::default()
    }
}

/// A rate that opens, once there are enough samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    /// Parts per million.
    pub(super) ppm: u128,
    pub(super) minimum: u128,
}

impl Rate {
    /// Whether so many of all samples are enough (11.4).
    pub(super) fn is_met(self, part: usize, all: usize) -> bool {
        let (part, all) = (part as u128, all as u128);
        all >= self.minimum && part * 1_000_000 >= self.ppm * all
    }
}

/// What makes a call slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slow {
    pub(super) duration: Wait,
    pub(super) rate: Rate,
    /// 12.5: whether calls that never end count.
    pub(super) count_hung: bool,
}

/// How the waits of one opening after another come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Backoff {
    pub(super) timeout: Wait,
    /// Parts per million.
    pub(super) multiplier: u128,
    pub(super) max_timeout: Wait,
    /// Parts per million.
    pub(super) jitter: u128,
    pub(super) seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Policy {
    /// None where the failures in a row do not open.
    pub(super) failure_threshold: Option<u64>,
    pub(super) success_threshold: u64,
    pub(super) half_open_max_calls: u64,
    pub(super) probe_timeout: Wait,
    pub(super) window: Size,
    pub(super) failure_rate: Option<Rate>,
    pub(super) slow: Option<Slow>,
    pub(super) backoff: Backoff,
    pub(super) shadow: bool,
}

impl Policy {
    /// Checks in the order of 3.1a.
    pub(super) fn new(config: &Config) -> Result<Self, Refused> {
        let failure_threshold = match config.failure_threshold {
            None => Some(5),
            Some(Threshold::Off) => None,
            Some(Threshold::Count(count)) => {
                Some(within("failure_threshold", count, LARGEST_COUNT)?)
            }
        };
        let success_threshold = within(
            "success_threshold",
            config.success_threshold.unwrap_or(3),
            LARGEST_COUNT,
        )?;
        let half_open_max_calls = within(
            "half_open_max_calls",
            config.half_open_max_calls.unwrap_or(1),
            (1 << 16) - 1,
        )?;
        let probe_timeout = config.probe_timeout().unwrap_or(60 * SECOND);
        if probe_timeout < MILLISECOND {
            return Err(refused("probe_timeout", ns(probe_timeout), "1ms or more"));
        }
        let failure_rate = match config.failure_rate {
            None => None,
            Some(rate) => Some(rate_within("failure_rate", rate)?),
        };
        let minimum_calls = config.minimum_calls.unwrap_or(20);
        within("minimum_calls", minimum_calls, LARGEST_COUNT)?;
        let window = window(config)?;
        if failure_rate.is_some() {
            fits("minimum_calls", minimum_calls, window)?;
        }
        let slow = slow(config, window)?;
        if failure_threshold.is_none() && failure_rate.is_none() && slow.is_none() {
            return Err(refused(
                "failure_threshold",
                "off",
                "1 to 4294967295 where no rate is set",
            ));
        }
        Ok(Self {
            failure_threshold,
            success_threshold,
            half_open_max_calls,
            probe_timeout: Wait::new(probe_timeout),
            window,
            failure_rate: failure_rate.map(|ppm| Rate {
                ppm,
                minimum: minimum_calls.into(),
            }),
            slow,
            backoff: backoff(config)?,
            shadow: config.shadow.unwrap_or(false),
        })
    }

    /// 11.1a: without a rate nothing is put anywhere.
    pub(super) fn has_window(&self) -> bool {
        self.failure_rate.is_some() || self.slow.is_some()
    }
}

fn window(config: &Config) -> Result<Size, Refused> {
    let Some(length) = config.window_time() else {
        let calls = config.window_calls.unwrap_or(100);
        return Ok(Size::Calls(within("window", calls, 1 << 16)?));
    };
    if !(10 * MILLISECOND..=DAY).contains(&length) {
        return Err(refused("window", ns(length), "10ms to 24h"));
    }
    let buckets = config.window_buckets.unwrap_or(10);
    if !(10..=100).contains(&buckets) {
        return Err(refused("window_buckets", buckets, "10 to 100"));
    }
    Ok(Size::Time {
        width: length / u128::from(buckets),
        buckets: buckets.into(),
    })
}

/// Everything about slow calls is checked, also where it will not count (3.1c).
fn slow(config: &Config, window: Size) -> Result<Option<Slow>, Refused> {
    let duration = config.slow_call_duration();
    if duration == Some(0) {
        return Err(refused("slow_call_duration", ns(0), "1ns or more"));
    }
    let ppm = rate_within("slow_call_rate", config.slow_call_rate.unwrap_or(0.8))?;
    let minimum = config.slow_minimum_calls.unwrap_or(20);
    within("slow_minimum_calls", minimum, LARGEST_COUNT)?;
    if duration.is_some() {
        fits("slow_minimum_calls", minimum, window)?;
    }
    let count_hung = config.count_hung_calls.unwrap_or(false);
    let Some(duration) = duration else {
        return if count_hung {
            let range = "false where slow_call_duration is off";
            Err(refused("count_hung_calls", true, range))
        } else {
            Ok(None)
        };
    };
    Ok(Some(Slow {
        duration: Wait::new(duration),
        rate: Rate {
            ppm,
            minimum: minimum.into(),
        },
        count_hung,
    }))
}

fn backoff(config: &Config) -> Result<Backoff, Refused> {
    let multiplier = config.backoff_multiplier.unwrap_or(1.0);
    if !(1.0..=100.0).contains(&multiplier) {
        return Err(refused("backoff_multiplier", multiplier, "1 to 100"));
    }
    let timeout = Wait::new(config.timeout().unwrap_or(30 * SECOND));
    let max_timeout = match config.max_timeout() {
        None => Wait::new(600 * SECOND).max(timeout),
        Some(given) => Wait::new(given),
    };
    if max_timeout < timeout {
        let given = config.max_timeout().unwrap_or(0);
        return Err(refused("max_timeout", ns(given), "timeout or more"));
    }
    let jitter = config.jitter.unwrap_or(0.0);
    if !(0.0..=1.0).contains(&jitter) {
        return Err(refused("jitter", jitter, "0 to 1"));
    }
    Ok(Backoff {
        timeout,
        multiplier: ppm(multiplier),
        max_timeout,
        jitter: ppm(jitter),
        // 3.1a has it drawn where it is not given. A model that is run again must do the same again.
        seed: config.jitter_seed.unwrap_or(0),
    })
}

/// 3.3a: the nearest whole number of millionths.
fn ppm(fraction: f64) -> u128 {
    (fraction * MILLION).round() as u128
}

fn rate_within(field: &str, rate: f64) -> Result<u128, Refused> {
    let held = ppm(rate);
    // What is not a number is held as 0.
    if held == 0 || rate > 1.0 {
        Err(refused(field, rate, "more than 0, at most 1"))
    } else {
        Ok(held)
    }
}

fn within(field: &str, value: u64, largest: u64) -> Result<u64, Refused> {
    if (1..=largest).contains(&value) {
        Ok(value)
    } else {
        Err(refused(field, value, &format!("1 to {largest}")))
    }
}

/// A minimum that a window of calls can never hold is refused.
fn fits(field: &str, minimum: u64, window: Size) -> Result<(), Refused> {
    match window {
        Size::Calls(calls) if minimum > calls => Err(refused(
            field,
            minimum,
            &format!("1 to {calls}, the calls in the window"),
        )),
        _ => Ok(()),
    }
}

fn ns(duration: u128) -> String {
    format!("{duration}ns")
}

fn refused(field: &str, value: impl ToString, range: &str) -> Refused {
    Refused {
        field: field.to_owned(),
        value: value.to_string(),
        range: range.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(config: Config) -> Option<String> {
        Policy::new(&config).err().map(|refused| refused.field)
    }

    /// JSON has no way to write them, so no scenario does.
    #[test]
    fn what_is_not_a_number_is_refused() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let with = |name: &str| {
                let mut config = Config::default();
                match name {
                    "failure_rate" => config.failure_rate = Some(bad),
                    "slow_call_rate" => config.slow_call_rate = Some(bad),
                    "backoff_multiplier" => config.backoff_multiplier = Some(bad),
                    _ => config.jitter = Some(bad),
                }
                config
            };
            for name in [
                "failure_rate",
                "slow_call_rate",
                "backoff_multiplier",
                "jitter",
            ] {
                assert_eq!(field(with(name)).as_deref(), Some(name), "{bad}");
            }
        }
    }

    /// What is told as defaults is what the checks take where nothing is configured.
    #[test]
    fn the_defaults_are_those() {
        let mut configured = defaults();
        let mut bare = Config::default();
        for config in [&mut configured, &mut bare] {
            config.failure_rate = Some(0.5);
            config.slow_call_duration_ms = Some(1);
        }
        assert_eq!(Policy::new(&configured), Policy::new(&bare));
        for config in [&mut configured, &mut bare] {
            config.window_calls = None;
            config.window_time_ms = Some(60_000);
        }
        assert_eq!(Policy::new(&configured), Policy::new(&bare));
    }

    #[test]
    fn fractions_are_held_to_the_millionth() {
        assert_eq!(ppm(1.0 / 3.0), 333_333);
        assert_eq!(ppm(2.0 / 3.0), 666_667);
        assert_eq!(ppm(0.8), 800_000);
        assert_eq!(ppm(0.29), 290_000);
        assert_eq!(ppm(99.999_999), 99_999_999);
    }
}
