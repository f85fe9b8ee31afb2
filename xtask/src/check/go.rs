//! The Go sources: the formatter, the compiler's own checks, staticcheck, and whether `go.mod` says what is needed.

use anyhow::{Context, Result, bail, ensure};

use super::Done;
use crate::go::{self, MODULES, STATICCHECK};
use crate::run::stdout;

/// What else is Go here.
const OTHERS: [&str; 2] = ["bench/go", "bindings-go/test/migration"];

/// Nobody complains.
pub(super) fn check() -> Result<Done> {
    if let Err(reason) = go::available() {
        return Ok(Done::NotRun(format!("{reason:#}")));
    }
    for folder in MODULES.iter().chain(&OTHERS) {
        look_at(folder).context(*folder)?;
    }
    let unformatted = stdout(&mut go::gofmt(&[
        "-l",
        "bindings-go",
        "bench/go",
        "xtask/go",
    ]))?;
    // What is translated is as the translator wrote it.
    let ours: Vec<_> = unformatted
        .lines()
        .filter(|it| *it != go::MACHINE)
        .collect();
    if !ours.is_empty() {
        bail!("not formatted: {}", ours.join(", "));
    }
    Ok(Done::Holds(format!(
        "gofmt, vet, staticcheck, tidy, coverage from {} %",
        covered()?
    )))
}

/// How many of a hundred statements the tests run, in the package where it is fewest; the specification's goal is 90.
fn covered() -> Result<f64> {
    let mut least = 100.0_f64;
    for module in MODULES {
        let said = stdout(&mut go::go(module, &["test", "-cover", "./..."]))?;
        for line in said
            .lines()
            .filter(|line| !line.contains("internal/machine"))
        {
            let share = line
                .split_once("coverage: ")
                .and_then(|(_, rest)| rest.split_once('%')?.0.parse().ok());
            let share: f64 = share.with_context(|| line.to_owned())?;
            ensure!(share >= 90.0, "{line}");
            least = least.min(share);
        }
    }
    Ok(least)
}

fn look_at(folder: &str) -> Result<()> {
    // What is translated has code that is never reached.
    stdout(&mut go::go(folder, &["vet", "-unreachable=false", "./..."])).context("go vet")?;
    stdout(&mut STATICCHECK.command(folder, &["-checks=all,-ST1000", "./..."])?)
        .context("staticcheck")?;
    stdout(&mut go::go(folder, &["mod", "tidy", "-diff"])).context("go mod tidy")?;
    Ok(())
}
