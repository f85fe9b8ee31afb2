//! The C ABI with sanitizers on the Rust side too: the built library and what calls it.
//!
//! The programs in C of `bindings-c/tests` have theirs, which do not see into Rust.

use anyhow::{Result, ensure};

use crate::run::{cargo, command, stdout, streaming};
use crate::tally::Tally;
use crate::tools::{self, NIGHTLY};
use crate::workspace;

/// What `-Zsanitizer` calls it, and whether std must be built with it.
const SANITIZERS: [(&str, bool); 2] = [("address", false), ("thread", true)];

/// Those that open the library by `dlopen`; the others compile C or look at files.
const TESTS: [&str; 5] = ["conformance", "fuzz_abi", "named", "threads", "words"];

/// Sequences of the fuzzer; each takes several times what it takes without.
const SEQUENCES: &str = "200000";

/// A report ends the test that made it, so that it fails.
pub(super) fn run() -> Result<String> {
    if !cfg!(all(target_os = "linux", target_env = "gnu")) {
        return Ok("sanitizers on the Rust side: not here".to_owned());
    }
    tools::toolchain(NIGHTLY, &["rust-src"])?;
    let version = stdout(&mut command("rustc", &["-vV"]))?;
    let host = version.lines().find_map(|it| it.strip_prefix("host: "));
    let host = host.unwrap_or_default();
    let mut figures = Vec::new();
    for (name, with_std) in SANITIZERS {
        let mut test = cargo(&[&format!("+{NIGHTLY}"), "test", "--release"]);
        test.args(with_std.then_some("-Zbuild-std"))
            .args(["--target", host, "--package=k1s0-circuit-breaker-c"])
            .arg("--lib")
            .args(TESTS.map(|it| format!("--test={it}")))
            .args(["--", "--nocapture"])
            // The library finds the sanitizer in the program that opens it.
            .env(
                "RUSTFLAGS",
                format!("-Zsanitizer={name} -Clink-arg=-Wl,--export-dynamic"),
            )
            .env("K1S0_C_SANITIZER", name)
            .env("K1S0_C_TARGET", host)
            .env("K1S0_FUZZ_RUNS", SEQUENCES)
            .env("K1S0_C_CALLS", "100000")
            .env("TSAN_OPTIONS", "halt_on_error=1")
            .env(
                "CARGO_TARGET_DIR",
                workspace::target().join("sanitizers").join(name),
            );
        let mut tally = Tally::default();
        let success = streaming(&mut test, |line| tally.read_rust(line))?;
        ensure!(
            success,
            "a report of the {name} sanitizer, or a test failed"
        );
        ensure!(tally.run() > 0, "no test ran");
        figures.push(format!("{name} sanitizer: {} tests", tally.run()));
    }
    Ok(figures.join(", "))
}
