//! What every change does to the cost of a call, by counting: times are for `cargo xtask bench`.

use anyhow::Result;

use super::Done;
use crate::bench::{self, rust};

/// Every bench still runs.
pub(super) fn quick() -> Result<Done> {
    let mut said = Vec::new();
    for bench in bench::all() {
        said.push(format!("{}: {}", bench.name(), bench.quick()?));
    }
    Ok(Done::Holds(said.join("; ")))
}

/// No hot path executes more instructions than it may.
pub(super) fn instructions() -> Result<Done> {
    counted(|| {
        let said = rust::instructions()?;
        Ok(format!("{} paths", said.lines().count()))
    })
}

/// The healthy path has no locked instruction, reads no clock and allocates nothing.
pub(super) fn hot_path() -> Result<Done> {
    counted(|| {
        let said = rust::hot_path()?;
        Ok(format!("{} paths", said.lines().count()))
    })
}

fn counted(check: impl FnOnce() -> Result<String>) -> Result<Done> {
    match rust::cannot_count() {
        Some(reason) => Ok(Done::NotRun(reason)),
        None => check().map(Done::Holds),
    }
}
