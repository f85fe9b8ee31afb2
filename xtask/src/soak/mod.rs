//! `cargo xtask soak`: the long proofs at full size. Each prints its figures; none writes to the
//! tree.

use anyhow::{Result, bail};

use crate::stopwatch::Stopwatch;

mod go;
pub(crate) mod loom;
mod miri;
mod mutants;
mod node;
mod python;
mod runtimes;
mod sanitizers;
mod tests;

/// A long proof. It answers its figures; what is wrong is the error.
struct Proof {
    name: &'static str,
    run: fn() -> Result<String>,
}

/// Every proof, the shorter ones first.
const PROOFS: &[Proof] = &[
    Proof {
        name: "model",
        run: tests::model,
    },
    Proof {
        name: "stress",
        run: tests::stress,
    },
    Proof { name: "c", run: c },
    Proof {
        name: "python",
        run: python::run,
    },
    Proof {
        name: "go",
        run: go::run,
    },
    Proof {
        name: "node",
        run: node::run,
    },
    Proof {
        name: "runtimes",
        run: runtimes::run,
    },
    Proof {
        name: "miri",
        run: miri::run,
    },
    Proof {
        name: "loom",
        run: loom::run,
    },
    Proof {
        name: "mutants",
        run: mutants::run,
    },
];

/// The C ABI as it is shipped, and then both sides of it under sanitizers.
fn c() -> Result<String> {
    Ok(format!("{}; {}", tests::c()?, sanitizers::run()?))
}

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<bool> {
    let all = arguments.is_empty() || arguments.iter().any(|word| word == "all");
    let known = |word: &String| word == "all" || PROOFS.iter().any(|proof| proof.name == word);
    if let Some(unknown) = arguments.iter().find(|word| !known(word)) {
        let names: Vec<_> = PROOFS.iter().map(|proof| proof.name).collect();
        bail!("no proof {unknown:?}; there are: {}, all", names.join(", "));
    }
    let wanted = |proof: &&Proof| all || arguments.iter().any(|word| word == proof.name);

    let mut lines = Vec::new();
    let mut content = true;
    for proof in PROOFS.iter().filter(wanted) {
        println!("== {}", proof.name);
        let watch = Stopwatch::start();
        let outcome = (proof.run)();
        content &= outcome.is_ok();
        let (word, text) = match outcome {
            Ok(figures) => ("ok", figures),
            Err(error) => ("FAILED", format!("{error:#}")),
        };
        lines.push(format!(
            "{:<8} {word:<6} {:>6.0} s  {text}",
            proof.name,
            watch.elapsed().as_secs_f64()
        ));
    }
    println!("\n{}", lines.join("\n"));
    Ok(content)
}
