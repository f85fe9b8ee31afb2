//! Steps that need another toolchain or another target.

use anyhow::{Context, Result};

use super::{Done, holds};
use crate::run::{cargo, quiet, stdout};
use crate::tools;
use crate::wasm;
use crate::workspace::CORE;

/// The machine builds without the standard library, for a target that has none.
pub(super) fn wasm() -> Result<Done> {
    tools::add("target", wasm::TARGET)?;
    stdout(&mut cargo(&[
        "build",
        "--quiet",
        "--package",
        CORE,
        "--no-default-features",
        "--target",
        wasm::TARGET,
    ]))?;
    Ok(holds())
}

/// Everything builds with the oldest Rust that `rust-version` promises.
pub(super) fn oldest() -> Result<Done> {
    let version = rust_version()?;
    if let Err(error) = tools::toolchain(&version, &[]) {
        return Ok(Done::NotRun(format!("Rust {version}: {error:#}")));
    }
    let check = quiet(&mut cargo(&[
        &format!("+{version}"),
        "check",
        "--quiet",
        "--workspace",
        "--all-features",
    ]))?;
    anyhow::ensure!(check.success, "Rust {version}:\n{}", check.stderr);
    Ok(Done::Holds(format!("Rust {version}")))
}

/// What the workspace promises.
fn rust_version() -> Result<String> {
    let metadata = stdout(&mut cargo(&["metadata", "--no-deps", "--format-version=1"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let version = metadata["packages"][0]["rust_version"]
        .as_str()
        .context("rust-version is set")?;
    Ok(version.to_owned())
}
