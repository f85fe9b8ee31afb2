//! `generate` writes `constants.json` and `manifest.json`; `check` says what is wrong with the suite.
//!
//! `cargo run -p k1s0-conformance -- generate | check`

mod check;
mod constants;
mod files;
mod ranges;
mod rules;

use std::process::ExitCode;

use k1s0_conformance::suite;

fn main() -> ExitCode {
    let folder = suite::folder();
    let done = match std::env::args().nth(1).as_deref() {
        Some("generate") => files::generate(&folder),
        Some("check") => check::check(&folder),
        _ => Err(vec!["say `generate` or `check`".to_owned()]),
    };
    match done {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(problems) => {
            for problem in &problems {
                eprintln!("conformance: {problem}");
            }
            ExitCode::FAILURE
        }
    }
}
