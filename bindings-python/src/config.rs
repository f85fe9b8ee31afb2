//! A configuration, checked: core's rules, of what a Python user wrote.
//!
//! Core knows the ranges and says them; here only what core's types cannot hold is refused, or brought to
//! what core refuses. A message shows the value as Python writes it.

use std::time::Duration;

use breaker::config::{Settings, WindowSize};
use breaker::machine::Rules as Checked;
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyInt};

use crate::python::config_error;
use crate::seconds;

/// A configuration that was checked; private to `CircuitBreakerConfig`.
#[pyclass(frozen, module = "k1s0_circuit_breaker._native")]
#[derive(Debug)]
pub struct Rules(pub(crate) Checked);

#[pymethods]
impl Rules {
    /// Checks the fields of a `CircuitBreakerConfig`, by name.
    #[new]
    fn new(fields: &Bound<'_, PyDict>) -> PyResult<Self> {
        let settings = settings(&Fields(fields))?;
        settings.rules().map(Self).map_err(|error| {
            let name = in_python(error.field(), &settings);
            let value = match fields.get_item(name) {
                Ok(Some(value)) => value,
                Ok(None) | Err(_) => fields.py().None().into_bound(fields.py()),
            };
            let range = error
                .range()
                .replace("timeout or more", "open_duration or more");
            config_error(fields.py(), name, &value, &range)
        })
    }
}

/// A field's name in Python, of core's.
fn in_python(field: &str, settings: &Settings) -> &'static str {
    match field {
        "failure_threshold" => "failure_threshold",
        "success_threshold" => "success_threshold",
        "timeout" => "open_duration",
        "half_open_max_calls" => "half_open_max_calls",
        "probe_timeout" => "probe_timeout",
        "failure_rate" => "failure_rate",
        "minimum_calls" => "minimum_calls",
        "window" if matches!(settings.window, WindowSize::Time { .. }) => "window_duration",
        "window" => "window_calls",
        "window_buckets" => "window_buckets",
        "slow_call_duration" => "slow_call_duration",
        "slow_call_rate" => "slow_call_rate",
        "slow_minimum_calls" => "slow_minimum_calls",
        "count_hung_calls" => "count_hung_calls",
        "backoff_multiplier" => "backoff_multiplier",
        "max_timeout" => "max_open_duration",
        "jitter" => "jitter",
        // A test asks for every field of core's.
        _ => "config",
    }
}

fn settings(fields: &Fields<'_, '_>) -> PyResult<Settings> {
    let mut settings = Settings::default();
    settings.failure_threshold = fields.optional("failure_threshold", Fields::count)?;
    settings.success_threshold = fields.count("success_threshold")?;
    settings.timeout = fields.duration("open_duration")?;
    settings.half_open_max_calls = fields.count("half_open_max_calls")?;
    settings.probe_timeout = fields.duration("probe_timeout")?;
    settings.failure_rate = fields.optional("failure_rate", Fields::number)?;
    settings.minimum_calls = fields.count("minimum_calls")?;
    let calls = fields.count("window_calls")?;
    let buckets = fields.count("window_buckets")?;
    settings.window = match fields.optional("window_duration", Fields::duration)? {
        Some(length) => WindowSize::Time { length, buckets },
        None => WindowSize::Calls(calls),
    };
    settings.slow_call_duration = fields.optional("slow_call_duration", Fields::duration)?;
    settings.slow_call_rate = fields.number("slow_call_rate")?;
    settings.slow_minimum_calls = fields.count("slow_minimum_calls")?;
    settings.count_hung_calls = fields.flag("count_hung_calls")?;
    settings.backoff_multiplier = fields.number("backoff_multiplier")?;
    settings.max_timeout = fields.optional("max_open_duration", Fields::duration)?;
    settings.jitter = fields.number("jitter")?;
    settings.jitter_seed = fields.optional("jitter_seed", Fields::seed)?;
    settings.shadow = fields.flag("shadow")?;
    Ok(settings)
}

/// What the user wrote, by name.
struct Fields<'a, 'py>(&'a Bound<'py, PyDict>);

impl<'py> Fields<'_, 'py> {
    fn get(&self, name: &str) -> PyResult<Bound<'py, PyAny>> {
        self.0
            .get_item(name)?
            .ok_or_else(|| PyTypeError::new_err(format!("{name} is missing")))
    }

    /// None is off.
    fn optional<T>(
        &self,
        name: &str,
        read: impl Fn(&Self, &str) -> PyResult<T>,
    ) -> PyResult<Option<T>> {
        if self.get(name)?.is_none() {
            return Ok(None);
        }
        read(self, name).map(Some)
    }

    /// A whole number. What is too large for core's type is brought to its largest, what is negative to 0: both are
    /// out of every range, and core says which.
    fn count(&self, name: &str) -> PyResult<u64> {
        let value = self.whole(name)?;
        match value.extract() {
            Ok(count) => Ok(count),
            Err(_) if value.lt(0)? => Ok(0),
            Err(_) => Ok(u64::MAX),
        }
    }

    fn seed(&self, name: &str) -> PyResult<u64> {
        let value = self.whole(name)?;
        value
            .extract()
            .map_err(|_| config_error(self.0.py(), name, &value, "0 to 18446744073709551615"))
    }

    fn whole(&self, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let value = self.get(name)?;
        if value.is_instance_of::<PyBool>() {
            return Err(wrong_type(name, &value, "an int"));
        }
        if value.is_instance_of::<PyInt>() {
            return Ok(value);
        }
        // Whole numbers of other kinds, numpy's for one.
        value
            .call_method0("__index__")
            .map_err(|_| wrong_type(name, &value, "an int"))
    }

    fn number(&self, name: &str) -> PyResult<f64> {
        let value = self.get(name)?;
        if value.is_instance_of::<PyBool>() {
            return Err(wrong_type(name, &value, "a float"));
        }
        match value.extract() {
            Ok(number) => Ok(number),
            // An int beyond all floats.
            Err(error) if error.is_instance_of::<PyOverflowError>(self.0.py()) => {
                Ok(if value.lt(0)? {
                    f64::NEG_INFINITY
                } else {
                    f64::INFINITY
                })
            }
            Err(_) => Err(wrong_type(name, &value, "a float")),
        }
    }

    /// Seconds. More than core can hold is never (SPEC 2.4), and so are 2^64 - 1 ns.
    fn duration(&self, name: &str) -> PyResult<Duration> {
        let value = self.get(name)?;
        if value.is_instance_of::<PyBool>() {
            return Err(wrong_type(name, &value, "a float"));
        }
        match seconds::nanos(&value) {
            Ok(Some(nanos)) => Ok(Duration::from_nanos(nanos)),
            Ok(None) => {
                let range = "a finite number of seconds, 0 or more";
                Err(config_error(self.0.py(), name, &value, range))
            }
            Err(_) => Err(wrong_type(name, &value, "a float")),
        }
    }

    fn flag(&self, name: &str) -> PyResult<bool> {
        let value = self.get(name)?;
        value
            .extract()
            .map_err(|_| wrong_type(name, &value, "a bool"))
    }
}

fn wrong_type(name: &str, value: &Bound<'_, PyAny>, wanted: &str) -> PyErr {
    match value.repr() {
        Ok(value) => PyTypeError::new_err(format!("{name} is {value}; it must be {wanted}")),
        Err(error) => error,
    }
}
