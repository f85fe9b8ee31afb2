//! Go: the long tests at full size under the race detector, and the fuzzer for a million executions.

use anyhow::{Result, ensure};

use crate::go::{self, SOURCE};
use crate::run::streaming;

/// How much longer than in `cargo xtask test`: a million breakers made and collected.
const SCALE: &str = "50";
const FUZZED: &str = "1000000x";

pub(super) fn run() -> Result<String> {
    go::available()?;
    let mut figures = Vec::new();
    let long = "TestStress|TestCancelled|TestMemory|TestTransitionsAreToldInOrder";
    for race in [&["-race"][..], &[]] {
        let mut tests = go::go(SOURCE, &["test", "-v", "-timeout=60m", "-run", long]);
        tests.args(race).arg(".").env("K1S0_CB_SCALE", SCALE);
        // Twice the memory, and slower; its figures are the other run's.
        let keep = race.is_empty();
        let success = streaming(&mut tests, |line| {
            if let Some((_, figure)) = line.split_once("_test.go:").filter(|_| keep) {
                figures.push(figure.split_once(": ").map_or(figure, |it| it.1).to_owned());
            }
        })?;
        ensure!(success, "a test failed");
    }
    let fuzz = [
        "test",
        "-run=^$",
        "-fuzz=FuzzOperations",
        "-fuzztime",
        FUZZED,
        // Making each input that is of interest smaller would take most of the time.
        "-fuzzminimizetime=10x",
        ".",
    ];
    let mut executions = String::new();
    let success = streaming(&mut go::go(SOURCE, &fuzz), |line| {
        if let Some((_, said)) = line.split_once("execs: ") {
            executions = said.split([' ', ',']).next().unwrap_or_default().to_owned();
        }
    })?;
    ensure!(success, "the fuzzer found something");
    figures.push(crate::languages::go::build_everything()?);
    figures.push(format!("{executions} fuzz executions"));
    Ok(figures.join("; "))
}
