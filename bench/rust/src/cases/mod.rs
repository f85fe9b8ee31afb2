//! Everything that is measured.

mod ours;
#[cfg(feature = "peers")]
mod peers;
#[cfg(feature = "peers")]
mod peers_async;
mod references;

use crate::case::Case;

/// All cases, in the order of the report.
pub fn all() -> anyhow::Result<Vec<Case>> {
    let mut cases = references::all()?;
    cases.extend(ours::all()?);
    #[cfg(feature = "peers")]
    {
        cases.extend(peers::all()?);
        cases.extend(peers_async::all()?);
    }
    Ok(cases)
}
