//! The instruction budgets: a committed number for each hot path.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::{callgrind, cases, host};

/// The committed file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Budgets {
    /// By how much a count may exceed its budget.
    tolerance: Tolerance,
    /// Instructions per call, by case.
    instructions: BTreeMap<String, f64>,
}

/// The larger of the two is allowed, in both directions.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tolerance {
    instructions: f64,
    percent: f64,
}

impl Tolerance {
    fn of(self, budget: f64) -> f64 {
        f64::max(self.instructions, budget * self.percent / 100.0)
    }
}

const FILE: &str = "bench/budgets/instructions.toml";

/// Where the file is.
fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(FILE)
}

/// Compares every path with its budget. False if one is not within it.
pub(crate) fn check() -> Result<bool> {
    let (_, budgets) = read()?;
    let counted = count(&budgets)?;
    let mut good = true;
    for (key, &budget) in &budgets.instructions {
        let count = counted[key];
        let allowed = budgets.tolerance.of(budget);
        let verdict = if count > budget + allowed {
            "TOO MANY"
        } else if count < budget - allowed {
            "FEWER: lower the budget (write-instructions), so that it stays won"
        } else {
            "ok"
        };
        good &= verdict == "ok";
        println!("{key:<40} {count:>8.1} of {budget:>6.1}  {verdict}");
    }
    Ok(good)
}

/// Writes the counts of today into the file, as whole numbers; everything else in it stays.
pub(crate) fn write() -> Result<()> {
    let (text, budgets) = read()?;
    let counted = count(&budgets)?;
    let mut new = String::new();
    for line in text.lines() {
        let key = line.strip_prefix('"').and_then(|it| it.split_once('"'));
        match key.and_then(|(key, _)| Some((key, counted.get(key)?))) {
            Some((key, count)) => new.push_str(&format!("\"{key}\" = {:.0}", count.ceil())),
            None => new.push_str(line),
        }
        new.push('\n');
    }
    fs::write(path(), new)?;
    Ok(())
}

fn read() -> Result<(String, Budgets)> {
    let text = fs::read_to_string(path()).context(FILE)?;
    let budgets = toml::from_str(&text).context(FILE)?;
    Ok((text, budgets))
}

fn count(budgets: &Budgets) -> Result<HashMap<String, f64>> {
    ensure!(
        host::profile() == "measure",
        "the budgets hold for --profile measure, this is {}",
        host::profile()
    );
    ensure!(
        cases::abi::library().is_some(),
        "the budgets are also those of the C ABI: cargo build --profile measure -p k1s0-circuit-breaker-c"
    );
    let keys: Vec<String> = budgets.instructions.keys().cloned().collect();
    let counted = callgrind::count(&keys)?;
    Ok(counted
        .into_iter()
        .map(|(key, counted)| (key, counted.per_call()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn the_committed_file_can_be_read_and_names_cases() {
        let (_, budgets) = read().expect("it is committed and well formed");
        let cases = crate::cases::all().expect("cases can be made");
        let library = crate::cases::abi::library().is_some();
        for key in budgets.instructions.keys() {
            let case = cases.iter().any(|it| it.key() == *key);
            // Those of the C ABI are there if the library is.
            assert!(case || !library && key.starts_with("abi"), "no case {key}");
        }
    }
}
