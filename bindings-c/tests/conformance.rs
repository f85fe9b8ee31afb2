//! Plays every scenario of `conformance/` through the built shared library, by each of its entry
//! points, and replays `constants.json`. The contract of a runner is in `conformance/README.md`.

#![expect(clippy::panic, reason = "a test says what it has found by panicking")]

#[path = "conformance/constants.rs"]
mod constants;
#[path = "conformance/entry.rs"]
mod entry;
#[path = "conformance/face.rs"]
mod face;
mod support;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use entry::{Host, LowWords, Permits, Words};
use face::EntryPoint;
use k1s0_conformance::replay::replay;
use k1s0_conformance::scenario::Scenario;
use k1s0_conformance::subject::Face;
use k1s0_conformance::suite;
use libtest_mimic::{Arguments, Trial};
use support::configure;

type MakeFace = fn() -> Box<dyn Face>;

const ENTRY_POINTS: [(&str, MakeFace); 4] = [
    ("permits", || Box::new(EntryPoint::<Permits>::new())),
    ("words", || Box::new(EntryPoint::<Words>::new())),
    ("low_words", || Box::new(EntryPoint::<LowWords>::new())),
    ("host", || Box::new(EntryPoint::<Host>::new())),
];

/// Through how many entry points each scenario has been played, and in how many it failed.
type Played = Arc<Mutex<BTreeMap<String, (usize, usize)>>>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let folder = suite::folder();
    let read = suite::manifest(&folder)
        .and_then(|manifest| suite::scenarios(&folder, &manifest))
        .and_then(|scenarios| Ok((scenarios, suite::constants(&folder)?)));
    let (scenarios, constants) = match read {
        Ok(read) => read,
        Err(error) => {
            eprintln!("conformance: {error}");
            return ExitCode::FAILURE;
        }
    };
    let promised = scenarios.len();
    let played = Played::default();
    let mut trials = constants::trials(&Arc::new(constants));
    for scenario in scenarios {
        let scenario = Arc::new(scenario);
        for (entry, face) in ENTRY_POINTS {
            trials.push(trial(&scenario, entry, face, &played));
        }
    }
    let whole = arguments.filter.is_none() && arguments.skip.is_empty() && !arguments.list;
    let conclusion = libtest_mimic::run(&arguments, trials);
    if whole && !close(&played, promised) {
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

fn trial(scenario: &Arc<Scenario>, entry: &str, face: MakeFace, played: &Played) -> Trial {
    let scenario = Arc::clone(scenario);
    let played = Arc::clone(played);
    Trial::test(format!("{entry}::{}", scenario.name), move || {
        // Counted as failed until it has not: a panic leaves it so.
        count(&played, &scenario.name, 1, 1);
        replay(&scenario, &*face())?;
        count(&played, &scenario.name, 0, -1);
        Ok(())
    })
}

fn count(played: &Played, name: &str, run: usize, failed: isize) {
    let mut played = played.lock().unwrap_or_else(PoisonError::into_inner);
    let entry = played.entry(name.to_owned()).or_default();
    entry.0 += run;
    entry.1 = entry.1.saturating_add_signed(failed);
}

/// Prints the closing line; false if not every scenario was played through every entry point.
fn close(played: &Played, promised: usize) -> bool {
    let played = played.lock().unwrap_or_else(PoisonError::into_inner);
    let run = played
        .values()
        .filter(|(run, _)| *run == ENTRY_POINTS.len());
    let failed = played.values().filter(|(_, failed)| *failed > 0).count();
    let run = run.count();
    println!(
        "entry points: {}",
        ENTRY_POINTS.map(|(name, _)| name).join(", ")
    );
    println!(
        "conformance: suite {}, {run} run, {failed} failed, 0 skipped",
        suite::SUITE
    );
    if run != promised {
        eprintln!("conformance: the manifest promises {promised}");
    }
    run == promised
}
