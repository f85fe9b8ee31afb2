//! The one list of instruments, for the module that makes them.

use breaker::metrics::vocabulary::{INSTRUMENTS, Kind, SCOPE, UNNAMED};
use pyo3::prelude::*;

/// Name, kind ("counter" or "gauge"), unit and description of every instrument.
type Row = (&'static str, &'static str, &'static str, &'static str);

/// Every instrument.
#[pyfunction]
pub fn instruments() -> Vec<Row> {
    INSTRUMENTS
        .iter()
        .map(|it| {
            let kind = match it.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
            };
            (it.name, kind, it.unit, it.description)
        })
        .collect()
}

/// The instrumentation scope, and the name under which a breaker without one is shown.
pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("SCOPE", SCOPE)?;
    module.add("UNNAMED", UNNAMED)
}
