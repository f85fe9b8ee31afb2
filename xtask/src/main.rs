//! The project's own commands. `cargo xtask help` lists them; CONTRIBUTING.md says when to use which.

use std::process::ExitCode;

use anyhow::{Result, bail};

mod bench;
mod check;
mod dart;
mod demo;
mod dotnet;
mod generated;
mod go;
mod kotlin;
mod languages;
mod node;
mod package;
mod python;
mod replay;
mod ruby;
mod run;
mod soak;
mod stopwatch;
mod tally;
mod test;
mod tools;
mod uniffi;
mod wasm;
mod workspace;

const HELP: &str = "\
cargo xtask <command>

  demo                   one outage on loopback, with and without the breaker; draws a chart
  test [LANGUAGE...]     the tests of every language this machine has, or of the ones named
       [--all]           a language that cannot run is a failure
  check [WORD...]        everything else that must hold; with words, only the steps whose
                         name has one of them in it
  bench LANGUAGE...      what a call costs, side by side with other libraries; writes
                         bench/results/LANGUAGE.md
       [--quick]         runs everything for a moment and writes nothing
  generate               writes the committed files that are made from others
  soak [WHAT...]         the long proofs at full size: loom, miri, model, stress, c, python, go, node,
                         runtimes, mutants, or all
  replay TRACE --config FIELDS...
                         what other configurations would have made of recorded calls; --help says more
  package c PREFIX       builds the library for C and C++ and installs it into a folder
  package csharp FOLDER  builds the NuGet package for this platform into a folder
  package dart FOLDER    puts together what is published for Dart
  package go FOLDER      packs the modules as a module proxy serves them
  package kotlin FOLDER  builds the jar into a folder
  package node FOLDER    builds the npm packages, this machine's addon among them, into a folder
  package python FOLDER  builds the wheels and the source distribution into a folder
  package ruby FOLDER    builds the gem into a folder
  package wasm FOLDER    builds the wasm module that Node and Go stand on, and copies it there
  help                   this

Only bench and generate change files that are in version control.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Runs a command. False when something that it looked at is not as it should be.
fn dispatch(arguments: &[String]) -> Result<bool> {
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", arguments),
    };
    match command {
        "demo" => demo::run(rest),
        "test" => test::run(rest),
        "check" => check::run(rest),
        "bench" => bench::run(rest),
        "generate" => generated::generate(rest),
        "soak" => soak::run(rest),
        "package" => package::run(rest),
        "replay" => replay::run(rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(true)
        }
        other => bail!("no command {other:?}; see cargo xtask help"),
    }
}
