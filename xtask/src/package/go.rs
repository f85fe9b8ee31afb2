//! The Go modules, as a module proxy serves them.

use std::path::Path;

use anyhow::Result;

use crate::go::{self, MODULES};
use crate::run::stdout;
use crate::workspace;

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
    pack.arg(folder)
        .arg(format!("v{}", workspace::VERSION))
        .args(MODULES);
    stdout(&mut pack)
}
