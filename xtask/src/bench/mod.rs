//! `cargo xtask bench`: what a call costs, next to the libraries people use today. Each language has
//! a file of its own; a new one is a file and a line in [`all`].

use anyhow::{Result, bail};

mod csharp;
mod dart;
mod go;
mod kotlin;
mod node;
mod python;
pub(crate) mod rust;

/// A language whose costs are measured.
pub(crate) trait Bench {
    /// The name on the command line.
    fn name(&self) -> &'static str;

    /// Measures everything, prints the report and writes `bench/results/<name>.md`.
    ///
    /// # Errors
    ///
    /// If it could not be measured.
    fn full(&self) -> Result<()>;

    /// Runs everything for a moment and writes nothing, so that it cannot rot. Answers what there is
    /// to say of it.
    ///
    /// # Errors
    ///
    /// If something does not run.
    fn quick(&self) -> Result<String>;
}

/// Every language.
pub(crate) fn all() -> Vec<Box<dyn Bench>> {
    vec![
        Box::new(rust::Rust),
        Box::new(python::Python),
        Box::new(node::Node),
        Box::new(go::Go),
        Box::new(dart::Dart),
        Box::new(csharp::CSharp),
        Box::new(kotlin::Kotlin),
    ]
}

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<bool> {
    let (options, names): (Vec<_>, Vec<_>) = arguments.iter().partition(|it| it.starts_with("--"));
    if let Some(option) = options.iter().find(|it| **it != "--quick") {
        bail!("no option {option}; see cargo xtask help");
    }
    let known = all();
    if names.is_empty() {
        let names: Vec<_> = known.iter().map(|it| it.name()).collect();
        bail!("which language? There are: {}", names.join(", "));
    }
    for name in names {
        let Some(bench) = known.iter().find(|it| it.name() == name) else {
            bail!("no bench for {name}");
        };
        if options.is_empty() {
            bench.full()?;
        } else {
            println!("{name}: {}", bench.quick()?);
        }
    }
    Ok(true)
}
