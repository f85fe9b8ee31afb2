//! Steps that look at the workspace as a whole.

use anyhow::Result;

use super::{Done, holds};
use crate::run::{cargo, command, stdout};
use crate::{tools, wasm};

/// Everything is formatted.
pub(super) fn format() -> Result<Done> {
    tools::add("component", "rustfmt")?;
    stdout(&mut cargo(&["fmt", "--all", "--check"]))?;
    Ok(holds())
}

/// No lint speaks.
pub(super) fn clippy() -> Result<Done> {
    tools::add("component", "clippy")?;
    stdout(&mut cargo(&[
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "--deny=warnings",
    ]))?;
    // Most of the wasm module is there for its own target only.
    tools::add("target", wasm::TARGET)?;
    stdout(&mut cargo(&[
        "clippy",
        "--quiet",
        "--package=k1s0-circuit-breaker-wasm",
        "--target",
        wasm::TARGET,
        "--",
        "--deny=warnings",
    ]))?;
    Ok(holds())
}

/// The documentation builds without a warning.
pub(super) fn docs() -> Result<Done> {
    let mut doc = cargo(&[
        "doc",
        "--quiet",
        "--workspace",
        "--no-deps",
        "--all-features",
    ]);
    stdout(doc.env("RUSTDOCFLAGS", "--deny=warnings"))?;
    Ok(holds())
}

/// Dependencies are what `deny.toml` allows. Its fourth check, of security advisories, needs a
/// database that is fetched with git from a code host; it is left to whoever can reach that.
pub(super) fn deny() -> Result<Done> {
    let program = tools::DENY.program()?;
    let mut deny = command(
        &program.to_string_lossy(),
        &[
            "--log-level=error",
            "--all-features",
            "check",
            "licenses",
            "bans",
            "sources",
        ],
    );
    stdout(&mut deny)?;
    Ok(Done::Holds("advisories are not among them".into()))
}
