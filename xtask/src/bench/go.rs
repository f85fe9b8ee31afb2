//! Go: the module in `bench/go`, beside the libraries that Go programs use.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::Bench;
use crate::go::{self, BENCHSTAT};
use crate::run::stdout;
use crate::workspace;

/// Go.
pub(crate) struct Go;

const FOLDER: &str = "bench/go";
const REPORT: &str = "bench/results/go.md";
/// Rounds: each runs every case once, so that what disturbs the machine for a while disturbs all.
const ROUNDS: usize = 10;

/// The libraries side by side, ours first; other ways into ours are in the report's own table.
const TABLE: &[&str] = &[
    "-row",
    ".name,/goroutines",
    "-col",
    "/lib@(k1s0 gobreaker failsafe resiliency mutex)",
];

impl Bench for Go {
    fn name(&self) -> &'static str {
        "go"
    }

    fn full(&self) -> Result<()> {
        go::available()?;
        let folder = workspace::target().join("go").join("bench");
        fs::create_dir_all(&folder)?;
        let mut said = String::new();
        for round in 1..=ROUNDS {
            println!("round {round} of {ROUNDS}");
            said += &cases("200ms")?;
        }
        let raw = folder.join("rounds.txt");
        fs::write(&raw, &said)?;
        let mut stat = BENCHSTAT.command(FOLDER, TABLE)?;
        let table = stdout(stat.arg(&raw))?;
        let mut report = go::go(FOLDER, &["run", "./report"]);
        let report = stdout(report.arg(&raw))?;
        let text = format!("{report}\n## benchstat\n\n```\n{}\n```\n", table.trim_end());
        print!("{text}");
        fs::write(workspace::root().join(REPORT), text).context(REPORT)
    }

    fn quick(&self) -> Result<String> {
        if let Err(reason) = go::available() {
            return Ok(format!("not run: {reason:#}"));
        }
        let said = cases("1x")?;
        let rows = said.lines().filter(|line| line.contains("/lib=k1s0"));
        let rows = rows.count();
        ensure!(rows > 0, "no row of ours");
        Ok(format!("{rows} rows of ours"))
    }
}

/// Every case, on one processor and, where it says so itself, on two.
fn cases(time: &str) -> Result<String> {
    let flags = ["test", "-run=^$", "-bench=.", "-benchmem", "-benchtime"];
    let mut run = go::go(FOLDER, &flags);
    stdout(run.args([time, "."]))
}
