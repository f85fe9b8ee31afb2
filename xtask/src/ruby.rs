//! The gem.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::run::{command, quiet, stdout};
use crate::{uniffi, workspace};

/// Where the gem is developed.
pub(crate) fn source() -> PathBuf {
    workspace::root().join(uniffi::SOURCE).join("ruby")
}

/// A folder for what is made of it.
pub(crate) fn folder(name: &str) -> PathBuf {
    workspace::target().join("ruby").join(name)
}

/// Whether it can be built and tested here.
///
/// # Errors
///
/// Says what is missing.
pub(crate) fn available() -> Result<()> {
    let needs = ["-e", "require 'ffi'; require 'minitest'"];
    let has_all = quiet(&mut command("ruby", &needs)).is_ok_and(|it| it.success);
    ensure!(
        has_all,
        "missing; apt-get install ruby ruby-ffi ruby-minitest"
    );
    Ok(())
}

/// Builds the gem with the library of this machine inside, into a folder, and answers it.
///
/// # Errors
///
/// If something does not build.
pub(crate) fn package(place: &Path) -> Result<PathBuf> {
    let gem = folder("gem");
    let parts = ["k1s0-circuit_breaker.gemspec", "lib", "README.md"];
    workspace::copy(&source(), &parts, &gem)?;
    workspace::copy_licences(&gem)?;
    let version = format!("'{}'", workspace::VERSION);
    for file in [parts[0], "lib/k1s0/circuit_breaker/version.rb"] {
        let text = fs::read_to_string(gem.join(file))?;
        ensure!(text.contains(&version), "{file} is of another version");
    }
    let library = uniffi::library()?;
    let native = gem.join("lib/k1s0/circuit_breaker/native");
    uniffi::generate(&library, "ruby", &native)?;
    fs::copy(&library, native.join(uniffi::LIBRARY))?;
    let mut build = command("gem", &["build", "--silent", "--output", "built.gem"]);
    stdout(build.arg(parts[0]).current_dir(&gem))?;
    // The name that gem gives says the platform, too.
    let mut name = command("ruby", &["-e"]);
    name.arg("print Gem::Specification.load(ARGV[0]).file_name")
        .arg(parts[0]);
    let name = stdout(name.current_dir(&gem)).context("the gem has a name")?;
    fs::create_dir_all(place)?;
    let built = place.join(name);
    fs::rename(gem.join("built.gem"), &built).or_else(|_| {
        // Another file system.
        fs::copy(gem.join("built.gem"), &built).map(drop)
    })?;
    Ok(built)
}

/// Installs the gem where [`ruby`] finds it.
///
/// # Errors
///
/// If it cannot be built or installed.
pub(crate) fn install() -> Result<()> {
    let gem = package(&folder("built"))?;
    let home = folder("home");
    if home.exists() {
        fs::remove_dir_all(&home)?;
    }
    // What it depends on is Debian's.
    let mut install = command("gem", &["install", "--silent", "--local", "--force"]);
    install.args(["--no-document", "--install-dir"]).arg(&home);
    stdout(install.arg(gem))?;
    Ok(())
}

/// Ruby in a folder, with the gem as a user has it, beside those that this machine has.
///
/// # Errors
///
/// If there is no Ruby.
pub(crate) fn ruby(place: &Path, arguments: &[&str]) -> Result<Command> {
    let others = stdout(&mut command("ruby", &["-e", "print Gem.path.join(':')"]))?;
    let mut ruby = command("ruby", arguments);
    ruby.current_dir(place)
        .env("GEM_PATH", format!("{}:{others}", folder("home").display()))
        .env("K1S0_ROOT", workspace::root());
    Ok(ruby)
}
