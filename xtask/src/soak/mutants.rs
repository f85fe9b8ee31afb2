//! Does a test notice when the code is changed? By cargo-mutants.

use anyhow::{Context, Result, ensure};

use crate::run::{command, streaming};
use crate::tools::MUTANTS;
use crate::workspace::{self, CORE};

/// Of the mutants that compile, so many percent must be noticed.
const NOTICED_PERCENT: u64 = 95;

/// Mutants that do exactly what the code does, by a pattern of their names, and why.
const EQUIVALENT: [(&str, &str); 4] = [
    (
        "replace > with >= in BackoffRule::default_max_timeout",
        "of two equal waits the longer is either",
    ),
    (
        "replace > with >= in Levels::account",
        "no successes leave a window as it was",
    ),
    (
        "replace > with >= in CallWindow::(push_successes|clear)",
        "a window without bad calls has no bits to clear: it only takes longer",
    ),
    (
        r"window/calls\.rs:.*replace \| with \^ in set$",
        "the bit that is set has just been cleared",
    ),
];

/// Mutants of the machine, its windows and its concurrent home. They are made in a copy of the tree.
pub(super) fn run() -> Result<String> {
    let output = workspace::target().join("mutants");
    std::fs::create_dir_all(&output)?;
    let mut mutants = command(
        &MUTANTS.program()?.to_string_lossy(),
        &[
            "mutants",
            "--package",
            CORE,
            "--no-shuffle",
            "--colors=never",
        ],
    );
    mutants
        .args([
            "--file",
            "core/src/machine/*.rs",
            "--file",
            "core/src/window/*.rs",
            "--file",
            "core/src/cell.rs",
            "--file",
            "core/src/pace.rs",
        ])
        .arg("--output")
        .arg(&output)
        .args(EQUIVALENT.map(|(name, _)| format!("--exclude-re={name}")))
        // The unit tests, the scenarios and the model: the others prove nothing more, and would take hours.
        .args(["--", "--lib", "--test", "conformance", "--test", "model"]);
    // It exits with 2 when a mutant is missed; the figures decide.
    streaming(&mut mutants, |_| ())?;

    let path = output.join("mutants.out/outcomes.json");
    let outcomes = std::fs::read_to_string(&path).with_context(|| format!("{path:?}"))?;
    let figures = Figures::read(&outcomes)?;
    ensure!(
        figures.noticed() + figures.missed > 0,
        "there was no mutant"
    );
    ensure!(
        figures.percent() >= NOTICED_PERCENT,
        "{}; {}",
        figures.shown(),
        output.join("mutants.out/missed.txt").display()
    );
    Ok(figures.shown())
}

/// What became of the mutants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Figures {
    caught: u64,
    timeout: u64,
    missed: u64,
    unviable: u64,
}

impl Figures {
    fn read(outcomes: &str) -> Result<Self> {
        let outcomes: serde_json::Value = serde_json::from_str(outcomes)?;
        let count = |name: &str| {
            outcomes[name]
                .as_u64()
                .with_context(|| format!("no count {name:?}"))
        };
        Ok(Self {
            caught: count("caught")?,
            timeout: count("timeout")?,
            missed: count("missed")?,
            unviable: count("unviable")?,
        })
    }

    /// A test that never ends is noticed as well.
    fn noticed(&self) -> u64 {
        self.caught + self.timeout
    }

    /// Rounded down.
    fn percent(&self) -> u64 {
        100 * self.noticed() / (self.noticed() + self.missed).max(1)
    }

    fn shown(&self) -> String {
        format!(
            "{} of {} mutants noticed ({} %), {} of them by never ending; {} more did not compile",
            self.noticed(),
            self.noticed() + self.missed,
            self.percent(),
            self.timeout,
            self.unviable
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_of_viable_mutants_and_rounded_down() {
        let json = r#"{"caught": 90, "timeout": 5, "missed": 5, "unviable": 7, "outcomes": []}"#;
        let figures = Figures::read(json).expect("well formed");
        assert_eq!((figures.noticed(), figures.percent()), (95, 95));
        let worse = Figures {
            missed: 6,
            ..figures
        };
        assert_eq!(worse.percent(), 94);
    }

    #[test]
    fn a_missing_count_is_an_error() {
        assert!(Figures::read("{}").is_err());
    }
}
