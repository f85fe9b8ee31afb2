//! Rust: the crate in `bench/rust`.

use std::process::Command;

use anyhow::{Result, ensure};

use super::Bench;
use crate::run::{cargo, command, quiet, stdout};
use crate::workspace;

/// Rust.
pub(crate) struct Rust;

/// The C ABI's package. What is called through it is measured only where it is.
const ABI: &str = "bindings-c";

impl Bench for Rust {
    fn name(&self) -> &'static str {
        "rust"
    }

    fn full(&self) -> Result<()> {
        build_abi()?;
        let measured = program(&[], &[]).status()?;
        ensure!(measured.success(), "the bench failed");
        Ok(())
    }

    fn quick(&self) -> Result<String> {
        build_abi()?;
        Ok(stdout(&mut program(&[], &["--quick"]))?.trim().to_owned())
    }
}

/// Compares the instructions of each hot path with its budget.
pub(crate) fn instructions() -> Result<String> {
    ours("check-instructions")
}

/// Looks whether the healthy path is free of locked instructions, clock reads and allocations.
pub(crate) fn hot_path() -> Result<String> {
    ours("check-hot-path")
}

/// Why nothing can be counted here, if so.
pub(crate) fn cannot_count() -> Option<String> {
    [("valgrind", "valgrind"), ("objdump", "binutils")]
        .into_iter()
        .find(|(program, _)| quiet(&mut command(program, &["--version"])).is_err())
        .map(|(program, package)| format!("there is no {program} (Debian package {package})"))
}

/// A check of our own paths, the C ABI's among them. It is built without the peers, which take minutes.
fn ours(check: &str) -> Result<String> {
    build_abi()?;
    Ok(stdout(&mut program(&["--no-default-features"], &[check]))?
        .trim()
        .to_owned())
}

fn program(features: &[&str], arguments: &[&str]) -> Command {
    let mut run = cargo(&["run", "--quiet", "--profile=measure"]);
    run.args(["--package", "k1s0-bench-rust"])
        .args(features)
        .arg("--")
        .args(arguments);
    run
}

/// Puts the shared library beside the bench, which then finds it.
fn build_abi() -> Result<()> {
    if workspace::root().join(ABI).join("Cargo.toml").exists() {
        stdout(&mut cargo(&[
            "build",
            "--quiet",
            "--profile=measure",
            "--package=k1s0-circuit-breaker-c",
        ]))?;
    }
    Ok(())
}
