//! The time: `time.monotonic` as it is at this moment, or the user's own clock.
//!
//! Whatever a test does to `time.monotonic` is seen, for it is looked up at each reading. As long as
//! nobody has done anything to it, what it would call is called directly.

use std::sync::atomic::{AtomicU64, Ordering};

use breaker::machine::Nanos;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

use crate::seconds;
use crate::slot::Slot;

/// A clock of the user's: a callable that answers seconds.
#[derive(Debug)]
pub(crate) struct UsersClock {
    read: Slot,
    /// What it last said, for when it raises where nobody can wait for it to get well.
    last: AtomicU64,
}

/// Where `time.monotonic` lives, and what it was when we were first asked.
struct Standard {
    names: Py<PyDict>,
    original: Py<PyAny>,
}

/// The reading before, of the standard clock; see [`UsersClock::last`].
static LAST: AtomicU64 = AtomicU64::new(0);

impl UsersClock {
    pub(crate) fn new(read: Py<PyAny>) -> Self {
        Self {
            read: Slot::new(Some(read)),
            last: AtomicU64::new(0),
        }
    }

    pub(crate) const fn slot(&self) -> &Slot {
        &self.read
    }
}

/// Now, in nanoseconds.
///
/// # Errors
///
/// Whatever the clock raises; `TypeError` if it answers no number, `ValueError` if it answers what no clock
/// can.
pub(crate) fn now(py: Python<'_>, users: Option<&UsersClock>) -> PyResult<Nanos> {
    let Some(users) = users else {
        return standard(py);
    };
    let Some(read) = users.read.get(py) else {
        return standard(py);
    };
    let now = nanos(&read.bind(py).call0()?)?;
    users.last.store(now, Ordering::Relaxed);
    Ok(now)
}

/// What the clock last said.
pub(crate) fn last(users: Option<&UsersClock>) -> Nanos {
    users
        .map_or(&LAST, |users| &users.last)
        .load(Ordering::Relaxed)
}

fn standard(py: Python<'_>) -> PyResult<Nanos> {
    static STANDARD: PyOnceLock<Standard> = PyOnceLock::new();
    let standard = STANDARD.get_or_try_init(py, || {
        let time = py.import("time")?;
        PyResult::Ok(Standard {
            names: time.dict().unbind(),
            original: time.getattr("monotonic")?.unbind(),
        })
    })?;
    let monotonic = standard
        .names
        .bind(py)
        .get_item(intern!(py, "monotonic"))?
        .ok_or_else(|| PyTypeError::new_err("time.monotonic is not there"))?;
    if monotonic.is(&standard.original)
        && let Some(now) = untouched()
    {
        return Ok(now);
    }
    let now = nanos(&monotonic.call0()?)?;
    LAST.store(now, Ordering::Relaxed);
    Ok(now)
}

/// What `time.monotonic` reads, on Linux: from where it was replaced in a test and where it was not, readings
/// are on one scale.
#[cfg(target_os = "linux")]
fn untouched() -> Option<Nanos> {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the place is ours, and the clock is one that every Linux has.
    let done = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    // Neither part is negative.
    (done == 0).then(|| now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64)
}

/// Elsewhere Python is asked: what it calls depends on its version.
#[cfg(not(target_os = "linux"))]
const fn untouched() -> Option<Nanos> {
    None
}

fn nanos(reading: &Bound<'_, PyAny>) -> PyResult<Nanos> {
    match seconds::nanos(reading) {
        Ok(Some(nanos)) => Ok(nanos),
        Ok(None) => Err(PyValueError::new_err(format!(
            "a clock answers a number of seconds, 0 or more; this one said {}",
            reading.repr()?
        ))),
        Err(error) => {
            let better = PyTypeError::new_err("a clock answers a number of seconds");
            better.set_cause(reading.py(), Some(error));
            Err(better)
        }
    }
}
