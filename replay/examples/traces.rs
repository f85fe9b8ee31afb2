//! `write` writes the example traces; `compare` says whether they are what would be written.
//!
//! `cargo xtask generate` and `cargo xtask check` run it.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use k1s0_replay::examples::{EXAMPLES, Example};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("traces: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let word = std::env::args().nth(1);
    for Example { file, make } in EXAMPLES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("traces")
            .join(file);
        match word.as_deref() {
            Some("write") => fs::write(&path, make()).context(file)?,
            Some("compare") => ensure!(
                fs::read_to_string(&path).context(file)? == make(),
                "{file} is out of date"
            ),
            _ => bail!("say `write` or `compare`"),
        }
    }
    Ok(())
}
