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

/// The one version of a release: ours is the workspace's, as everybody's is.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Copies these parts of one folder into another, which has nothing else afterwards.
///
/// # Errors
///
/// If something is not there.
pub(crate) fn copy(source: &Path, parts: &[&str], folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    for part in parts {
        stdout(command("cp", &["-r"]).arg(source.join(part)).arg(folder))?;
    }
    Ok(())
}

/// Copies the licences, which a package takes along.
///
/// # Errors
///
/// If they cannot be read.
pub(crate) fn copy_licences(folder: &Path) -> Result<()> {
    for file in ["LICENSE-MIT", "LICENSE-APACHE"] {
        fs::copy(root().join(file), folder.join(file))?;
    }
    Ok(())
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
