//! A configuration, as it is written on a command line.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use k1s0_circuit_breaker::WindowSize;
use k1s0_circuit_breaker::config::Settings;
use k1s0_circuit_breaker::machine::Rules;

use crate::length;

/// A configuration with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What it is called in the output.
    pub name: String,
    /// What it says.
    pub rules: Rules,
}

/// Every field that [`Config::parse`] takes: those of SPEC 3, by their names there.
pub const FIELDS: [&str; 18] = [
    "failure_threshold",
    "success_threshold",
    "timeout",
    "half_open_max_calls",
    "probe_timeout",
    "failure_rate",
    "minimum_calls",
    "window",
    "window_buckets",
    "slow_call_duration",
    "slow_call_rate",
    "slow_minimum_calls",
    "count_hung_calls",
    "backoff_multiplier",
    "max_timeout",
    "jitter",
    "jitter_seed",
    "shadow",
];

impl Config {
    /// Reads `name=a,failure_threshold=5,timeout=30s`. What is not given has its default; `name` is `number`
    /// by default, and so is the jitter's seed 0, for a replay is to tell the same each time.
    ///
    /// # Errors
    ///
    /// Which field is wrong, its value, and what it must be.
    pub fn parse(text: &str, number: usize) -> Result<Self> {
        let mut name = number.to_string();
        let mut settings = Settings::default();
        settings.jitter_seed = Some(0);
        let mut buckets = None;
        let mut given: Vec<&str> = Vec::new();
        let fields = text.split(',').map(str::trim);
        for field in fields.filter(|field| !field.is_empty()) {
            let Some((field, value)) = field.split_once('=') else {
                bail!("{field:?} is no field=value");
            };
            let (field, value) = (field.trim(), value.trim());
            ensure!(!given.contains(&field), "{field} is given twice");
            given.push(field);
            match field {
                "name" => name = value.to_owned(),
                "window_buckets" => buckets = Some(whole(field, value, "10 to 100")?),
                _ => set(&mut settings, field, value)?,
            }
        }
        if let Some(given) = buckets {
            match &mut settings.window {
                WindowSize::Time { buckets, .. } => *buckets = given,
                WindowSize::Calls(_) => bail!(
                    "window_buckets is {given}; it must not be given where window is a number of calls"
                ),
            }
        }
        let rules = settings.rules()?;
        Ok(Self { name, rules })
    }

    /// Reads several, which must have different names.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), and which of them it is.
    pub fn parse_all(texts: &[String]) -> Result<Vec<Self>> {
        let mut configs: Vec<Self> = Vec::new();
        for (number, text) in (1..).zip(texts) {
            let which = || format!("--config number {number}, {text:?}");
            let config = Self::parse(text, number).with_context(which)?;
            if configs.iter().any(|other| other.name == config.name) {
                return Err(anyhow!("{} is the name of another one", config.name))
                    .with_context(which);
            }
            configs.push(config);
        }
        Ok(configs)
    }
}

fn set(settings: &mut Settings, field: &str, value: &str) -> Result<()> {
    const COUNT: &str = "1 to 4294967295";
    const PART: &str = "more than 0, at most 1";
    match field {
        "failure_threshold" => {
            settings.failure_threshold = or_off(field, value, COUNT, whole)?;
        }
        "success_threshold" => settings.success_threshold = whole(field, value, COUNT)?,
        "timeout" => settings.timeout = time(field, value, length::FORM)?,
        "half_open_max_calls" => {
            settings.half_open_max_calls = whole(field, value, "1 to 65535")?;
        }
        "probe_timeout" => settings.probe_timeout = time(field, value, length::FORM)?,
        "failure_rate" => settings.failure_rate = or_off(field, value, PART, number)?,
        "minimum_calls" => settings.minimum_calls = whole(field, value, COUNT)?,
        "window" => settings.window = window(field, value)?,
        "slow_call_duration" => {
            settings.slow_call_duration = or_off(field, value, length::FORM, time)?;
        }
        "slow_call_rate" => settings.slow_call_rate = number(field, value, PART)?,
        "slow_minimum_calls" => settings.slow_minimum_calls = whole(field, value, COUNT)?,
        "count_hung_calls" => settings.count_hung_calls = flag(field, value)?,
        "backoff_multiplier" => {
            settings.backoff_multiplier = number(field, value, "1 to 100")?;
        }
        "max_timeout" => settings.max_timeout = Some(time(field, value, length::FORM)?),
        "jitter" => settings.jitter = number(field, value, "0 to 1")?,
        "jitter_seed" => {
            settings.jitter_seed = Some(whole(field, value, "0 to 18446744073709551615")?);
        }
        "shadow" => settings.shadow = flag(field, value)?,
        _ => bail!(
            "no field is called {field}; there are name, {}",
            FIELDS.join(", ")
        ),
    }
    Ok(())
}

/// A value that may be off; none is off.
fn or_off<T>(
    field: &str,
    value: &str,
    range: &str,
    read: impl FnOnce(&str, &str, &str) -> Result<T>,
) -> Result<Option<T>> {
    if value == "off" {
        return Ok(None);
    }
    read(field, value, &format!("{range}, or off")).map(Some)
}

fn whole(field: &str, value: &str, range: &str) -> Result<u64> {
    read(field, value, range)
}

fn number(field: &str, value: &str, range: &str) -> Result<f64> {
    read(field, value, range)
}

fn flag(field: &str, value: &str) -> Result<bool> {
    read(field, value, "true or false")
}

fn read<T: FromStr>(field: &str, value: &str, range: &str) -> Result<T> {
    value.parse().map_err(|_| wrong(field, &value, range))
}

fn time(field: &str, value: &str, range: &str) -> Result<Duration> {
    length::parse(value).ok_or_else(|| wrong(field, &value, range))
}

fn window(field: &str, value: &str) -> Result<WindowSize> {
    if let Ok(calls) = value.parse() {
        return Ok(WindowSize::Calls(calls));
    }
    match length::parse(value) {
        Some(length) => Ok(WindowSize::time(length)),
        None => Err(wrong(
            field,
            &value,
            "a number of calls, 1 to 65536, or a length of time such as 10s, 10ms to 24h",
        )),
    }
}

/// In the words of the core's own error.
fn wrong(field: &str, value: &dyn Display, range: &str) -> anyhow::Error {
    anyhow!("{field} is {value}; it must be {range}")
}

#[cfg(test)]
mod tests {
    use k1s0_circuit_breaker::machine::{NEVER, OFF, WindowRule};

    use super::*;

    #[test]
    fn every_field_is_read() {
        let config = Config::parse(
            "name=all, failure_threshold=off, success_threshold=2, timeout=1.5s, half_open_max_calls=3, \
             probe_timeout=never, failure_rate=0.25, minimum_calls=30, window=20s, window_buckets=20, \
             slow_call_duration=250ms, slow_call_rate=0.5, slow_minimum_calls=40, count_hung_calls=true, \
             backoff_multiplier=2, max_timeout=2m, jitter=0.1, jitter_seed=9, shadow=true",
            1,
        )
        .unwrap();
        assert_eq!(config.name, "all");
        let rules = config.rules;
        assert_eq!(rules.policy.failure_threshold, OFF);
        assert_eq!(rules.policy.success_threshold, 2);
        assert_eq!(rules.policy.timeout, 1_500_000_000);
        assert_eq!(rules.policy.half_open_max_calls, 3);
        assert_eq!(rules.policy.probe_timeout, NEVER);
        assert_eq!(
            (rules.failure_rate.ppm, rules.failure_rate.minimum_calls),
            (250_000, 30)
        );
        let width = 1_000_000_000;
        assert_eq!(rules.window, WindowRule::Time { width, buckets: 20 });
        let slow = rules.slow.unwrap();
        assert_eq!(
            (
                slow.duration,
                slow.rate.ppm,
                slow.rate.minimum_calls,
                slow.count_hung_calls
            ),
            (250_000_000, 500_000, 40, true)
        );
        let backoff = rules.backoff;
        assert_eq!(
            (
                backoff.multiplier,
                backoff.max_timeout,
                backoff.jitter,
                backoff.jitter_seed
            ),
            (2_000_000, 120_000_000_000, 100_000, Some(9))
        );
        assert!(rules.shadow);
    }

    #[test]
    fn every_field_of_the_list_is_one() {
        for field in FIELDS {
            let error = Config::parse(&format!("{field}=?"), 1)
                .unwrap_err()
                .to_string();
            assert!(
                error.starts_with(&format!("{field} is ?; it must be ")),
                "{error}"
            );
        }
    }

    #[test]
    fn what_is_not_given_has_its_default() {
        let config = Config::parse("", 3).unwrap();
        assert_eq!(config.name, "3");
        let mut settings = Settings::default();
        settings.jitter_seed = Some(0);
        assert_eq!(config.rules, settings.rules().unwrap());
        let config = Config::parse("window=50", 1).unwrap();
        assert_eq!(config.rules.window, WindowRule::Calls(50));
    }

    #[test]
    fn what_is_wrong_is_told_by_field_value_and_range() {
        for (text, expected) in [
            (
                "failure_threshold=0",
                "failure_threshold is 0; it must be 1 to 4294967295",
            ),
            (
                "failure_threshold=-1",
                "failure_threshold is -1; it must be 1 to 4294967295, or off",
            ),
            (
                "success_threshold=off",
                "success_threshold is off; it must be 1 to 4294967295",
            ),
            (
                "timeout=30",
                "timeout is 30; it must be a length of time such as 250ms, 1.5s, 2m or never",
            ),
            (
                "probe_timeout=1us",
                "probe_timeout is 1µs; it must be 1ms or more",
            ),
            (
                "failure_rate=1.5",
                "failure_rate is 1.5; it must be more than 0, at most 1",
            ),
            (
                "failure_rate=half",
                "failure_rate is half; it must be more than 0, at most 1, or off",
            ),
            ("window=0", "window is 0; it must be 1 to 65536"),
            (
                "window=2d",
                "window is 2d; it must be a number of calls, 1 to 65536, or a length of time such as 10s, 10ms to 24h",
            ),
            (
                "window=10s,window_buckets=5",
                "window_buckets is 5; it must be 10 to 100",
            ),
            (
                "window_buckets=20",
                "window_buckets is 20; it must not be given where window is a number of calls",
            ),
            ("shadow=yes", "shadow is yes; it must be true or false"),
            (
                "max_timeout=1s",
                "max_timeout is 1s; it must be timeout or more",
            ),
            ("timeout=1s,timeout=2s", "timeout is given twice"),
            ("timeout", "\"timeout\" is no field=value"),
        ] {
            assert_eq!(Config::parse(text, 1).unwrap_err().to_string(), expected);
        }
        let error = Config::parse("wait=3s", 1).unwrap_err().to_string();
        assert!(
            error.starts_with("no field is called wait; there are name, failure_threshold, "),
            "{error}"
        );
    }

    #[test]
    fn of_several_it_is_told_which() {
        let parse = |texts: &[&str]| {
            let texts: Vec<_> = texts.iter().map(|&text| text.to_owned()).collect();
            Config::parse_all(&texts)
        };
        assert_eq!(parse(&["name=a", ""]).unwrap()[1].name, "2");
        assert_eq!(
            format!("{:#}", parse(&["", "timeout=x"]).unwrap_err()),
            "--config number 2, \"timeout=x\": timeout is x; it must be a length of time such as \
             250ms, 1.5s, 2m or never"
        );
        assert_eq!(
            format!("{:#}", parse(&["name=a", "name=a"]).unwrap_err()),
            "--config number 2, \"name=a\": a is the name of another one"
        );
    }
}
