//! The files of the suite: finding them, and generating the two that are generated.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use k1s0_conformance::scenario::{Level, Scenario, Topic};
use k1s0_conformance::suite::{FileEntry, Manifest, SUITE};
use serde_json::Value;

use crate::constants;

/// What is wrong, one message each.
pub(crate) type Problems = Vec<String>;

/// One file of scenarios.
pub(crate) struct File {
    /// Its path, seen from the folder, with `/`.
    pub(crate) path: String,
    pub(crate) json: Value,
    pub(crate) topic: Topic,
}

/// Writes `constants.json` and `manifest.json`.
pub(crate) fn generate(folder: &Path) -> Result<String, Problems> {
    let files = read(folder)?;
    for (name, json) in generated(&files)? {
        fs::write(folder.join(name), format!("{json:#}\n"))
            .map_err(|error| vec![format!("{name}: {error}")])?;
    }
    Ok(format!("generated from {} files", files.len()))
}

/// The generated files as they should be.
pub(crate) fn generated(files: &[File]) -> Result<[(&'static str, Value); 2], Problems> {
    let manifest = serde_json::to_value(manifest(files)).map_err(|e| vec![e.to_string()])?;
    Ok([
        ("constants.json", constants::constants()?),
        ("manifest.json", manifest),
    ])
}

/// Reads every file of scenarios, in order of path.
pub(crate) fn read(folder: &Path) -> Result<Vec<File>, Problems> {
    let mut paths = Vec::new();
    find(&folder.join("scenarios"), &mut paths)?;
    paths.sort();
    paths.iter().map(|path| read_one(folder, path)).collect()
}

fn find(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), Problems> {
    let at = |error| vec![format!("{}: {error}", folder.display())];
    for entry in fs::read_dir(folder).map_err(at)? {
        let path = entry.map_err(at)?.path();
        if path.is_dir() {
            find(&path, paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}

fn read_one(folder: &Path, file: &Path) -> Result<File, Problems> {
    let path: Vec<_> = file
        .strip_prefix(folder)
        .unwrap_or(file)
        .iter()
        .map(|part| part.to_string_lossy())
        .collect();
    let path = path.join("/");
    let text = fs::read_to_string(file).map_err(|error| vec![format!("{path}: {error}")])?;
    let json = serde_json::from_str(&text).map_err(|error| vec![format!("{path}: {error}")])?;
    let topic = serde_json::from_str(&text).map_err(|error| vec![format!("{path}: {error}")])?;
    Ok(File { path, json, topic })
}

fn manifest(files: &[File]) -> Manifest {
    let all: Vec<_> = files
        .iter()
        .flat_map(|file| &file.topic.scenarios)
        .collect();
    Manifest {
        suite: SUITE,
        levels: Level::ALL.to_vec(),
        scenarios: all.len(),
        by_level: by_level(&all),
        steps: steps(&all),
        files: files.iter().map(entry).collect(),
    }
}

fn entry(file: &File) -> FileEntry {
    let scenarios: Vec<_> = file.topic.scenarios.iter().collect();
    FileEntry {
        path: file.path.clone(),
        scenarios: scenarios.len(),
        steps: steps(&scenarios),
        by_level: by_level(&scenarios),
    }
}

fn steps(scenarios: &[&Scenario]) -> usize {
    scenarios.iter().map(|scenario| scenario.steps.len()).sum()
}

fn by_level(scenarios: &[&Scenario]) -> BTreeMap<Level, usize> {
    let mut levels = BTreeMap::new();
    for scenario in scenarios {
        *levels.entry(scenario.level).or_default() += 1;
    }
    levels
}
