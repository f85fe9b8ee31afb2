//! What the built libraries export is the committed list, and nothing else.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "a test says what it has found by panicking"
)]

mod support;

use std::collections::BTreeSet;
use std::process::Command;

use support::{abi, folder, library, succeed, text};

fn committed() -> BTreeSet<String> {
    let list = std::fs::read_to_string(folder().join("abi/symbols.txt")).unwrap();
    list.lines().map(str::to_owned).collect()
}

#[test]
fn the_shared_library_exports_the_committed_list() {
    let nm = succeed(
        Command::new("nm")
            .args(["--dynamic", "--defined-only", "--format=just-symbols"])
            .arg(support::shared_library()),
    );
    let exported: BTreeSet<_> = text(&nm.stdout).lines().map(str::to_owned).collect();
    assert_eq!(exported, committed());
}

#[test]
fn the_header_declares_the_committed_list() {
    let header = folder().join("include/k1s0_circuit_breaker.h");
    let header = std::fs::read_to_string(header).unwrap();
    for name in committed() {
        let declared = header
            .lines()
            .any(|line| !line.starts_with("//") && line.contains(&format!("{name}(")));
        assert!(declared, "{name} is not in the header");
    }
    let functions = header.matches("k1s0_cb_result k1s0_cb_").count();
    assert!(functions > 20 && functions <= committed().len());
}

/// The tests below look up every name in the list, so a function without a test's type is seen.
#[test]
fn the_tests_know_the_committed_list() {
    let known: BTreeSet<_> = abi::NAMES.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(known, committed());
    assert!(library().join("libk1s0_circuit_breaker.a").is_file());
}
