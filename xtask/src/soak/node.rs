//! Node: workers that are terminated, aborts, breakers that are collected, at full size, on both backends.

use anyhow::{Result, ensure};

use crate::languages::node::{set_up, suite};
use crate::node;
use crate::run::streaming;
use crate::tally::Tally;

pub(super) fn run() -> Result<String> {
    node::available()?;
    set_up()?;
    let mut tally = Tally::default();
    for backend in ["native", "wasm"] {
        let mut test = suite();
        test.arg("test/endurance/endurance.test.mjs")
            .env("K1S0_CIRCUIT_BREAKER_BACKEND", backend)
            .env("K1S0_CB_SCALE", "50");
        let success = streaming(&mut test, |line| tally.read_node(line))?;
        ensure!(success, "{backend}: a test failed");
    }
    ensure!(tally.run() > 0, "no test ran");
    Ok(format!("{} tests; their figures stand above", tally.run()))
}
