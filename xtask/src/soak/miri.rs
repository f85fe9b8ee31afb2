//! Undefined behaviour and weak memory, by miri.

use anyhow::{Result, ensure};

use crate::run::{cargo, streaming};
use crate::tally::Tally;
use crate::tools::{self, NIGHTLY};
use crate::workspace::{self, CORE};

/// Schedules that each test is run under.
const SEEDS: u32 = 64;

/// The aliasing models, as miri's flags. The first is the default and has no flag.
const BORROWS: [(&str, &str); 2] = [
    ("stacked borrows", ""),
    ("tree borrows", "-Zmiri-tree-borrows"),
];

/// The unit tests of the machine and its concurrent home, under every seed and aliasing model.
pub(super) fn run() -> Result<String> {
    tools::toolchain(NIGHTLY, &["miri", "rust-src"])?;
    let mut figures = Vec::new();
    for (name, flag) in BORROWS {
        let mut miri = cargo(&[&format!("+{NIGHTLY}"), "miri", "test", "--package", CORE]);
        miri.args(["--no-default-features", "--features=std", "--lib", "--"])
            .args(["machine::", "window::", "cell::", "stripe::"])
            .env(
                "MIRIFLAGS",
                format!("-Zmiri-strict-provenance -Zmiri-many-seeds=0..{SEEDS} {flag}"),
            )
            .env("CARGO_TARGET_DIR", workspace::target().join("miri"));
        let mut tally = Tally::default();
        let success = streaming(&mut miri, |line| tally.read_rust(line))?;
        ensure!(success, "a report with {name}");
        ensure!(tally.run() > 0, "no test ran with {name}");
        // Seeds run side by side and write into each other's lines, so some are not counted.
        figures.push(format!("at least {} test runs with {name}", tally.run()));
    }
    Ok(format!("{SEEDS} seeds: {}", figures.join(", ")))
}
