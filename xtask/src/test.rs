//! `cargo xtask test`: every language that can be tested here, and a table at the end.

use anyhow::{Result, bail};

use crate::languages::{self, Language, Tested};
use crate::stopwatch::Stopwatch;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
struct Wanted<'a> {
    names: Vec<&'a str>,
    /// Whether a language that cannot run is a failure.
    all: bool,
}

/// One line of the table.
#[derive(Debug)]
struct Row {
    language: &'static str,
    seconds: f64,
    /// What came of it, or why it did not run.
    tested: Result<Tested, String>,
}

impl Row {
    /// What is counted as failed. A runner that is not content, or that ran nothing, is a failure
    /// also when it names no test that failed.
    fn failed(&self) -> u64 {
        match &self.tested {
            Ok(tested) if tested.success && tested.tally.run() > 0 => tested.tally.failed,
            Ok(tested) => tested.tally.failed.max(1),
            Err(_) => 0,
        }
    }

    fn passed(&self) -> u64 {
        self.tested.as_ref().map_or(0, |tested| tested.tally.passed)
    }

    fn shown(&self) -> String {
        let Self {
            language,
            seconds,
            tested,
        } = self;
        match tested {
            Ok(Tested { tally, success }) => {
                let note = match (tally.run(), success) {
                    (0, _) => "  no test ran",
                    (_, false) if tally.failed == 0 => "  the runner failed",
                    _ => "",
                };
                format!(
                    "{language:<12} {:>9} {:>9} {:>9} {seconds:>9.0}{note}",
                    tally.run(),
                    tally.failed,
                    tally.scenarios
                )
            }
            Err(reason) => format!("{language:<12} not run: {reason}"),
        }
    }
}

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<bool> {
    let languages = languages::all();
    let names: Vec<_> = languages.iter().map(|language| language.name()).collect();
    let wanted = parse(arguments, &names)?;
    let rows: Vec<_> = languages
        .iter()
        .filter(|language| wanted.names.is_empty() || wanted.names.contains(&language.name()))
        .map(|language| test(language.as_ref()))
        .collect();

    println!(
        "\n{:<12} {:>9} {:>9} {:>9} {:>9}",
        "language", "tests run", "failed", "scenarios", "seconds"
    );
    for row in &rows {
        println!("{}", row.shown());
    }
    let (passed, failed, content) = judge(&rows, wanted.all || !wanted.names.is_empty());
    println!("\n{passed} passed, {failed} failed");
    Ok(content)
}

fn test(language: &dyn Language) -> Row {
    println!("== {}", language.name());
    let watch = Stopwatch::start();
    let tested = language.prepare().and_then(|()| language.test());
    Row {
        language: language.name(),
        seconds: watch.elapsed().as_secs_f64(),
        tested: tested.map_err(|error| format!("{error:#}")),
    }
}

/// The sums, and whether all is well. `strict`: a language that did not run counts as a failure.
fn judge(rows: &[Row], strict: bool) -> (u64, u64, bool) {
    let passed = rows.iter().map(Row::passed).sum();
    let missing = rows.iter().filter(|row| row.tested.is_err()).count() as u64;
    let failed = rows.iter().map(Row::failed).sum::<u64>() + if strict { missing } else { 0 };
    (passed, failed, failed == 0 && passed > 0)
}

fn parse<'a>(arguments: &'a [String], known: &[&str]) -> Result<Wanted<'a>> {
    let mut wanted = Wanted {
        names: Vec::new(),
        all: false,
    };
    for argument in arguments {
        match argument.as_str() {
            "--all" => wanted.all = true,
            name if known.contains(&name) => wanted.names.push(name),
            other => bail!("no language {other:?}; there are: {}", known.join(", ")),
        }
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::Tally;

    fn row(tested: Result<(u64, u64, bool), &str>) -> Row {
        Row {
            language: "x",
            seconds: 1.0,
            tested: tested
                .map(|(passed, failed, success)| Tested {
                    tally: Tally {
                        passed,
                        failed,
                        scenarios: 0,
                    },
                    success,
                })
                .map_err(str::to_owned),
        }
    }

    #[test]
    fn all_passed() {
        assert_eq!(judge(&[row(Ok((5, 0, true)))], true), (5, 0, true));
    }

    #[test]
    fn a_failed_test_fails() {
        assert_eq!(judge(&[row(Ok((5, 2, false)))], false), (5, 2, false));
    }

    #[test]
    fn a_runner_that_fails_without_a_failed_test_fails() {
        let rows = [row(Ok((5, 0, false)))];
        assert_eq!(judge(&rows, false), (5, 1, false));
        assert!(rows[0].shown().ends_with("the runner failed"));
    }

    #[test]
    fn running_nothing_fails() {
        assert_eq!(judge(&[row(Ok((0, 0, true)))], false), (0, 1, false));
        assert_eq!(judge(&[], false), (0, 0, false));
    }

    #[test]
    fn a_language_that_cannot_run_fails_only_if_asked_for() {
        let rows = [row(Ok((5, 0, true))), row(Err("no compiler"))];
        assert_eq!(judge(&rows, false), (5, 0, true));
        assert_eq!(judge(&rows, true), (5, 1, false));
        assert_eq!(rows[1].shown(), "x            not run: no compiler");
    }

    #[test]
    fn arguments() {
        let arguments = ["rust".to_owned(), "--all".to_owned()];
        let wanted = parse(&arguments, &["rust"]).expect("known");
        assert_eq!((wanted.names, wanted.all), (vec!["rust"], true));
        assert!(parse(&["cobol".to_owned()], &["rust"]).is_err());
    }
}
