//! Where things are.

use std::path::{Path, PathBuf};

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
