//! The NuGet package: a .NET to build it with, the package itself, and strangers' projects that reference it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::run::{command, quiet, stdout};
use crate::workspace;

/// Where the package is developed.
const SOURCE: &str = "bindings-csharp";

/// What makes a .NET out of packages of npm, and what a stranger's project consists of.
const OWN: &str = "xtask/dotnet";

/// The platform that the native library is built for here.
const PLATFORM: &str = "linux-x64";

/// A .NET.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dotnet {
    program: PathBuf,
    /// What it calls its own framework: "net10.0".
    framework: String,
}

impl Dotnet {
    /// An SDK of .NET 8 or newer from the path; otherwise the one that is made of packages, now if it is not there.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub(crate) fn get() -> Result<Self> {
        if let Some(major) = sdk_of_the_path() {
            return Ok(Self {
                program: "dotnet".into(),
                framework: format!("net{}.0", major.min(10)),
            });
        }
        let folder = workspace::target().join("toolchains/dotnet");
        let wanted = recipe()?;
        let note = folder.join("made-of");
        if fs::read_to_string(&note).is_ok_and(|has| has == wanted) {
            return Ok(Self::made(&folder));
        }
        quiet(&mut command("npm", &["--version"])).context("neither dotnet 8 nor npm is here")?;
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        stdout(command(&format!("{OWN}/setup.sh"), &[]).arg(&folder))
            .context("no .NET can be made")?;
        // Written last: a folder without it was not finished.
        fs::write(note, wanted)?;
        Ok(Self::made(&folder))
    }

    fn made(folder: &Path) -> Self {
        Self {
            program: folder.join("dotnet"),
            // Its tools are older than the name.
            framework: "netcoreapp9.0".into(),
        }
    }

    /// `dotnet`, with these arguments.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        command(&self.program.to_string_lossy(), arguments)
    }

    /// Builds the native library and the package, as they are shipped, into a folder; answers the package.
    ///
    /// # Errors
    ///
    /// If something does not build.
    pub(crate) fn pack(&self, feed: &Path) -> Result<PathBuf> {
        let work = folder();
        let source = work.join("source");
        copy(&workspace::root().join(SOURCE), &source)?;
        // What somebody's own build has left there.
        for left in ["bin", "obj"].map(|left| source.join(left)) {
            if left.exists() {
                fs::remove_dir_all(left)?;
            }
        }
        native_library(&work.join("runtimes"))?;
        let mut pack = self.command(&["pack", "--configuration=Release", "--output"]);
        pack.arg(feed)
            .arg(format!("-p:K1s0Framework={}", self.framework))
            .arg(format!(
                "-p:K1s0Runtimes={}",
                work.join("runtimes").display()
            ))
            .arg(source.join("K1s0.System.CircuitBreaker.csproj"));
        stdout(&mut pack)?;
        let package = feed.join(format!(
            "K1s0.System.CircuitBreaker.{}.nupkg",
            workspace::VERSION
        ));
        ensure!(
            package.exists(),
            "{} was not made: the csproj has another version than the workspace",
            package.display()
        );
        Ok(package)
    }

    /// A stranger's project: these files, each from a path in the workspace to a name, and the package in a feed of its own. Built; answers
    /// the folder of the program.
    ///
    /// # Errors
    ///
    /// If something does not build.
    pub(crate) fn consumer(&self, name: &str, files: &[(&str, &str)]) -> Result<PathBuf> {
        let place = folder().join(name);
        if place.exists() {
            fs::remove_dir_all(&place)?;
        }
        fs::create_dir_all(&place)?;
        for (from, to) in files {
            copy(&workspace::root().join(from), &place.join(to))?;
        }
        copy(
            &workspace::root().join(OWN).join("NuGet.Config"),
            &place.join("NuGet.Config"),
        )?;
        self.pack(&place.join("feed"))?;
        self.build(&place, "out", &[])?;
        Ok(place.join("out"))
    }

    /// Builds what [`consumer`](Self::consumer) has built once more, against the package's assembly for another framework.
    ///
    /// # Errors
    ///
    /// If something does not build.
    pub(crate) fn rebuild_against(&self, name: &str, framework: &str) -> Result<PathBuf> {
        let place = folder().join(name);
        let asset = format!(
            "packages/k1s0.system.circuitbreaker/{}/lib/{framework}/K1s0.System.CircuitBreaker.dll",
            workspace::VERSION
        );
        ensure!(place.join(&asset).exists(), "the package has no {asset}");
        let asset = format!("-p:K1s0Asset={asset}");
        // With notes of its own: by those of the first build, nothing has changed.
        let notes = format!("-p:BaseIntermediateOutputPath=obj-{framework}/");
        let out = format!("out-{framework}");
        self.build(&place, &out, &[&asset, &notes])?;
        Ok(place.join(out))
    }

    fn build(&self, place: &Path, out: &str, properties: &[&str]) -> Result<()> {
        let mut build = self.command(&["build", "--configuration=Release", "--output", out]);
        build
            .arg(format!("-p:TargetFramework={}", self.framework))
            // A folder of its own: a package of the same version is taken for the same one.
            .arg(format!(
                "-p:RestorePackagesPath={}",
                place.join("packages").display()
            ))
            .args(properties)
            .current_dir(place);
        stdout(&mut build).map(drop)
    }

    /// `dotnet` on a program that [`consumer`](Self::consumer) has built.
    pub(crate) fn run(&self, program: &Path) -> Command {
        let mut run = self.command(&["exec"]);
        run.arg(program).env("K1S0_ROOT", workspace::root());
        run
    }
}

/// The major version of `dotnet`'s SDK, if there is one that is new enough.
fn sdk_of_the_path() -> Option<u32> {
    let said = quiet(&mut command("dotnet", &["--version"])).ok()?;
    let major = said.stdout.split('.').next()?.trim().parse().ok()?;
    (said.success && major >= 8).then_some(major)
}

/// Everything that decides what is made.
fn recipe() -> Result<String> {
    let read = |name| fs::read_to_string(workspace::root().join(OWN).join(name));
    Ok(read("setup.sh")? + &read("net9.targets")? + &read("CompilerDriver.cs")?)
}

fn folder() -> PathBuf {
    workspace::target().join("csharp")
}

/// The shared library, as C's package has it, where NuGet wants it.
fn native_library(runtimes: &Path) -> Result<()> {
    let prefix = folder().join("prefix");
    stdout(
        command("bindings-c/package.sh", &[])
            .arg(&prefix)
            .env("CARGO_TARGET_DIR", workspace::target()),
    )?;
    let place = runtimes.join(PLATFORM).join("native");
    fs::create_dir_all(&place)?;
    // Through the link: a package has no links.
    fs::copy(
        prefix.join("lib/libk1s0_circuit_breaker.so"),
        place.join("libk1s0_circuit_breaker.so"),
    )?;
    Ok(())
}

/// A folder or a file, instead of what is there.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if to.is_dir() {
        fs::remove_dir_all(to)?;
    }
    stdout(command("cp", &["-r"]).arg(from).arg(to))?;
    Ok(())
}
