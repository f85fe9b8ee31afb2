//! The wheels and the source distribution of the Python package.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::python::Environment;
use crate::run::stdout;
use crate::workspace;

const ENVIRONMENT: Environment = Environment {
    name: "python-package",
    requirements: &["bindings-python/requirements-package.txt"],
};

/// A wheel for each Python that needs one of its own, and what cargo is told for it. Below 3.12 the stable ABI has no
/// vectorcall, and the free-threaded build has no stable ABI yet. None of these has to be installed.
const WHEELS: [(&str, Option<&str>); 5] = [
    ("python3.9", None),
    ("python3.10", None),
    ("python3.11", None),
    // For every later version as well.
    ("python3.12", Some("pyo3/abi3-py312")),
    ("python3.14t", None),
];

/// Fills a folder, and answers what is in it. Linked with zig, so that the wheels run where glibc is as old as
/// manylinux2014 promises.
///
/// # Errors
///
/// If something does not build.
pub(crate) fn build(folder: &Path) -> Result<Vec<PathBuf>> {
    ENVIRONMENT.prepare()?;
    let target = workspace::host()?;
    for (interpreter, feature) in WHEELS {
        let mut build = ENVIRONMENT.maturin(&["build", "--profile=dist", "--zig"]);
        build
            .args(["--compatibility=manylinux2014", "--target", &target])
            .args(["--interpreter", interpreter])
            .arg("--out")
            .arg(folder);
        if let Some(feature) = feature {
            build.args(["--features", feature]);
        }
        stdout(&mut build).context(interpreter)?;
    }
    stdout(ENVIRONMENT.maturin(&["sdist"]).arg("--out").arg(folder))?;
    let files = fs::read_dir(folder)?.map(|file| Ok(file?.path()));
    let mut files = files.collect::<Result<Vec<_>>>()?;
    files.sort();
    Ok(files)
}
