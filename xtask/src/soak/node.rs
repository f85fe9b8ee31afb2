//! Node: workers that are terminated, aborts, breakers that are collected, at full size, on both backends.

use anyhow::{Result, ensure};

use crate::languages::node::{TESTS, install};
use crate::node;
use crate::run::streaming;
use crate::tally::Tally;

pub(super) fn run() -> Result<String> {
    node::available()?;
    TESTS.prepare()?;
    install()?;
    let mut tally = Tally::default();
    for backend in ["native", "wasm"] {
        let mut test = TESTS.node(&["--test", "--test-reporter=./test/reporter.mjs"]);
        test.arg("test/endurance/endurance.test.mjs")
            .env("K1S0_CIRCUIT_BREAKER_BACKEND", backend)
            .env("K1S0_CB_SCALE", "50");
        let success = streaming(&mut test, |line| tally.read_node(line))?;
        ensure!(success, "{backend}: a test failed");
    }
    ensure!(tally.run() > 0, "no test ran");
    Ok(format!("{} tests; their figures stand above", tally.run()))
}
