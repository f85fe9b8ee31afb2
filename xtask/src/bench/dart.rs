//! Dart: the program in `bench/dart`, on the package as it is published.

use anyhow::{Result, ensure};

use super::Bench;
use crate::dart::{Package, Vm};
use crate::run::stdout;
use crate::workspace;

/// Dart.
pub(crate) struct Dart;

impl Bench for Dart {
    fn name(&self) -> &'static str {
        "dart"
    }

    fn full(&self) -> Result<()> {
        let vm = Vm::find()?;
        let package = Package::build(&vm)?;
        let report = workspace::root().join("bench/results/dart.md");
        let measured = vm.run(&package, &[&program()]).arg(report).status()?;
        ensure!(measured.success(), "a limit is not kept");
        Ok(())
    }

    fn quick(&self) -> Result<String> {
        let vm = match Vm::find() {
            Ok(vm) => vm,
            Err(reason) => return Ok(format!("not run: {reason:#}")),
        };
        let package = Package::build(&vm)?;
        let mut bench = vm.run(&package, &[&program()]);
        let report = stdout(bench.env("K1S0_QUICK", "1"))?;
        let rows = report.lines().filter(|line| line.starts_with("| k1s0"));
        Ok(format!("{} rows of ours", rows.count()))
    }
}

fn program() -> String {
    let program = workspace::root().join("bench/dart/main.dart");
    program.display().to_string()
}
