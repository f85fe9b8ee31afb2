//! Tools that a machine may lack: toolchains by rustup, and programs from crates.io, which are
//! built into `target/tools`. The versions stand here and nowhere else.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::run::{cargo, command, quiet, stdout};
use crate::workspace;

/// The nightly that miri is run with. A nightly of a given day may lack miri; this one has it.
pub(crate) const NIGHTLY: &str = "nightly-2026-05-20";

/// A program from crates.io.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    /// The package, which is also the program.
    pub(crate) name: &'static str,
    /// The exact version.
    pub(crate) version: &'static str,
}

/// Looks at licences, sources and doubles of dependencies.
pub(crate) const DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
};

/// Changes the code and looks whether a test notices.
pub(crate) const MUTANTS: Tool = Tool {
    name: "cargo-mutants",
    version: "27.1.0",
};

impl Tool {
    /// The program, built first if it is not there. That takes minutes.
    pub(crate) fn program(self) -> Result<PathBuf> {
        // A folder per version, so that another version is not mistaken for this one.
        let root = workspace::target()
            .join("tools")
            .join(format!("{}-{}", self.name, self.version));
        let program = root.join("bin").join(self.name);
        if !program.exists() {
            let mut install = cargo(&["install", "--locked", "--quiet", self.name]);
            install
                .args(["--version", self.version, "--root"])
                .arg(&root);
            // The workspace's own flags and target folder are not the tool's.
            install
                .env_remove("CARGO_TARGET_DIR")
                .env_remove("RUSTFLAGS");
            stdout(&mut install).with_context(|| format!("cannot install {}", self.name))?;
        }
        Ok(program)
    }
}

/// A program of a Debian package, which apt-get installs if it is missing.
///
/// # Errors
///
/// If it is missing, and apt-get cannot get it.
pub(crate) fn debian(program: &'static str, package: &str) -> Result<&'static str> {
    if quiet(&mut command(program, &["--version"])).is_err() {
        let install: &[&str] = &["install", "-y", "-qq", package];
        for arguments in [&["update", "-qq"], install] {
            stdout(command("apt-get", arguments).env("DEBIAN_FRONTEND", "noninteractive"))
                .with_context(|| format!("{program} is missing, and apt-get cannot get it"))?;
        }
    }
    Ok(program)
}

/// Has rustup install a toolchain, unless it is there with these components.
///
/// # Errors
///
/// If there is no rustup, or its server does not answer.
pub(crate) fn toolchain(name: &str, components: &[&str]) -> Result<()> {
    let installed = stdout(&mut command(
        "rustup",
        &["component", "list", "--installed", "--toolchain", name],
    ))
    .unwrap_or_default();
    let has = |component: &&str| installed.lines().any(|line| line.starts_with(*component));
    if !installed.is_empty() && components.iter().all(has) {
        return Ok(());
    }
    let mut install = command(
        "rustup",
        &["toolchain", "install", name, "--profile", "minimal"],
    );
    for component in components {
        install.args(["--component", component]);
    }
    stdout(&mut install).with_context(|| format!("rustup cannot get {name}"))?;
    Ok(())
}

/// Has rustup add something to the toolchain in use: `target add NAME` or `component add NAME`.
/// Where there is no rustup, the toolchain is what it is, and what is missing shows.
pub(crate) fn add(kind: &str, name: &str) -> Result<()> {
    if quiet(&mut command("rustup", &["--version"])).is_err() {
        return Ok(());
    }
    let installed = stdout(&mut command("rustup", &[kind, "list", "--installed"]))?;
    if !installed.lines().any(|line| line.starts_with(name)) {
        stdout(&mut command("rustup", &[kind, "add", name]))
            .with_context(|| format!("rustup cannot add {name}"))?;
    }
    Ok(())
}
