//! C#: the program in `bench/csharp`, on the package as it is shipped.

use std::process::Command;

use anyhow::{Result, ensure};

use super::Bench;
use crate::dotnet::Dotnet;
use crate::run::stdout;
use crate::workspace;

/// C#.
pub(crate) struct CSharp;

impl Bench for CSharp {
    fn name(&self) -> &'static str {
        "csharp"
    }

    fn full(&self) -> Result<()> {
        let report = workspace::root().join("bench/results/csharp.md");
        let measured = program(&Dotnet::get()?)?.arg(report).status()?;
        ensure!(measured.success(), "the bench failed");
        Ok(())
    }

    fn quick(&self) -> Result<String> {
        let dotnet = match Dotnet::get() {
            Ok(dotnet) => dotnet,
            Err(reason) => return Ok(format!("not run: {reason:#}")),
        };
        let report = stdout(program(&dotnet)?.arg("--quick"))?;
        let rows = report.lines().filter(|line| line.starts_with("| k1s0"));
        Ok(format!("{} rows of ours", rows.count()))
    }
}

fn program(dotnet: &Dotnet) -> Result<Command> {
    let built = dotnet.consumer(
        "bench",
        &[
            ("bench/csharp", "bench"),
            ("bench/csharp/Bench.csproj", "Bench.csproj"),
        ],
    )?;
    Ok(dotnet.run(&built.join("K1s0.Bench.dll")))
}
