//! The breaker's main job, on real traffic: an HTTP server on loopback falls sick for ten seconds
//! and gets well again, and the same requests go to it with and without the breaker. It prints a
//! timeline while it runs, then a table, and draws a chart.
//!
//! The exit code is 0 only if the breaker opened, let through what it may and no more (counted at
//! the server), and closed again.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};

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

It takes no arguments, runs for under a minute, sends requests to loopback addresses
only, and leaves a chart under target/demo/. Set NO_COLOR for plain text.
";

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<ExitCode> {
    if let Some(argument) = std::env::args().nth(1) {
        if argument != "--help" && argument != "-h" {
            bail!("unknown argument {argument:?}; see --help");
        }
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    let (script, style) = (Script::STANDARD, Style::detect());
    introduce(&script, style);

    let record = run::run(script, style).await?;
    let periods = periods::periods(&record.changes, &record.with, script.ends);
    let findings = verdict::judge(&script, &periods, verdict::Allowed::configured());
    report::print(&record, &periods, &findings, style);

    let path = chart_path();
    chart::draw(&record, &periods, &path)?;
    println!("\nchart: {}", path.display());
    Ok(if findings.iter().all(|finding| finding.holds) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn introduce(script: &Script, style: Style) {
    let config = breaker_config();
    println!(
        "{}",
        style.bold("One outage, with and without a circuit breaker")
    );
    println!(
        "Two servers on loopback, {RATE} requests/s to each. From {} to {} they are sick: 503 after {}, \
         and every {HANGS_EVERY}th request hangs (clients wait {}).",
        run::seconds(script.outage_begins),
        run::seconds(script.outage_ends),
        run::millis(Some(SICK_WORK)),
        run::seconds(DEADLINE),
    );
    println!(
        "The breaker opens after {} failures in a row, for {}, and closes after {} good probes.\n",
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
