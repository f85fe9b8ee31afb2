//! Tests that run briefly with all the others, at full size.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::run::{cargo, streaming};
use crate::tally::Tally;
use crate::workspace::CORE;

/// Random sequences against the independent model: `core/tests/model.rs`.
pub(super) fn model() -> Result<String> {
    full_size(integration_test("model").env("K1S0_MODEL_SEQUENCES", "1000000"))
}

/// Threads at the moments that matter, counted: `core/tests/stress.rs`.
pub(super) fn stress() -> Result<String> {
    full_size(integration_test("stress").env("K1S0_STRESS", "full"))
}

fn integration_test(name: &str) -> Command {
    let mut test = cargo(&["test", "--release", "--package", CORE, "--all-features"]);
    test.args(["--test", name, "--", "--nocapture"]);
    test
}

fn full_size(test: &mut Command) -> Result<String> {
    let mut tally = Tally::default();
    let success = streaming(test, |line| tally.read_rust(line))?;
    ensure!(success, "a test failed");
    ensure!(tally.run() > 0, "no test ran");
    Ok(format!("{} tests; their figures stand above", tally.run()))
}
