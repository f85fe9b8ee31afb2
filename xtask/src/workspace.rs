//! Where things are.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::run::{command, stdout};

/// The name of the crate that everything is about.
pub(crate) const CORE: &str = "k1s0-circuit-breaker";

/// The workspace's folder.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// The folder for everything that is made.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The one version of a release.
///
/// # Errors
///
/// If the workspace's manifest does not say it.
pub(crate) fn version() -> Result<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml"))?;
    let (_, package) = manifest
        .split_once("[workspace.package]")
        .context("there is a [workspace.package]")?;
    let version = package
        .lines()
        .find_map(|line| line.strip_prefix("version = \""))
        .context("it has a version")?;
    Ok(version.trim_end_matches('"').to_owned())
}

/// This machine, in rustc's words.
///
/// # Errors
///
/// If there is no rustc.
pub(crate) fn host() -> Result<String> {
    let version = stdout(&mut command("rustc", &["--version", "--verbose"]))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}
