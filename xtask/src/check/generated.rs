//! Committed files that are made from other files are what would be made now.

use anyhow::{Context, Result};

use super::Done;
use crate::run::{cargo, stdout};

/// One generator: what it makes, and the arguments for cargo with which it compares instead of
/// writing, and fails if there is a difference.
struct Generator {
    makes: &'static str,
    compares: &'static [&'static str],
}

/// Every generator. A new one is an entry here.
const GENERATORS: &[Generator] = &[Generator {
    makes: "conformance/",
    compares: &[
        "run",
        "--quiet",
        "--package",
        "k1s0-conformance",
        "--",
        "check",
    ],
}];

/// No generator finds a difference.
pub(super) fn check() -> Result<Done> {
    for generator in GENERATORS {
        stdout(&mut cargo(generator.compares))
            .with_context(|| format!("in {}", generator.makes))?;
    }
    let made: Vec<_> = GENERATORS.iter().map(|generator| generator.makes).collect();
    Ok(Done::Holds(made.join(", ")))
}
