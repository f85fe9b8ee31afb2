//! The breaker's main job, on real traffic: an HTTP server on loopback falls sick for ten seconds
//! and gets well again, and the same requests go to it with and without the breaker. It prints a
//! timeline while it runs, then a table, and draws a chart.
//!
//! The exit code is 0 only if the breaker opened, let through what it may and no more (counted at
//! the server), and closed again.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;

mod chart;
mod client;
mod periods;
mod report;
mod run;
mod script;
mod server;
mod stats;
mod terminal;
mod timeline;
mod verdict;
mod watch;

use script::{DEADLINE, HANGS_EVERY, RATE, SICK_WORK, Script, breaker_config};
use terminal::Style;

const HELP: &str = "\
cargo xtask demo: a real server, a real outage, with and without the breaker

It takes no arguments, runs for half a minute, sends requests to loopback addresses
only, and leaves a chart under target/demo/. Set NO_COLOR for plain text.

Exit code: 0 if the breaker opened, let through what it may and no more, counted at
the server, and closed again; 1 if not; 2 if the demo could not run.
";

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        None => {}
        Some("--help" | "-h") => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Some(other) => {
            eprintln!("unknown argument {other:?}; see --help");
            return ExitCode::from(2);
        }
    }
    match demonstrate().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

/// The whole demo; answers whether the breaker did its work.
async fn demonstrate() -> Result<bool> {
    let (script, style) = (Script::STANDARD, Style::detect());
    introduce(&script, style);

    let record = run::run(script, style).await?;
    let periods = periods::periods(&record.changes, &record.with, script.ends);
    let findings = verdict::judge(&script, &periods, verdict::Allowed::configured());
    report::print(&record, &periods, &findings, style);

    let path = chart_path();
    chart::draw(&record, &periods, &path)?;
    println!("\nchart: {}", path.display());
    Ok(findings.iter().all(|finding| finding.holds))
}

fn introduce(script: &Script, style: Style) {
    let config = breaker_config();
    println!(
        "{}",
        style.bold("One outage, with and without a circuit breaker")
    );
    println!(
        "Two servers on loopback get {RATE} requests/s each, whatever they answer. From {} to\n\
         {} they are sick: 503 after {}, and every {HANGS_EVERY}th request hangs. Clients wait\n\
         {} at most. The breaker opens after {} failures in a row, for {}, and\n\
         closes after {} good probes.\n",
        run::seconds(script.outage_begins),
        run::seconds(script.outage_ends),
        run::millis(Some(SICK_WORK)),
        run::seconds(DEADLINE),
        config.failure_threshold,
        run::seconds(config.timeout),
        config.success_threshold,
    );
}

/// In the workspace's target directory, wherever the demo is started.
fn chart_path() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || {
            let demo = Path::new(env!("CARGO_MANIFEST_DIR"));
            demo.parent().unwrap_or(demo).join("target")
        },
        PathBuf::from,
    );
    target.join("demo").join("outage.svg")
}
