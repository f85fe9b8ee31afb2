//! Every interleaving of the concurrent parts, by loom.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::run::{cargo, streaming};
use crate::tally::Tally;
use crate::workspace::{self, CORE};

/// The command that runs the models. They are built with other flags than everything else, so they
/// have a target folder of their own.
pub(crate) fn models() -> Command {
    let mut models = cargo(&["test", "--release", "--package", CORE]);
    models
        .args(["--no-default-features", "--lib", "loom"])
        .args(["--", "--test-threads=2", "--nocapture"])
        .env("RUSTFLAGS", "--cfg loom")
        .env("CARGO_TARGET_DIR", workspace::target().join("loom"));
    models
}

/// The sum of what the models report, each on a line `loom: <model>: <n> executions`.
pub(crate) fn executions(said: &str) -> u64 {
    said.lines()
        // With --nocapture a model's line may begin behind libtest's "test name ... ".
        .filter_map(|line| line.split_once("loom: ")?.1.strip_suffix(" executions"))
        .filter_map(|report| report.rsplit(' ').next()?.parse::<u64>().ok())
        .sum()
}

/// With no bound on preemptions, unless `K1S0_LOOM_PREEMPTIONS` sets one.
pub(super) fn run() -> Result<String> {
    let mut models = models();
    if std::env::var_os("K1S0_LOOM_PREEMPTIONS").is_none() {
        models.env("K1S0_LOOM_PREEMPTIONS", "none");
    }
    let (mut tally, mut count) = (Tally::default(), 0);
    let success = streaming(&mut models, |line| {
        tally.read_rust(line);
        count += executions(line);
    })?;
    ensure!(success, "a model failed");
    ensure!(tally.run() > 0, "no model ran");
    Ok(format!("{} models, {count} executions", tally.run()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_add_up() {
        let said = "running 2 tests\n\
                    test cell::loom_tests::a ... loom: last slot: 1200 executions\n\
                    ok\n\
                    loom: two by two: 34 executions\n\
                    test result: ok. 2 passed; 0 failed";
        assert_eq!(executions(said), 1234);
    }
}
