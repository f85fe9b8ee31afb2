//! What a call through this breaker costs, next to the libraries people use today.
//!
//! `bench/README.md` says how it is measured and how to read it.

mod barrier;
mod budgets;
mod callgrind;
mod case;
mod cases;
mod clock;
mod guarded;
mod host;
mod hot_path;
mod measured;
mod memory;
mod os;
mod report;
mod runtime;
mod scale;
mod targets;
mod timing;

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use anyhow::{Result, bail};

use host::Host;
use measured::{Measured, Plan};

const HELP: &str = "\
k1s0-bench-rust [command]

                     measures everything, prints the report and writes bench/results/rust.md
  --quick            runs everything for a moment and writes nothing: does it still work?
  check-instructions compares instruction counts with bench/budgets/instructions.toml
  write-instructions writes the counts of today into it
  check-hot-path     no locked instruction, clock read or allocation on the healthy path
  list               the cases
  count              instructions per call of every case
  listing CASE...    the instructions that these cases execute
  help               this

Build it with --profile measure. Counting needs valgrind and objdump.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("k1s0-bench-rust: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Runs a command. False when something that it looked at is not as it should be.
fn dispatch(arguments: &[String]) -> Result<bool> {
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("", arguments),
    };
    match command {
        "" => full()?,
        "--quick" => quick()?,
        "check-instructions" => return budgets::check(),
        "write-instructions" => budgets::write()?,
        "check-hot-path" => return hot_path::check(),
        "list" => keys()?.iter().for_each(|key| println!("{key}")),
        "count" => count(&keys()?)?,
        "listing" => listing(rest)?,
        callgrind::CHILD => callgrind::child(&cases::all()?, rest)?,
        "help" | "--help" | "-h" => print!("{HELP}"),
        other => bail!("no command {other:?}; see help"),
    }
    Ok(true)
}

fn full() -> Result<()> {
    if host::profile() != "measure" {
        bail!(
            "build it with --profile measure, or run {}",
            report::COMMAND
        );
    }
    let host = Host::look();
    let report = report::markdown(&Measured::take(Plan::FULL)?, &host)?;
    print!("{report}");
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
    fs::create_dir_all(&results)?;
    fs::write(results.join("rust.md"), report)?;
    Ok(())
}

fn quick() -> Result<()> {
    let measured = Measured::take(Plan::QUICK)?;
    let report = report::markdown(&measured, &Host::look())?;
    println!(
        "{} cases ran, a report of {} lines was made and thrown away",
        measured.rows.len(),
        report.lines().count()
    );
    Ok(())
}

fn keys() -> Result<Vec<String>> {
    Ok(cases::all()?.iter().map(case::Case::key).collect())
}

fn count(keys: &[String]) -> Result<()> {
    let counted = callgrind::count(keys)?;
    for key in keys {
        println!("{:10.2} {key}", counted[key].per_call());
    }
    Ok(())
}

fn listing(keys: &[String]) -> Result<()> {
    let counted = callgrind::count(keys)?;
    for key in keys {
        let counted = &counted[key];
        println!(
            "## {key}: {:.2} instructions per call\n",
            counted.per_call()
        );
        println!("{}", counted.listing()?);
    }
    Ok(())
}
