//! The Go modules, as a module proxy serves them.

use std::path::Path;

use anyhow::{Context, Result};

use crate::go::{self, MODULES};
use crate::run::{cargo, stdout};

/// Fills a folder that is good for `GOPROXY=file://…`, and answers what is in it.
///
/// # Errors
///
/// If there is no Go, or a module requires another release of another one.
pub(crate) fn build(folder: &Path) -> Result<String> {
    go::available()?;
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    let mut pack = go::go(".", &["run", "xtask/go/pack.go"]);
    pack.arg(folder).arg(version()?).args(MODULES);
    stdout(&mut pack)
}

/// The workspace's version, as Go writes it.
fn version() -> Result<String> {
    let metadata = stdout(&mut cargo(&["metadata", "--no-deps", "--format-version=1"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let version = metadata["packages"][0]["version"].as_str();
    Ok(format!("v{}", version.context("a package has a version")?))
}
