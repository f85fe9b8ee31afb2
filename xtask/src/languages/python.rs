//! Python: the wheel as it is shipped, installed into an environment of its own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{Language, Tested};
use crate::run::{command, quiet, stdout, streaming};
use crate::tally::Tally;
use crate::workspace;

/// Python.
pub(crate) struct Python;

impl Language for Python {
    fn name(&self) -> &'static str {
        "python"
    }

    fn prepare(&self) -> Result<()> {
        TESTS.prepare()
    }

    fn test(&self) -> Result<Tested> {
        TESTS.install_wheel()?;
        let mut tally = Tally::default();
        let success = streaming(
            &mut TESTS.python(&["-m", "pytest", "bindings-python"]),
            |line| tally.read_pytest(line),
        )?;
        Ok(Tested { tally, success })
    }
}

/// A virtual environment with exact versions of what is in it.
pub(crate) struct Environment {
    /// The folder, in `target/toolchains`.
    folder: &'static str,
    /// What is installed, one file after the other.
    requirements: &'static [&'static str],
}

const TEST_REQUIREMENTS: &str = "bindings-python/requirements-test.txt";
const CHECK_REQUIREMENTS: &str = "bindings-python/requirements-check.txt";

/// What the tests run in.
const TESTS: Environment = Environment {
    folder: "python",
    requirements: &[TEST_REQUIREMENTS],
};

/// What the linter and the type checkers run in.
pub(crate) const CHECKS: Environment = Environment {
    folder: "python-checks",
    requirements: &[TEST_REQUIREMENTS, CHECK_REQUIREMENTS],
};

impl Environment {
    fn folder(&self) -> PathBuf {
        workspace::target().join("toolchains").join(self.folder)
    }

    /// Makes it, unless it is there and has what it should.
    ///
    /// # Errors
    ///
    /// If this machine has no Python that can.
    pub(crate) fn prepare(&self) -> Result<()> {
        let probe = "import sys, venv; sys.exit(sys.version_info < (3, 10))";
        match quiet(&mut command("python3", &["-c", probe])) {
            Ok(output) if output.success => {}
            Ok(output) => bail!(
                "python3 is older than 3.10, or lacks venv: {}",
                output.stderr.trim()
            ),
            Err(_) => bail!("missing; apt-get install python3 python3-venv"),
        }
        let mut wanted = String::new();
        for file in self.requirements {
            wanted += &fs::read_to_string(workspace::root().join(file))?;
        }
        let note = self.folder().join("requirements.txt");
        if fs::read_to_string(&note).is_ok_and(|has| has == wanted) {
            return Ok(());
        }
        let folder = self.folder();
        let make = ["-m", "venv", "--clear", &folder.to_string_lossy()];
        stdout(&mut command("python3", &make))?;
        let mut install = self.python(&["-m", "pip", "install", "--quiet"]);
        for file in self.requirements {
            install.args(["-r", file]);
        }
        stdout(&mut install).context("cannot install what is needed")?;
        // Written last: an environment without it was not finished.
        fs::write(note, wanted)?;
        Ok(())
    }

    /// Its own Python.
    pub(crate) fn python(&self, arguments: &[&str]) -> Command {
        let program = self.folder().join("bin").join("python");
        command(&program.to_string_lossy(), arguments)
    }

    /// Builds the wheel, and installs it.
    pub(crate) fn install_wheel(&self) -> Result<()> {
        let wheels = workspace::target().join("python").join("wheels");
        if wheels.exists() {
            fs::remove_dir_all(&wheels)?;
        }
        let build = [
            "-m",
            "maturin",
            "build",
            "--quiet",
            "--profile",
            "release",
            "--manifest-path",
            "bindings-python/Cargo.toml",
        ];
        stdout(
            self.python(&build)
                .arg("--interpreter")
                .arg(self.folder().join("bin").join("python"))
                .arg("--out")
                .arg(&wheels),
        )?;
        let mut built = fs::read_dir(&wheels)?;
        let wheel = built.next().context("maturin built no wheel")??.path();
        let install = ["-m", "pip", "install", "--quiet", "--force-reinstall"];
        stdout(self.python(&install).arg("--no-deps").arg(wheel))?;
        Ok(())
    }
}
