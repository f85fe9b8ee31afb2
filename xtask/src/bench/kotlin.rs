//! Kotlin and Java: the JMH benchmarks in `bench/kotlin`, on the jar as it is published.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use super::Bench;
use crate::run::{command, quiet, stdout};
use crate::{kotlin, workspace};

/// Kotlin.
pub(crate) struct Kotlin;

/// What is measured, as the report calls it; each with one thread, those marked with two as well.
const ROWS: [(&str, &str, bool); 8] = [
    ("bare", "bare call of a `Callable`", false),
    ("jna", "bare JNA call, mapped directly", false),
    ("resilience4j", "resilience4j, `executeSupplier`", true),
    ("k1s0InARow", "k1s0, failures in a row", true),
    ("k1s0LastCalls", "k1s0, last 100 calls", true),
    ("k1s0LastSeconds", "k1s0, last 10 s", false),
    ("resilience4jRejected", "resilience4j, rejected", false),
    ("k1s0Rejected", "k1s0, rejected", false),
];
/// How much of resilience4j's time a healthy call may take.
const LIMIT: f64 = 1.0;

impl Bench for Kotlin {
    fn name(&self) -> &'static str {
        "kotlin"
    }

    fn full(&self) -> Result<()> {
        let project = prepare()?;
        let options = "-f 2 -wi 3 -w 1 -i 5 -r 1";
        let one = measure(&project, &format!("{options} -t 1"))?;
        let shared: Vec<_> = ROWS.iter().filter(|row| row.2).map(|row| row.0).collect();
        let only = format!("{options} -t 2 Calls.({})$", shared.join("|"));
        let two = measure(&project, &only)?;
        let report = report(&one, &two)?;
        println!("{report}");
        fs::write(workspace::root().join("bench/results/kotlin.md"), &report)?;
        for times in [&one, &two] {
            let ratio = times["k1s0LastCalls"] / times["resilience4j"];
            ensure!(ratio <= LIMIT, "a limit is not kept: {ratio:.2}");
        }
        Ok(())
    }

    fn quick(&self) -> Result<String> {
        if let Err(reason) = kotlin::available() {
            return Ok(format!("not run: {reason:#}"));
        }
        let project = prepare()?;
        let times = measure(&project, "-f 0 -wi 0 -i 1 -r 10ms -t 1")?;
        let ours = times.keys().filter(|name| name.starts_with("k1s0"));
        Ok(format!("{} rows of ours", ours.count()))
    }
}

/// Builds everything.
fn prepare() -> Result<PathBuf> {
    kotlin::install()?;
    let project = kotlin::folder("bench");
    let source = workspace::root().join("bench/kotlin");
    workspace::copy(&source, &["pom.xml", "src"], &project)?;
    stdout(&mut kotlin::maven(&project, &["--quiet", "compile"]))?;
    Ok(project)
}

/// Nanoseconds by benchmark.
fn measure(project: &std::path::Path, options: &str) -> Result<BTreeMap<String, f64>> {
    let results = project.join("results.csv");
    let arguments = format!(
        "-Dexec.args=-cp %classpath org.openjdk.jmh.Main {options} -rf csv -rff {}",
        results.display()
    );
    stdout(&mut kotlin::maven(project, &["exec:exec", &arguments]))?;
    let csv = fs::read_to_string(&results)?;
    let times = csv.lines().skip(1).map(|line| {
        let mut fields = line.split(',').map(|field| field.trim_matches('"'));
        let name = fields.next().and_then(|name| name.rsplit('.').next());
        let score = fields.nth(3).and_then(|score| score.parse().ok());
        Some((name?.to_owned(), score?))
    });
    let times: Option<BTreeMap<_, _>> = times.collect();
    let times = times.with_context(|| format!("no results: {csv}"))?;
    ensure!(!times.is_empty(), "nothing was measured");
    Ok(times)
}

fn report(one: &BTreeMap<String, f64>, two: &BTreeMap<String, f64>) -> Result<String> {
    let java = quiet(&mut command("java", &["--version"]))?.stdout;
    let java = java.lines().next().unwrap_or_default();
    let mut text = format!(
        "# Kotlin\n\nWritten by `cargo xtask bench kotlin`, with JMH. Nanoseconds per call; compare within this page only. \
         resilience4j is\n2.4.0 with its defaults, which are the last 100 calls. All threads share one breaker. The limit, \
         for *last 100 calls*, is {LIMIT:.1}\ntimes resilience4j.\n\n{java}.\n\n\
         | | 1 thread, ns | beside resilience4j | beside a JNA call | 2 threads, ns | beside resilience4j |\n\
         | --- | ---: | ---: | ---: | ---: | ---: |\n"
    );
    for (key, name, shared) in ROWS {
        let ns = one.get(key).with_context(|| format!("no time of {key}"))?;
        let theirs = if key.ends_with("Rejected") {
            one["resilience4jRejected"]
        } else {
            one["resilience4j"]
        };
        write!(
            text,
            "| {name} | {ns:.1} | {:.2} | {:.2} |",
            ns / theirs,
            ns / one["jna"]
        )?;
        match two.get(key).filter(|_| shared) {
            Some(ns) => writeln!(text, " {ns:.1} | {:.2} |", ns / two["resilience4j"])?,
            None => writeln!(text, " | |")?,
        }
    }
    Ok(text)
}
