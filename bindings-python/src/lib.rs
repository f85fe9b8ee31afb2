//! The native half of the Python package: one breaker of core's, and what Python needs around it.
//!
//! It decides nothing: every state, count and comparison is core's (DESIGN 1). Python files beside it
//! (`python/k1s0_circuit_breaker`) hold what is cold, `async`, or nicer to read there.
//!
//! Two rules hold in every file. No lock of ours is held while Python runs, nor while a reference to a
//! Python object is dropped; and all of this code runs attached to the interpreter. `os.fork` does so
//! too, and with or without the GIL no other attached thread is inside our locks at that moment; so a
//! child never inherits a lock that nobody will release.

#![deny(clippy::undocumented_unsafe_blocks)]
#![allow(
    unreachable_pub,
    reason = "what a Python module shows is public to Python"
)]

mod awaited;
mod block;
mod block_method;
mod block_waiting;
mod breaker_class;
mod classify;
mod clock;
mod config;
mod control;
mod execute_sync;
mod explanation;
mod fork;
mod guarded;
mod hot;
mod judge;
mod metrics;
mod panics;
mod permit;
mod python;
mod ready;
mod run;
mod seconds;
mod slot;
mod told;
mod transition;
mod vocabulary;

/// Imported by Python as `k1s0_circuit_breaker._native`. Private: the package's own modules show what is
/// public.
#[pyo3::pymodule(name = "_native", gil_used = false)]
mod native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::breaker_class::Breaker;
    #[pymodule_export]
    use crate::classify::{
        grpc_retry_pushback, grpc_status, http_status, retry_after, transport_error,
    };
    #[pymodule_export]
    use crate::config::Rules;
    #[pymodule_export]
    use crate::explanation::CircuitBreakerExplanation;
    #[pymodule_export]
    use crate::fork::after_fork_in_child;
    #[pymodule_export]
    use crate::guarded::guard;
    #[pymodule_export]
    use crate::metrics::CircuitBreakerMetrics;
    #[pymodule_export]
    use crate::permit::Permit;
    #[pymodule_export]
    use crate::told::Subscription;
    #[pymodule_export]
    use crate::transition::Transition;
    #[pymodule_export]
    use crate::vocabulary::instruments;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("core_version", breaker::VERSION)?;
        crate::hot::set_up(module.py())?;
        crate::guarded::add_to(module)?;
        crate::block::set_up(module.py())?;
        crate::vocabulary::add_to(module)?;
        let class = module.py().get_type::<Breaker>();
        crate::execute_sync::add_to(&class)?;
        crate::awaited::add_to(&class)?;
        crate::block_method::add_to(&class)?;
        #[cfg(k1s0_cb_force_panic)]
        crate::panics::forced::add_to(module)?;
        crate::fork::watch(module)
    }
}
