//! `cargo xtask package`: what users of a language install.

use anyhow::{Result, bail};

use crate::run::{command, streaming};
use crate::workspace;

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
        _ => bail!("usage: cargo xtask package c PREFIX"),
    }
}
