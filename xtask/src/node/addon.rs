//! Node's native addon: `bindings-node/native`, built as it is shipped.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::run::{cargo, stdout};
use crate::workspace;

/// The package.
const PACKAGE: &str = "k1s0-circuit-breaker-node";

/// Builds the addon for this machine, as it is shipped.
///
/// # Errors
///
/// If it does not build.
pub(crate) fn build() -> Result<PathBuf> {
    let host = workspace::host()?;
    build_for(cargo(&["build"]), &host, &host)
}

/// The same with another cargo, which may know of variants of a target.
///
/// # Errors
///
/// If it does not build.
pub(crate) fn build_for(mut build: Command, target: &str, variant: &str) -> Result<PathBuf> {
    build.args(["--quiet", "--profile=dist", "--package", PACKAGE]);
    // Its symbols are half of it.
    build
        .args(["--target", variant])
        .env("CARGO_PROFILE_DIST_STRIP", "symbols");
    stdout(&mut build)?;
    let folder = workspace::target().join(target).join("dist");
    Ok(folder.join(file_name()))
}

/// Builds it apart, with an entry for tests that has the others panic.
///
/// # Errors
///
/// If it does not build.
pub(crate) fn build_panicking() -> Result<PathBuf> {
    let target = workspace::target().join("node").join("panics");
    let mut build = cargo(&["build", "--quiet", "--release", "--package", PACKAGE]);
    build
        .env("RUSTFLAGS", "--cfg k1s0_cb_force_panic")
        .env("CARGO_TARGET_DIR", &target);
    stdout(&mut build)?;
    Ok(target.join("release").join(file_name()))
}

/// What cargo calls it on this machine.
fn file_name() -> String {
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    format!("{prefix}k1s0_circuit_breaker_node{suffix}")
}
