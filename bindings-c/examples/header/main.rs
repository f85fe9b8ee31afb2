//! Writes `include/k1s0_circuit_breaker.h`. A test compares.

use std::process::ExitCode;

mod generate;

fn main() -> ExitCode {
    let written = generate::header().and_then(|header| {
        std::fs::write(generate::path(), header).map_err(|error| error.to_string())
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
