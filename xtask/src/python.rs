//! Python environments, and the wheel that is installed into them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run::{command, quiet, stdout};
use crate::workspace;

/// Builds the wheel, in every environment.
const BUILD: &str = "bindings-python/requirements-build.txt";

/// A virtual environment of ours, made of a file of pinned requirements.
pub(crate) struct Environment {
    /// Its folder in `target/toolchains`.
    pub(crate) name: &'static str,
    /// What it holds besides the wheel.
    pub(crate) requirements: &'static [&'static str],
}

impl Environment {
    /// Makes it, unless it is there with these requirements.
    ///
    /// # Errors
    ///
    /// If there is no Python, or the requirements cannot be installed.
    pub(crate) fn prepare(&self) -> Result<()> {
        let probe = "import sys, venv; sys.exit(sys.version_info < (3, 10))";
        match quiet(&mut command("python3", &["-c", probe])) {
            Ok(output) if output.success => {}
            Ok(output) => bail!(
                "python3 is too old, or lacks venv: {}",
                output.stderr.trim()
            ),
            Err(_) => bail!("missing; apt-get install python3 python3-venv"),
        }
        let files = || std::iter::once(&BUILD).chain(self.requirements);
        let mut wanted = String::new();
        for file in files() {
            wanted += &fs::read_to_string(workspace::root().join(file))?;
        }
        let folder = self.folder();
        let note = folder.join("requirements.txt");
        if fs::read_to_string(&note).is_ok_and(|has| has == wanted) {
            return Ok(());
        }
        stdout(&mut command(
            "python3",
            &["-m", "venv", "--clear", &folder.to_string_lossy()],
        ))?;
        let mut install = self.python(&["-m", "pip", "install", "--quiet"]);
        for file in files() {
            install.args(["-r", file]);
        }
        stdout(&mut install).context("cannot install what is needed")?;
        // Written last: an environment without it was not finished.
        fs::write(note, wanted)?;
        Ok(())
    }

    /// Builds the wheel for this environment's Python, which must have maturin, and installs it.
    ///
    /// # Errors
    ///
    /// If it does not build, or pip does not like it.
    pub(crate) fn install_wheel(&self, profile: &str) -> Result<()> {
        let wheels = workspace::target().join("python").join(profile);
        let wheel = self.built_wheel(self.maturin(&["build", "--profile", profile]), &wheels)?;
        let install = ["-m", "pip", "install", "--quiet", "--force-reinstall"];
        stdout(self.python(&install).arg("--no-deps").arg(wheel))?;
        Ok(())
    }

    /// Builds a wheel that is made for one test, and answers the folder that it is unpacked into. Its objects have a
    /// folder of their own, or every build after it would begin anew.
    ///
    /// # Errors
    ///
    /// If it does not build, or pip does not like it.
    pub(crate) fn unpacked_wheel(&self, name: &str, rust_flags: &str) -> Result<PathBuf> {
        let folder = workspace::target().join("python").join(name);
        let mut build = self.maturin(&["build", "--profile", "dev"]);
        build
            .env("CARGO_TARGET_DIR", folder.join("target"))
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env("RUSTFLAGS", rust_flags);
        let wheel = self.built_wheel(build, &folder.join("wheels"))?;
        let unpacked = folder.join("unpacked");
        if unpacked.exists() {
            fs::remove_dir_all(&unpacked)?;
        }
        let mut install = self.python(&["-m", "pip", "install", "--quiet", "--no-deps"]);
        stdout(install.arg("--target").arg(&unpacked).arg(wheel))?;
        Ok(unpacked)
    }

    /// Runs maturin with this environment's Python; the folder has that wheel then, and nothing else.
    fn built_wheel(&self, mut build: Command, wheels: &Path) -> Result<PathBuf> {
        if wheels.exists() {
            fs::remove_dir_all(wheels)?;
        }
        let interpreter = self.folder().join("bin").join("python");
        build.arg("--interpreter").arg(interpreter);
        stdout(build.arg("--out").arg(wheels))?;
        let mut built = fs::read_dir(wheels)?;
        Ok(built.next().context("maturin built no wheel")??.path())
    }

    /// Its maturin, if it has one, on our package.
    pub(crate) fn maturin(&self, arguments: &[&str]) -> Command {
        let mut maturin = self.tool("maturin", arguments);
        maturin.args(["--manifest-path", "bindings-python/Cargo.toml"]);
        maturin
    }

    /// A program that one of its packages has.
    pub(crate) fn tool(&self, name: &str, arguments: &[&str]) -> Command {
        let bin = self.folder().join("bin");
        let mut tool = command(&bin.join(name).to_string_lossy(), arguments);
        // Some look for zig through the first `python3` that they find.
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(bin).chain(std::env::split_paths(&path));
        if let Ok(path) = std::env::join_paths(paths) {
            tool.env("PATH", path);
        }
        tool
    }

    /// Its own Python.
    pub(crate) fn python(&self, arguments: &[&str]) -> Command {
        let program = self.folder().join("bin").join("python");
        command(&program.to_string_lossy(), arguments)
    }

    fn folder(&self) -> PathBuf {
        workspace::target().join("toolchains").join(self.name)
    }
}
