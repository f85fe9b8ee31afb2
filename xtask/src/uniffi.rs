//! What the languages of uniffi share: the library, and the generator of the code that calls it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::run::{cargo, stdout};
use crate::workspace;

/// Where the faces are developed.
pub(crate) const SOURCE: &str = "bindings-uniffi";
/// The library's file, on Linux.
pub(crate) const LIBRARY: &str = "libk1s0_circuit_breaker_uniffi.so";

/// Builds the library for this machine, as it is shipped.
///
/// # Errors
///
/// If it does not build.
pub(crate) fn library() -> Result<PathBuf> {
    let arguments = ["build", "--quiet", "--profile=dist"];
    stdout(cargo(&arguments).arg("--package=k1s0-circuit-breaker-uniffi"))?;
    Ok(workspace::target().join("dist").join(LIBRARY))
}

/// Writes the code of a language into a folder.
///
/// # Errors
///
/// If the generator does not build, or does not like the library.
pub(crate) fn generate(library: &Path, language: &str, folder: &Path) -> Result<()> {
    let mut bindgen = cargo(&["run", "--quiet", "--package=k1s0-uniffi-bindgen", "--"]);
    bindgen
        .args(["generate", "--no-format", "--language", language])
        .args(["--config", "bindings-uniffi/uniffi.toml"])
        .arg("--out-dir")
        .arg(folder)
        .arg(library);
    stdout(&mut bindgen)?;
    Ok(())
}

/// Generates the Swift, and answers each file with its place in the repository.
///
/// # Errors
///
/// As [`library`] and [`generate`].
pub(crate) fn swift() -> Result<[(PathBuf, PathBuf); 2]> {
    let folder = workspace::target().join("swift");
    generate(&library()?, "swift", &folder)?;
    let sources = workspace::root().join(SOURCE).join("swift/Sources");
    Ok([
        "K1s0CircuitBreakerNative/K1s0CircuitBreakerNative.swift",
        "K1s0CircuitBreakerFFI/K1s0CircuitBreakerFFI.h",
    ]
    .map(|place| {
        let made = place.rsplit('/').next().unwrap_or(place);
        (folder.join(made), sources.join(place))
    }))
}

/// The programs of a README in one language, in their order.
///
/// # Errors
///
/// If it cannot be read.
pub(crate) fn programs(readme: &Path, language: &str) -> Result<Vec<String>> {
    let text = fs::read_to_string(readme)?;
    let fence = format!("```{language}\n");
    let programs = text.split(&fence).skip(1);
    Ok(programs
        .filter_map(|rest| rest.split_once("```"))
        .map(|(program, _)| program.to_owned())
        .collect())
}
