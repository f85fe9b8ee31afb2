//! The text of instructions, from `objdump`.

use std::collections::HashMap;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The instructions of `object` between two addresses, by address.
pub(super) fn of(object: &str, from: u64, to: u64) -> Result<HashMap<u64, String>> {
    let output = Command::new("objdump")
        .args([
            "--disassemble",
            "--no-show-raw-insn",
            "--demangle",
            "--wide",
        ])
        .args(["--disassembler-options=intel"])
        .arg(format!("--start-address={from:#x}"))
        .arg(format!("--stop-address={to:#x}"))
        .arg(object)
        .output()
        .context("objdump does not start (Debian package binutils)")?;
    ensure!(output.status.success(), "objdump fails for {object}");
    Ok(String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(instruction)
        .collect())
}

/// `  address:\tinstruction`.
fn instruction(line: &str) -> Option<(u64, String)> {
    let (address, text) = line.split_once(":\t")?;
    let address = u64::from_str_radix(address.trim(), 16).ok()?;
    Some((address, text.trim().to_owned()))
}
