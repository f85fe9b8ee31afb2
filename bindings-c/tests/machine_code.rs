//! The healthy path as the compiler has made it: no locked instruction, no allocation, nothing that could
//! panic, and admission without a single call.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![expect(
    clippy::unwrap_used,
    reason = "a test says what it has found by panicking"
)]

mod support;

use std::process::Command;

use support::{shared_library, succeed, text};

/// The instructions of a function.
fn instructions(function: &str) -> Vec<String> {
    let objdump = succeed(
        Command::new("objdump")
            .args(["--no-show-raw-insn", &format!("--disassemble={function}")])
            .arg(shared_library()),
    );
    let code = text(&objdump.stdout);
    let body = code.split_once(&format!("<{function}>:\n")).unwrap().1;
    body.lines()
        .take_while(|line| !line.trim().is_empty())
        .map(|line| line.split_once('\t').unwrap().1.trim().to_owned())
        .collect()
}

fn calls(instructions: &[String]) -> Vec<&str> {
    let calls = instructions.iter().filter(|it| it.starts_with("call"));
    calls.map(String::as_str).collect()
}

#[test]
fn admission_is_a_few_instructions() {
    let code = instructions("k1s0_cb_try_acquire");
    println!("try_acquire: {} instructions", code.len());
    assert!(code.len() <= 24, "{code:#?}");
    assert!(calls(&code).is_empty(), "{code:#?}");
    assert!(!code.iter().any(|it| it.contains("lock")), "{code:#?}");
}

#[test]
fn a_success_calls_nobody() {
    let code = instructions("k1s0_cb_settle");
    println!("settle: {} instructions", code.len());
    assert!(code.len() <= 70, "{code:#?}");
    assert!(
        !code
            .iter()
            .any(|it| it.starts_with("lock") || it.starts_with("xchg")),
        "{code:#?}"
    );
    for call in calls(&code) {
        // The end of a panic that has no way to begin.
        assert!(call.contains("panic_cannot_unwind"), "{call}");
    }
}
