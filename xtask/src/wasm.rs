//! The wasm module: `bindings-wasm`, built as it is shipped.

use std::path::PathBuf;

use anyhow::Result;

use crate::run::{cargo, stdout};
use crate::tools;
use crate::workspace;

/// The target that it is built for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Builds the module, and has rustup add the target if it is missing.
///
/// # Errors
///
/// If it does not build.
pub(crate) fn build() -> Result<PathBuf> {
    tools::add("target", TARGET)?;
    let package = "k1s0-circuit-breaker-wasm";
    let arguments = ["build", "--quiet", "--profile=dist", "--target", TARGET];
    let mut build = cargo(&arguments);
    build.args(["--package", package]);
    // The names of its functions are a third of it, and nobody reads them.
    build.env("CARGO_PROFILE_DIST_STRIP", "symbols");
    stdout(&mut build)?;
    let folder = workspace::target().join(TARGET).join("dist");
    Ok(folder.join("k1s0_circuit_breaker_wasm.wasm"))
}
