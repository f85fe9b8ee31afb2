//! Reading the suite: the manifest, and the files it names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::scenario::{Level, Scenario, Topic};

/// The version of the suite that this crate can replay. It grows when a runner has to change.
pub const SUITE: u32 = 2;

/// What the suite holds; generated, and checked by every runner.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Manifest {
    /// The version of the suite.
    pub suite: u32,
    /// The levels it covers.
    pub levels: Vec<Level>,
    /// How many scenarios there are.
    pub scenarios: usize,
    /// How many of them begin at each level.
    pub by_level: BTreeMap<Level, usize>,
    /// How many steps they have.
    pub steps: usize,
    /// The files.
    pub files: Vec<FileEntry>,
}

/// One file of the suite.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct FileEntry {
    /// Where it is, seen from the manifest.
    pub path: String,
    /// How many scenarios it holds.
    pub scenarios: usize,
    /// How many steps they have.
    pub steps: usize,
    /// How many of its scenarios begin at each level.
    pub by_level: BTreeMap<Level, usize>,
}

/// The folder `conformance/` of this repository.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Reads the manifest.
///
/// # Errors
///
/// Where it cannot be read, or is of another version.
pub fn manifest(folder: &Path) -> io::Result<Manifest> {
    let manifest: Manifest = json(&folder.join("manifest.json"))?;
    if manifest.suite == SUITE {
        Ok(manifest)
    } else {
        Err(io::Error::other(format!(
            "manifest.json is suite {}, this runner plays suite {SUITE}",
            manifest.suite
        )))
    }
}

/// Reads every scenario that the manifest promises.
///
/// # Errors
///
/// Where a file cannot be read, or holds another number of scenarios.
pub fn scenarios(folder: &Path, manifest: &Manifest) -> io::Result<Vec<Scenario>> {
    let mut all = Vec::new();
    for file in &manifest.files {
        let topic: Topic = json(&folder.join(&file.path))?;
        all.extend(topic.scenarios);
    }
    if all.is_empty() || all.len() != manifest.scenarios {
        return Err(io::Error::other(format!(
            "{} scenarios found, the manifest promises {}",
            all.len(),
            manifest.scenarios
        )));
    }
    Ok(all)
}

/// Reads `constants.json`.
///
/// # Errors
///
/// Where it cannot be read.
pub fn constants(folder: &Path) -> io::Result<Value> {
    json(&folder.join("constants.json"))
}

fn json<T: for<'de> Deserialize<'de>>(path: &Path) -> io::Result<T> {
    let text = fs::read_to_string(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
    serde_json::from_str(&text)
        .map_err(|error| io::Error::other(format!("{}: {error}", path.display())))
}
