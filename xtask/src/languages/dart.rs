//! Dart: the package as it is published, on a VM; and, where that has 32 bits, core's own tests with as many.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result};

use super::{Language, Tested};
use crate::dart::{Package, Vm};
use crate::run::{cargo, command, stdout, streaming};
use crate::tally::Tally;
use crate::workspace;

/// Dart.
pub(crate) struct Dart;

impl Language for Dart {
    fn name(&self) -> &'static str {
        "dart"
    }

    fn prepare(&self) -> Result<()> {
        Vm::find()?;
        Ok(())
    }

    fn test(&self) -> Result<Tested> {
        let vm = Vm::find()?;
        let package = Package::build(&vm)?;
        let target = vm.target()?;
        write_runner(&package)?;
        let mut tally = Tally::default();
        let mut run = vm.run(&package, &["--enable-asserts", ".dart_tool/all_tests.dart"]);
        run.env("K1S0_TEST_LIBRARY", &package.library)
            .env("K1S0_OTHER_LIBRARY", other_library(target)?);
        let mut success = streaming(&mut run, |line| tally.read_stand_in(line))?;
        if target.starts_with("i686") {
            // 64-bit atomics on a machine of 32 bits.
            let mut core = cargo(&["test", "--package=k1s0-circuit-breaker", "--no-fail-fast"]);
            core.args([
                "--lib",
                "--test=breaker",
                "--test=conformance",
                "--test=stress",
            ]);
            core.args(["--target", target]);
            // Its replay is no second one of Dart's.
            let mut narrow = Tally::default();
            success &= streaming(&mut core, |line| narrow.read_rust(line))?;
            tally.passed += narrow.passed;
            tally.failed += narrow.failed;
        }
        Ok(Tested { tally, success })
    }
}

/// A program that runs every test file; there is no `dart test` without an SDK.
fn write_runner(package: &Package) -> Result<()> {
    let mut names: Vec<String> = fs::read_dir(package.folder.join("test"))?
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name().and_then(OsStr::to_str)?;
            name.ends_with("_test.dart")
                .then(|| name.replace(".dart", ""))
        })
        .collect();
    names.sort();
    let mut program = String::from("import 'package:test/run.dart';\n");
    for name in &names {
        writeln!(program, "import '../test/{name}.dart' as {name};")?;
    }
    let files: String = names
        .iter()
        .map(|name| format!("'{name}': {name}.main, "))
        .collect();
    writeln!(
        program,
        "Future<void> main() => runAll({{{files}}}, package: 'k1s0_circuit_breaker');"
    )?;
    fs::write(package.folder.join(".dart_tool/all_tests.dart"), program)?;
    Ok(())
}

/// A library that says that its ABI is another.
fn other_library(target: &str) -> Result<std::path::PathBuf> {
    let folder = workspace::target().join("dart");
    let (source, library) = (folder.join("other.c"), folder.join("libother.so"));
    fs::write(
        &source,
        "unsigned k1s0_cb_abi_version(void) { return 99; }\n",
    )?;
    let mut compile = command("cc", &["-shared", "-fPIC", "-o"]);
    compile.arg(&library).arg(&source);
    if target.starts_with("i686") {
        compile.arg("-m32");
    }
    stdout(&mut compile).context("the C compiler")?;
    Ok(library)
}
