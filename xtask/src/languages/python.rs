//! Python: the wheel as it is shipped, installed into an environment of its own.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::{Language, Tested};
use crate::run::{command, quiet, stdout, streaming};
use crate::tally::Tally;
use crate::workspace;

/// Python.
pub(crate) struct Python;

/// What the environment holds besides the wheel.
const REQUIREMENTS: &str = "bindings-python/requirements-test.txt";

impl Language for Python {
    fn name(&self) -> &'static str {
        "python"
    }

    fn prepare(&self) -> Result<()> {
        let probe = "import sys, venv; sys.exit(sys.version_info < (3, 10))";
        match quiet(&mut command("python3", &["-c", probe])) {
            Ok(output) if output.success => {}
            Ok(output) => bail!(
                "python3 is too old, or lacks venv: {}",
                output.stderr.trim()
            ),
            Err(_) => bail!("missing; apt-get install python3 python3-venv"),
        }
        environment()
    }

    fn test(&self) -> Result<Tested> {
        let wheel = wheel()?;
        stdout(&mut python(&[
            "-m",
            "pip",
            "install",
            "--quiet",
            "--force-reinstall",
            "--no-deps",
            &wheel.to_string_lossy(),
        ]))?;
        let mut tally = Tally::default();
        let success = streaming(&mut python(&["-m", "pytest", "bindings-python"]), |line| {
            tally.read_pytest(line)
        })?;
        Ok(Tested { tally, success })
    }
}

fn folder() -> PathBuf {
    workspace::target().join("toolchains").join("python")
}

/// The environment's own Python.
fn python(arguments: &[&str]) -> std::process::Command {
    let program = folder().join("bin").join("python");
    command(&program.to_string_lossy(), arguments)
}

/// Makes the environment, unless there is one with these requirements.
fn environment() -> Result<()> {
    let wanted = fs::read_to_string(workspace::root().join(REQUIREMENTS))?;
    let note = folder().join("requirements.txt");
    if fs::read_to_string(&note).is_ok_and(|has| has == wanted) {
        return Ok(());
    }
    let folder = folder();
    stdout(&mut command(
        "python3",
        &["-m", "venv", "--clear", &folder.to_string_lossy()],
    ))?;
    let install = ["-m", "pip", "install", "--quiet", "-r", REQUIREMENTS];
    stdout(&mut python(&install)).context("cannot install what the tests need")?;
    // Written last: an environment without it was not finished.
    fs::write(note, wanted)?;
    Ok(())
}

/// Builds the wheel for the environment's Python.
fn wheel() -> Result<PathBuf> {
    let wheels = workspace::target().join("python").join("wheels");
    if wheels.exists() {
        fs::remove_dir_all(&wheels)?;
    }
    let interpreter = folder().join("bin").join("python");
    stdout(
        python(&["-m", "maturin", "build", "--quiet", "--profile", "release"])
            .arg("--interpreter")
            .arg(interpreter)
            .args(["--manifest-path", "bindings-python/Cargo.toml", "--out"])
            .arg(&wheels),
    )?;
    let mut built = fs::read_dir(&wheels)?;
    let wheel = built.next().context("maturin built no wheel")??;
    Ok(wheel.path())
}
