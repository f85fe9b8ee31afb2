//! Everything that is measured.

pub(crate) mod abi;
pub(crate) mod ours;
#[cfg(feature = "peers")]
pub(crate) mod peers;
#[cfg(feature = "peers")]
pub(crate) mod peers_async;
pub(crate) mod references;
pub(crate) mod windows;

use crate::case::Case;

/// All cases, in the order of the report.
pub(crate) fn all() -> anyhow::Result<Vec<Case>> {
    let mut cases = references::all()?;
    cases.extend(ours::all()?);
    cases.extend(windows::all()?);
    #[cfg(feature = "peers")]
    {
        cases.extend(peers::all()?);
        cases.extend(peers_async::all()?);
    }
    cases.extend(abi::all()?);
    Ok(cases)
}
