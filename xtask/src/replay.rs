//! `cargo xtask replay`: recorded calls through other configurations; see the crate `replay`.

use anyhow::Result;

use crate::run::cargo;

/// Runs the command, in the folder that it was called from: the trace's path is the caller's.
pub(crate) fn run(arguments: &[String]) -> Result<bool> {
    let status = cargo(&["run", "--quiet", "--package", "k1s0-replay", "--"])
        .args(arguments)
        .current_dir(std::env::current_dir()?)
        .status()?;
    Ok(status.success())
}
