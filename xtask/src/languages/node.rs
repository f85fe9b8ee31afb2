//! Node: the packed package, installed into a folder of its own, beside a copy of the tests.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{Language, Tested};
use crate::node::{self, Environment};
use crate::run::streaming;
use crate::tally::Tally;
use crate::{tools, workspace};

/// Node.
pub(crate) struct Node;

/// Where the tests run. They need the package, what it integrates with, and what judges it.
pub(crate) const TESTS: Environment = Environment {
    name: "node",
    manifest: "bindings-node/test",
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
        tools::debian(CHROMIUM, CHROMIUM)?;
        TESTS.prepare()
    }

    fn test(&self) -> Result<Tested> {
        let tarballs = set_up()?;
        let mut tested = Tested {
            tally: Tally::default(),
            success: true,
        };
        let coverage = TESTS.folder().join("coverage");
        if coverage.exists() {
            fs::remove_dir_all(&coverage)?;
        }
        // The same tests on everything that a user may have.
        let mut runs = Vec::new();
        for (backend, folder) in BACKENDS {
            let mut suite = suite();
            suite
                .args(test_files_in(&TESTS.folder().join(folder))?)
                .env("K1S0_TARBALLS", std::env::join_paths(&tarballs)?)
                .env("K1S0_CIRCUIT_BREAKER_BACKEND", backend)
                .env("NODE_V8_COVERAGE", &coverage);
            runs.push(suite);
        }
        // An addon whose entries panic where a test says so.
        let mut panics = suite();
        panics
            .arg("test/panics.mjs")
            .env("K1S0_PANICKING_ADDON", node::addon::build_panicking()?);
        runs.push(panics);
        runs.extend([
            TESTS.node(COVERED),
            TESTS.node(VITEST),
            TESTS.node(JEST),
            TESTS.node(&["test/browser/run.mjs", CHROMIUM]),
        ]);
        for mut run in runs {
            tested.success &= streaming(&mut run, |line| tested.tally.read_node(line))?;
        }
        Ok(tested)
    }
}

/// The program, and Debian's package.
const CHROMIUM: &str = "chromium";

/// Fake timers as the users of these libraries have them.
const VITEST: &[&str] = &[
    "node_modules/vitest/vitest.mjs",
    "run",
    "--config=test/clocks/vitest.config.mjs",
];
const JEST: &[&str] = &[
    "--experimental-vm-modules",
    "node_modules/jest/bin/jest.js",
    "--config=test/clocks/jest.config.mjs",
];

/// How much of the package as it is installed the suite has run; less than the specification's goal is a failure.
const COVERED: &[&str] = &[
    "node_modules/c8/bin/c8.js",
    "report",
    "--temp-directory=coverage",
    "--exclude-node-modules=false",
    "--include=node_modules/@k1s0/circuit-breaker/dist/*.js",
    "--reporter=text",
    "--check-coverage",
    "--lines=90",
    "--functions=90",
    "--branches=90",
];

/// Packs the packages, and installs them beside a copy of the tests; answers the tarballs.
pub(crate) fn set_up() -> Result<Vec<PathBuf>> {
    TESTS.prepare()?;
    let tarballs = node::pack()?;
    TESTS.install(&tarballs)?;
    copy_tests()?;
    Ok(tarballs)
}

/// Node's own runner.
pub(crate) fn suite() -> Command {
    TESTS.node(&["--test", "--test-reporter=./test/reporter.mjs"])
}

/// A test that stood where the package is developed would find that, and not the installed one.
fn copy_tests() -> Result<()> {
    let source = workspace::root().join("bindings-node/test");
    workspace::copy(&source, &["."], &TESTS.folder().join("test"))
}

/// Named one by one: each version of Node finds tests in another way.
pub(crate) fn test_files() -> Result<Vec<String>> {
    test_files_in(&TESTS.folder().join("test"))
}

fn test_files_in(folder: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(test_files_in(&path)?);
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
