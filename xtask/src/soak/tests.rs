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

/// The C ABI: random sequences against the model, threads, forks, and a million breakers made and
/// freed: `bindings-c/tests`.
pub(super) fn c() -> Result<String> {
    let mut test = cargo(&["test", "--release", "--package=k1s0-circuit-breaker-c"]);
    test.args(["--test=fuzz_abi", "--test=c_programs", "--", "--nocapture"]);
    full_size(
        test.env("K1S0_FUZZ_RUNS", "5000000")
            .env("K1S0_C_CALLS", "200000")
            .env("K1S0_C_FORKS", "10000")
            .env("K1S0_C_LIFECYCLES", "1000000"),
    )
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
