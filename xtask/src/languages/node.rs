//! Node: the packed package, installed into a folder of its own, beside a copy of the tests.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{Language, Tested};
use crate::node::{self, Environment};
use crate::run::{command, stdout, streaming};
use crate::tally::Tally;
use crate::workspace;

/// Node.
pub(crate) struct Node;

/// Where the tests run. They need the package, and TypeScript for the tests of the types.
pub(crate) const TESTS: Environment = Environment {
    name: "node",
    manifest: "bindings-node",
};

/// What a user may have, and the tests for it: the addon; the same without views of its memory, which matters to calls
/// only; the wasm module.
const BACKENDS: [(&str, &str); 3] = [
    ("native", "test"),
    ("native-calls", "test/conformance"),
    ("wasm", "test"),
];

impl Language for Node {
    fn name(&self) -> &'static str {
        "node"
    }

    fn prepare(&self) -> Result<()> {
        node::available()?;
        TESTS.prepare()
    }

    fn test(&self) -> Result<Tested> {
        let tarballs = install()?;
        let mut tally = Tally::default();
        let mut success = true;
        // The same tests on everything that a user may have.
        for (backend, folder) in BACKENDS {
            let mut run = TESTS.node(&["--test", "--test-reporter=./test/reporter.mjs"]);
            run.args(test_files(&TESTS.folder().join(folder))?)
                .env("K1S0_TARBALLS", std::env::join_paths(&tarballs)?)
                .env("K1S0_CIRCUIT_BREAKER_BACKEND", backend);
            success &= streaming(&mut run, |line| tally.read_node(line))?;
        }
        // An addon whose entries panic where a test says so.
        let panicking = node::addon::build_panicking()?;
        let mut panics = TESTS.node(&["--test", "--test-reporter=./test/reporter.mjs"]);
        panics
            .arg("test/panics.mjs")
            .env("K1S0_PANICKING_ADDON", panicking);
        success &= streaming(&mut panics, |line| tally.read_node(line))?;
        Ok(Tested { tally, success })
    }
}

/// Installs the packed packages beside a copy of the tests; answers the tarballs.
///
/// # Errors
///
/// If they cannot be built.
pub(crate) fn install() -> Result<Vec<PathBuf>> {
    let tarballs = node::pack()?;
    TESTS.install(&tarballs)?;
    copy_tests()?;
    Ok(tarballs)
}

/// A test that stood where the package is developed would find that, and not the installed one.
fn copy_tests() -> Result<()> {
    let copy = TESTS.folder().join("test");
    if copy.exists() {
        fs::remove_dir_all(&copy)?;
    }
    let source = workspace::root().join("bindings-node/test");
    stdout(command("cp", &["-r"]).arg(source).arg(&copy))?;
    Ok(())
}

/// Named one by one: each version of Node finds tests in another way.
fn test_files(folder: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(test_files(&path)?);
        } else if is_test(&path) {
            files.push(path.display().to_string());
        }
    }
    files.sort();
    Ok(files)
}

fn is_test(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str);
    name.is_some_and(|name| name.ends_with(".test.mjs"))
}
