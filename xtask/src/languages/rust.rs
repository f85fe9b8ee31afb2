//! Rust: the core itself, and all that is in the workspace.

use anyhow::Result;

use super::{Language, Tested};
use crate::run::{cargo, streaming};
use crate::tally::Tally;

/// Rust.
pub(crate) struct Rust;

impl Language for Rust {
    fn name(&self) -> &'static str {
        "rust"
    }

    /// Whoever runs this has a Rust toolchain.
    fn prepare(&self) -> Result<()> {
        Ok(())
    }

    fn test(&self) -> Result<Tested> {
        let mut tally = Tally::default();
        // Documentation tests and the compilation of examples are part of it.
        let success = streaming(
            &mut cargo(&[
                "test",
                "--workspace",
                // Languages of their own.
                "--exclude=k1s0-circuit-breaker-c",
                "--exclude=k1s0-circuit-breaker-python",
                "--all-features",
                "--no-fail-fast",
            ]),
            |line| tally.read_rust(line),
        )?;
        Ok(Tested { tally, success })
    }
}
