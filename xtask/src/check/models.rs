//! The models of the concurrent parts, in the form that every change can afford.

use anyhow::{Result, ensure};

use super::Done;
use crate::run::stdout;
use crate::soak::loom;
use crate::tally::Tally;

/// Loom's models, with a bound on preemptions for the larger ones.
pub(super) fn loom() -> Result<Done> {
    let said = stdout(&mut loom::models())?;
    let mut tally = Tally::default();
    said.lines().for_each(|line| tally.read_rust(line));
    ensure!(tally.run() > 0, "no model ran\n{said}");
    Ok(Done::Holds(format!(
        "{} models, {} executions",
        tally.run(),
        loom::executions(&said)
    )))
}
