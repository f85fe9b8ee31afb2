//! What must be true of the suite itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use k1s0_conformance::scenario::{Expected, Level, Op, Scenario, Through};
use serde_json::Value;

use crate::files::{self, File, Problems};
use crate::rules;

pub(crate) fn check(folder: &Path) -> Result<String, Problems> {
    let files = files::read(folder)?;
    let scenarios: Vec<_> = files
        .iter()
        .flat_map(|file| &file.topic.scenarios)
        .collect();
    let mut problems = Problems::new();
    if scenarios.is_empty() {
        problems.push("no scenarios were found".to_owned());
    }
    generated(folder, &files, &mut problems)?;
    schema(folder, &files, &mut problems)?;
    names(&files, &mut problems);
    for scenario in &scenarios {
        levels(scenario, &mut problems);
        permits(scenario, &mut problems);
    }
    let cited = coverage(folder, &scenarios, &mut problems)?;
    if problems.is_empty() {
        Ok(format!(
            "{} scenarios in {} files cite {cited} rules; nothing is wrong",
            scenarios.len(),
            files.len()
        ))
    } else {
        Err(problems)
    }
}

/// What is generated is as it was generated.
fn generated(folder: &Path, files: &[File], problems: &mut Problems) -> Result<(), Problems> {
    for (name, expected) in files::generated(files)? {
        if json(folder, name)? != expected {
            problems.push(format!(
                "{name} is not what `cargo run -p k1s0-conformance -- generate` writes"
            ));
        }
    }
    Ok(())
}

fn schema(folder: &Path, files: &[File], problems: &mut Problems) -> Result<(), Problems> {
    let schema = json(folder, "schema/scenario.schema.json")?;
    let validator = jsonschema::draft202012::new(&schema)
        .map_err(|error| vec![format!("schema/scenario.schema.json: {error}")])?;
    for file in files {
        for error in validator.iter_errors(&file.json) {
            problems.push(format!(
                "{} at {}: {error}",
                file.path,
                error.instance_path()
            ));
        }
    }
    Ok(())
}

/// Names do not repeat, and begin with the name of their file.
fn names(files: &[File], problems: &mut Problems) {
    let mut seen = BTreeMap::new();
    for file in files {
        let stem = file.path.rsplit('/').next().unwrap_or(&file.path);
        let stem = stem.trim_end_matches(".json");
        for scenario in &file.topic.scenarios {
            let name = &scenario.name;
            if name.split('/').next() != Some(stem) {
                problems.push(format!("{name} in {} should begin with {stem}/", file.path));
            }
            if let Some(other) = seen.insert(name, &file.path) {
                problems.push(format!("{name} is in {other} and in {}", file.path));
            }
        }
    }
}

/// A face of a scenario's level can take every one of its steps.
fn levels(scenario: &Scenario, problems: &mut Problems) {
    let of_config = scenario.config.level();
    let steps = scenario.steps.iter().map(|step| step.op.level());
    let needed = steps.max().unwrap_or(Level::Basic).max(of_config);
    if needed != scenario.level {
        problems.push(format!(
            "{} is of level {}, and needs {}",
            scenario.name,
            scenario.level.name(),
            needed.name()
        ));
    }
}

/// Every permit is taken once, and only admitted ones are settled.
fn permits(scenario: &Scenario, problems: &mut Problems) {
    let mut asked = BTreeSet::new();
    let mut admitted = BTreeSet::new();
    for step in &scenario.steps {
        match &step.op {
            Op::Acquire { permit, expect } => {
                if !asked.insert(permit) {
                    problems.push(format!("{} acquires {permit} twice", scenario.name));
                }
                match expect {
                    Expected::Through(Through::Admitted) => drop(admitted.insert(permit)),
                    Expected::Through(Through::Ran) | Expected::Rejected { .. } => {}
                }
            }
            Op::Settle { permit, .. } | Op::Drop { permit } if !admitted.contains(permit) => {
                problems.push(format!("{} has no permit {permit}", scenario.name));
            }
            _ => {}
        }
    }
}

/// Every rule of the suite's levels is cited, or it is said why it cannot be; every rule that is
/// cited exists. Answers how many are cited.
fn coverage(
    folder: &Path,
    scenarios: &[&Scenario],
    problems: &mut Problems,
) -> Result<usize, Problems> {
    let spec = text(folder, "SPEC.md")?;
    let sections = rules::sections(&spec);
    let clarifications = rules::clarifications(&spec);
    let ours = |level: &Option<String>| {
        let claims = |level: &String| Level::ALL.iter().any(|l| l.name() == level);
        level.as_ref().is_none_or(claims)
    };
    let mut required: BTreeSet<_> = sections
        .iter()
        .filter(|section| ours(&section.level))
        .flat_map(|section| section.rules.iter().cloned())
        .chain(rules::additions(&spec))
        .collect();
    for number in &clarifications {
        if !required.contains(rules::clarified(number)) {
            problems.push(format!(
                "SPEC.md clarifies {number}, of which there is no rule"
            ));
        }
    }
    required.extend(clarifications);

    let mut cited = BTreeSet::new();
    for scenario in scenarios {
        for rule in &scenario.rules {
            if !required.contains(rule) {
                problems.push(format!("{} cites {rule}, which is no rule", scenario.name));
            }
            cited.insert(rule.clone());
        }
    }
    let excused = json(folder, "not-scenarios.json")?;
    let excused = excused.as_object().cloned().unwrap_or_default();
    for rule in excused.keys() {
        if !required.contains(rule) {
            problems.push(format!("not-scenarios.json names {rule}, which is no rule"));
        }
        if cited.contains(rule) {
            problems.push(format!("not-scenarios.json names {rule}, which is cited"));
        }
    }
    for rule in required.difference(&cited) {
        if !excused.contains_key(rule) {
            problems.push(format!("no scenario cites {rule}"));
        }
    }
    Ok(cited.len())
}

fn json(folder: &Path, name: &str) -> Result<Value, Problems> {
    serde_json::from_str(&text(folder, name)?).map_err(|error| vec![format!("{name}: {error}")])
}

fn text(folder: &Path, name: &str) -> Result<String, Problems> {
    fs::read_to_string(folder.join(name)).map_err(|error| vec![format!("{name}: {error}")])
}
