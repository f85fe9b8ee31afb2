//! `cargo xtask demo`: the breaker's main job on real traffic; see the crate `demo`.

use anyhow::Result;

use crate::run::cargo;

/// Runs the command. The demo has the terminal to itself.
pub(crate) fn run(arguments: &[String]) -> Result<bool> {
    let status = cargo(&[
        "run",
        "--quiet",
        "--release",
        "--package",
        "k1s0-demo",
        "--",
    ])
    .args(arguments)
    .status()?;
    Ok(status.success())
}
