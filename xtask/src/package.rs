//! `cargo xtask package`: what users of a language install.

use std::fs;

use anyhow::{Result, bail};

use crate::run::{command, streaming};
use crate::{wasm, workspace};

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<bool> {
    match arguments {
        [language, prefix] if language == "c" => {
            // The script runs in the workspace's folder; the prefix is seen from the user's.
            let prefix = std::env::current_dir()?.join(prefix);
            let mut package = command("bindings-c/package.sh", &[]);
            package
                .arg(prefix)
                .env("CARGO_TARGET_DIR", workspace::target());
            streaming(&mut package, |_| {})
        }
        [what, folder] if what == "wasm" => {
            let module = wasm::build()?;
            let folder = std::env::current_dir()?.join(folder);
            fs::create_dir_all(&folder)?;
            let copy = folder.join("k1s0_circuit_breaker.wasm");
            let bytes = fs::copy(module, &copy)?;
            println!("{}: {bytes} bytes", copy.display());
            Ok(true)
        }
        _ => bail!("usage: cargo xtask package c PREFIX, cargo xtask package wasm FOLDER"),
    }
}
