//! `cargo xtask check`: everything that must hold besides the tests. Every step runs, also after
//! one has failed.

use std::io::{Write, stdout};

use anyhow::{Result, bail};

use crate::generated;
use crate::stopwatch::Stopwatch;

mod bench;
mod features;
mod go;
mod hosts;
mod long_files;
mod models;
mod python;
mod toolchains;
mod workspace;

/// What came of a step that did not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Done {
    /// It holds; what else there is to say.
    Holds(String),
    /// It could not be looked at here, and why. It is not counted as good.
    NotRun(String),
}

/// Holds, and there is nothing else to say.
fn holds() -> Done {
    Done::Holds(String::new())
}

/// Something that must hold. What is wrong is the error.
struct Step {
    name: &'static str,
    run: fn() -> Result<Done>,
}

/// Every step, the quick ones first.
const STEPS: &[Step] = &[
    Step {
        name: "format",
        run: workspace::format,
    },
    Step {
        name: "no registry host in a file",
        run: hosts::check,
    },
    Step {
        name: "long files",
        run: long_files::check,
    },
    Step {
        name: "clippy",
        run: workspace::clippy,
    },
    Step {
        name: "docs",
        run: workspace::docs,
    },
    Step {
        name: "every feature, and every pair",
        run: features::check,
    },
    Step {
        name: "no_std on wasm32",
        run: toolchains::wasm,
    },
    Step {
        name: "oldest supported Rust",
        run: toolchains::oldest,
    },
    Step {
        name: "generated files",
        run: || generated::compare().map(Done::Holds),
    },
    Step {
        name: "go: lint, tidy, coverage",
        run: go::check,
    },
    Step {
        name: "python: lint, types, coverage",
        run: python::check,
    },
    Step {
        name: "loom, short form",
        run: models::loom,
    },
    Step {
        name: "instructions within budget",
        run: bench::instructions,
    },
    Step {
        name: "healthy path: no lock, no clock",
        run: bench::hot_path,
    },
    Step {
        name: "benches run",
        run: bench::quick,
    },
    Step {
        name: "licences, sources, bans",
        run: workspace::deny,
    },
];

/// Runs the command.
pub(crate) fn run(words: &[String]) -> Result<bool> {
    let wanted =
        |step: &&Step| words.is_empty() || words.iter().any(|word| step.name.contains(word));
    let steps: Vec<_> = STEPS.iter().filter(wanted).collect();
    if steps.is_empty() {
        let names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        bail!(
            "no step has that in its name; there are: {}",
            names.join("; ")
        );
    }
    let mut counts = [0; 3];
    let mut failures = Vec::new();
    for step in steps {
        print!("{:<34}", step.name);
        stdout().flush()?;
        let watch = Stopwatch::start();
        let outcome = (step.run)();
        let (kind, word, note) = match &outcome {
            Ok(Done::Holds(note)) => (0, "ok", note.clone()),
            Ok(Done::NotRun(reason)) => (1, "not run", format!("not run: {reason}")),
            Err(_) => (2, "FAILED", String::new()),
        };
        counts[kind] += 1;
        println!("{word:<8}{:>6.1} s  {note}", watch.elapsed().as_secs_f64());
        if let Err(error) = outcome {
            failures.push((step.name, error));
        }
    }
    for (name, error) in &failures {
        println!("\n== {name}\n{error:#}");
    }
    let [ok, not_run, failed] = counts;
    println!("\nchecks: {ok} ok, {failed} failed, {not_run} not run");
    Ok(failures.is_empty())
}
