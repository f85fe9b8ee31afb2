//! Python: the wheels as they are published, on every CPython of this machine, with the long tests at full size.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use crate::package;
use crate::run::{command, quiet, stdout, streaming};
use crate::tally::Tally;
use crate::workspace;

pub(super) fn run() -> Result<String> {
    let folder = workspace::target().join("python").join("soak");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let wheels = folder.join("wheels");
    package::python::build(&wheels)?;
    let interpreters = interpreters()?;
    ensure!(!interpreters.is_empty(), "there is no CPython here");
    let mut said = Vec::new();
    for (version, interpreter) in interpreters {
        let tests = tests_on(&interpreter, &folder.join(&version), &wheels)?;
        said.push(format!("{version}: {tests} tests"));
    }
    Ok(said.join(", "))
}

/// By version, one for each: those of the path, and pyenv's.
fn interpreters() -> Result<BTreeMap<String, PathBuf>> {
    let mut candidates: Vec<PathBuf> = (9..=20)
        .map(|minor| format!("python3.{minor}").into())
        .collect();
    let pyenv = std::env::var_os("PYENV_ROOT").map(PathBuf::from);
    let pyenv = pyenv.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".pyenv")));
    if let Some(versions) = pyenv.and_then(|root| fs::read_dir(root.join("versions")).ok()) {
        for version in versions {
            candidates.push(version?.path().join("bin").join("python"));
        }
    }
    let ask = "import sys, venv; assert sys.version_info >= (3, 9); \
               print('%d.%d' % sys.version_info[:2] + getattr(sys, 'abiflags', ''))";
    let mut found = BTreeMap::new();
    for candidate in candidates {
        if let Ok(answer) = quiet(&mut command(&candidate.to_string_lossy(), &["-c", ask]))
            && answer.success
        {
            found.insert(answer.stdout.trim().to_owned(), candidate);
        }
    }
    Ok(found)
}

fn tests_on(interpreter: &Path, folder: &Path, wheels: &Path) -> Result<u64> {
    let make = ["-m", "venv", &folder.to_string_lossy()];
    stdout(&mut command(&interpreter.to_string_lossy(), &make))?;
    let own = folder.join("bin").join("python");
    let python = |arguments: &[&str]| command(&own.to_string_lossy(), arguments);
    // Without their versions: an old Python has older ones.
    let pinned =
        fs::read_to_string(workspace::root().join("bindings-python/requirements-test.txt"))?;
    let names = pinned.lines().filter_map(|line| line.split_once("=="));
    let mut install = python(&["-m", "pip", "install", "--quiet"]);
    install.args(names.map(|(name, _)| name));
    stdout(&mut install)?;
    stdout(
        python(&["-m", "pip", "install", "--quiet", "--no-index", "--no-deps"])
            .arg("--find-links")
            .arg(wheels)
            .arg("k1s0-circuit-breaker"),
    )?;
    let mut tally = Tally::default();
    let mut tests = python(&["-m", "pytest", "bindings-python"]);
    tests.env("K1S0_CB_SCALE", "10");
    let success = streaming(&mut tests, |line| tally.read_pytest(line))?;
    ensure!(success, "{}: a test failed", interpreter.display());
    ensure!(tally.run() > 0, "no test ran");
    Ok(tally.run())
}
