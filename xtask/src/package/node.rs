//! The npm packages, as they are published from this machine.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::node::{self, addon};
use crate::python::Environment;
use crate::workspace;

/// zig, as for the wheels.
const ENVIRONMENT: Environment = Environment {
    name: "node-package",
    requirements: &[
        "bindings-python/requirements-package.txt",
        "bindings-node/requirements-package.txt",
    ],
};

/// Fills a folder, and answers what was put in it. On Linux the addon is linked with zig, so that it can be loaded where
/// glibc is as old as any that runs Node 20.
///
/// # Errors
///
/// If something does not build.
pub(crate) fn build(folder: &Path) -> Result<Vec<PathBuf>> {
    let host = workspace::host()?;
    let addon = if host.ends_with("-linux-gnu") {
        ENVIRONMENT.prepare()?;
        let cargo = ENVIRONMENT.tool("cargo-zigbuild", &["zigbuild"]);
        addon::build_for(cargo, &host, &format!("{host}.2.17"))?
    } else {
        addon::build()?
    };
    node::pack_with(&addon, folder)
}
