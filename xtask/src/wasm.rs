//! The wasm module: `bindings-wasm`, built as it is shipped.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::run::{cargo, command, quiet, stdout};
use crate::tools;
use crate::workspace;

/// The target that it is built for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
/// What the module is built with whose translation to Go is committed: another rustc makes another module of the same
/// source, and nobody could say whether the committed one is up to date.
pub(crate) const GO_RUSTC: &str = "1.95.0";

/// Builds the module, and has rustup add the target if it is missing.
///
/// # Errors
///
/// If it does not build.
pub(crate) fn build() -> Result<PathBuf> {
    tools::add("target", TARGET)?;
    build_with(&[])
}

/// Builds the module whose translation to Go is committed, byte for byte the same on every machine.
///
/// # Errors
///
/// If it does not build, or the compiler that it takes cannot be had.
pub(crate) fn build_for_go() -> Result<PathBuf> {
    let version = quiet(&mut command("rustc", &["--version"]))?.stdout;
    if version.starts_with(&format!("rustc {GO_RUSTC} ")) {
        return build();
    }
    let missing = || {
        format!(
            "bindings-go's core was made with rustc {GO_RUSTC}, and this is {}; only that one says whether it is up to date",
            version.trim()
        )
    };
    tools::toolchain(GO_RUSTC, &[]).with_context(missing)?;
    let target = ["target", "add", "--toolchain", GO_RUSTC, TARGET];
    stdout(&mut command("rustup", &target)).with_context(missing)?;
    build_with(&[&format!("+{GO_RUSTC}")])
}

fn build_with(toolchain: &[&str]) -> Result<PathBuf> {
    let mut build = cargo(toolchain);
    build.args(["build", "--quiet", "--profile=dist", "--target", TARGET]);
    build.args(["--package", "k1s0-circuit-breaker-wasm"]);
    // The names of its functions are a third of it, and nobody reads them.
    build.env("CARGO_PROFILE_DIST_STRIP", "symbols");
    build.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", remapped()?);
    stdout(&mut build)?;
    let folder = workspace::target().join(TARGET).join("dist");
    Ok(folder.join("k1s0_circuit_breaker_wasm.wasm"))
}

/// Words for panics name source files; those of other crates stand in a folder that each machine has elsewhere.
fn remapped() -> Result<String> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let sources = home.context("there is no CARGO_HOME")?.join("registry/src");
    let mut flags = Vec::new();
    // The first build of a fresh machine comes before the folder; then cargo is asked for it.
    stdout(&mut cargo(&[
        "fetch", "--quiet", "--locked", "--target", TARGET,
    ]))?;
    for index in std::fs::read_dir(&sources).with_context(|| sources.display().to_string())? {
        flags.push(format!(
            "--remap-path-prefix={}=registry",
            index?.path().display()
        ));
    }
    flags.sort();
    Ok(flags.join(" "))
}
