//! Node's native addon: `bindings-node/native`, built as it is shipped.

use std::path::PathBuf;

use anyhow::Result;

use crate::run::{cargo, stdout};
use crate::workspace;

/// The package.
const PACKAGE: &str = "k1s0-circuit-breaker-node";

/// Builds the addon for this machine. `flags` are for the compiler; with some, it is built apart.
///
/// # Errors
///
/// If it does not build.
pub(crate) fn build(flags: &str) -> Result<PathBuf> {
    let mut target = workspace::target();
    let mut build = cargo(&["build", "--quiet", "--profile=dist", "--package", PACKAGE]);
    if !flags.is_empty() {
        target = target.join("node").join("flagged");
        build.env("RUSTFLAGS", flags);
    }
    // Its symbols are half of it.
    build
        .env("CARGO_PROFILE_DIST_STRIP", "symbols")
        .env("CARGO_TARGET_DIR", &target);
    stdout(&mut build)?;
    Ok(target.join("dist").join(file_name()))
}

/// What cargo calls it on this machine.
fn file_name() -> String {
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    format!("{prefix}k1s0_circuit_breaker_node{suffix}")
}
