//! Every feature of the core alone, and every pair of them.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};

use super::Done;
use crate::run::{cargo, quiet, stdout};
use crate::workspace::CORE;

/// Each set compiles without a warning: code that only some features use must not be there without
/// them.
pub(super) fn check() -> Result<Done> {
    let metadata = stdout(&mut cargo(&["metadata", "--no-deps", "--format-version=1"]))?;
    let sets = sets(&features(&metadata)?);
    let mut wrong = Vec::new();
    for set in &sets {
        let mut clippy = cargo(&["clippy", "--quiet", "--lib", "--no-default-features"]);
        clippy.args([
            "--package",
            CORE,
            "--features",
            set,
            "--",
            "--deny=warnings",
        ]);
        let output = quiet(&mut clippy)?;
        if !output.success {
            wrong.push(format!("with features {set:?}:\n{}", output.stderr));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(Done::Holds(format!("{} sets", sets.len())))
}

/// The names of the core's features.
fn features(metadata: &str) -> Result<Vec<String>> {
    let metadata: serde_json::Value = serde_json::from_str(metadata)?;
    let packages = metadata["packages"].as_array().context("packages")?;
    let core = packages
        .iter()
        .find(|package| package["name"] == CORE)
        .context("the core is in the workspace")?;
    let features = core["features"].as_object().context("features")?;
    Ok(features
        .keys()
        .filter(|name| *name != "default")
        .cloned()
        .collect())
}

/// None, each alone, each pair; joined by commas.
fn sets(features: &[String]) -> BTreeSet<String> {
    let mut sets = BTreeSet::from([String::new()]);
    for (index, first) in features.iter().enumerate() {
        sets.insert(first.clone());
        for second in &features[index + 1..] {
            sets.insert(format!("{first},{second}"));
        }
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alone_and_in_pairs() {
        let features = ["a", "b", "c"].map(str::to_owned);
        let sets: Vec<_> = sets(&features).into_iter().collect();
        assert_eq!(sets, ["", "a", "a,b", "a,c", "b", "b,c", "c"]);
    }

    #[test]
    fn the_default_is_no_feature_of_its_own() {
        let metadata = r#"{"packages": [
            {"name": "other", "features": {"x": []}},
            {"name": "k1s0-circuit-breaker", "features": {"default": ["std"], "std": []}}
        ]}"#;
        assert_eq!(features(metadata).expect("well formed"), ["std"]);
    }
}
