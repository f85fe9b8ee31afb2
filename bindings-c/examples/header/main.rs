//! Prints `include/k1s0_circuit_breaker.h`. `cargo xtask generate` writes it.

use std::process::ExitCode;

mod generate;

fn main() -> ExitCode {
    match generate::header() {
        Ok(header) => {
            print!("{header}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
