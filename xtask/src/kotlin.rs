//! The Maven module for Kotlin and Java.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::run::{command, quiet, stdout};
use crate::{uniffi, workspace};

/// Where the module is developed.
pub(crate) fn source() -> PathBuf {
    workspace::root().join(uniffi::SOURCE).join("kotlin")
}

/// A folder for what is made of it.
pub(crate) fn folder(name: &str) -> PathBuf {
    workspace::target().join("kotlin").join(name)
}

/// Whether it can be built here.
///
/// # Errors
///
/// Says what is missing.
pub(crate) fn available() -> Result<()> {
    for program in ["mvn", "javac"] {
        let answers = quiet(&mut command(program, &["--version"])).is_ok_and(|it| it.success);
        ensure!(
            answers,
            "missing: {program}; apt-get install maven default-jdk-headless"
        );
    }
    Ok(())
}

/// Maven in a folder, with a repository of its own, so that what is installed there disturbs nobody.
pub(crate) fn maven(folder: &Path, goals: &[&str]) -> Command {
    let repository = workspace::target().join("toolchains").join("m2");
    let mut maven = command("mvn", &["--batch-mode", "--no-transfer-progress"]);
    maven
        .arg(format!("-Dmaven.repo.local={}", repository.display()))
        .args(goals)
        .current_dir(folder);
    maven
}

/// Builds the module with the library of this machine inside, and installs it where [`maven`] finds it. Answers the jar.
///
/// # Errors
///
/// If something does not build.
pub(crate) fn install() -> Result<PathBuf> {
    let module = folder("module");
    workspace::copy(&source(), &["pom.xml", "src"], &module)?;
    let version = workspace::VERSION;
    for (file, line) in [
        ("pom.xml", format!("<version>{version}</version>")),
        (LIBRARY_KT, format!("VERSION = \"{version}\"")),
    ] {
        let text = fs::read_to_string(module.join(file))?;
        ensure!(text.contains(&line), "{file} is of another version");
    }
    let library = uniffi::library()?;
    uniffi::generate(&library, "kotlin", &module.join("src/main/generated"))?;
    let resources = module.join("src/main/resources");
    let native = resources.join(jna_platform()?);
    fs::create_dir_all(&native)?;
    fs::copy(&library, native.join(uniffi::LIBRARY))?;
    let licences = resources.join("META-INF");
    fs::create_dir_all(&licences)?;
    workspace::copy_licences(&licences)?;
    stdout(&mut maven(&module, &["--quiet", "install"]))?;
    Ok(module.join(format!("target/circuit-breaker-{version}.jar")))
}

const LIBRARY_KT: &str = "src/main/kotlin/io/k1s0/circuitbreaker/Library.kt";

/// How JNA calls this machine.
fn jna_platform() -> Result<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("linux-x86-64"),
        "aarch64" => Ok("linux-aarch64"),
        other => Err(anyhow::anyhow!("no library is built for {other}")),
    }
}

/// Puts the jar and its pom into a folder.
///
/// # Errors
///
/// If something does not build.
pub(crate) fn package(folder: &Path) -> Result<PathBuf> {
    let jar = install()?;
    fs::create_dir_all(folder)?;
    let copy = folder.join(jar.file_name().context("a jar has a name")?);
    fs::copy(&jar, &copy)?;
    fs::copy(source().join("pom.xml"), copy.with_extension("pom"))?;
    Ok(copy)
}
