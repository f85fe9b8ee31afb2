//! `cargo xtask replay`; see the library for what a replay is.

use std::fs::File;
use std::io::BufReader;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use k1s0_replay::report::report;
use k1s0_replay::{Config, Trace, replay};

const HELP: &str = "\
cargo xtask replay TRACE --config FIELDS [--config FIELDS]...

Replays a trace of recorded calls through several configurations, and prints side by side when each
would have opened, what it would have rejected, and what that would have spared and cost.

  TRACE             a file of lines of JSON, as TraceRecorder writes them:
                      {\"t_ns\":1000,\"duration_ns\":250,\"outcome\":\"success\"}
                    the outcome is success, failure, ignored, cancelled or rejected; a rejected call
                    has no duration
  --config FIELDS   such as name=a,failure_threshold=5,timeout=30s; what is not given has its
                    default, and '' is all defaults

Fields, with their defaults; times are such as 250ms, 1.5s, 2m, or never:

  name                  the number of the configuration
  failure_threshold     5, or off
  success_threshold     3
  timeout               30s
  half_open_max_calls   1
  probe_timeout         60s
  failure_rate          off; more than 0, at most 1
  minimum_calls         20
  window                100 calls; or a time, such as 10s
  window_buckets        10; only for a window of time
  slow_call_duration    off
  slow_call_rate        0.8
  slow_minimum_calls    20
  count_hung_calls      false
  backoff_multiplier    1
  max_timeout           10m, or timeout where that is longer
  jitter                0
  jitter_seed           0
  shadow                false

Two traces to try: replay/traces/outage.jsonl, replay/traces/brown-out.jsonl.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("replay: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// What is to be printed.
fn run(arguments: &[String]) -> Result<String> {
    let mut file: Option<&String> = None;
    let mut configs = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--help" | "-h" | "help" => return Ok(HELP.to_owned()),
            "--config" => match arguments.next() {
                Some(fields) => configs.push(fields.clone()),
                None => bail!("--config is the last word; its fields come after it"),
            },
            other if other.starts_with('-') => bail!("no option {other}; see --help"),
            _ => match file.replace(argument) {
                None => {}
                Some(first) => bail!("one trace at a time, and {first} and {argument} are two"),
            },
        }
    }
    let Some(file) = file else {
        bail!("which trace? see --help");
    };
    if configs.is_empty() {
        bail!("through which configuration? say --config at least once; see --help");
    }
    let configs = Config::parse_all(&configs)?;
    let input = File::open(file).with_context(|| format!("cannot open {file}"))?;
    let trace = Trace::read(BufReader::new(input)).with_context(|| file.clone())?;
    let told: Vec<_> = configs
        .into_iter()
        .map(|config| {
            let told = replay(&trace, &config);
            (config, told)
        })
        .collect();
    Ok(report(file, &trace, &told))
}

#[cfg(test)]
mod tests {
    use k1s0_replay::config::FIELDS;

    use super::*;

    fn said(arguments: &[&str]) -> Result<String, String> {
        let arguments: Vec<_> = arguments.iter().map(|&it| it.to_owned()).collect();
        run(&arguments).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn help_has_every_field() {
        let help = said(&["--help"]).unwrap();
        for field in FIELDS {
            assert!(help.contains(&format!("\n  {field} ")), "{field}");
        }
    }

    #[test]
    fn a_bad_command_is_told_what_is_wrong() {
        for (arguments, expected) in [
            (&[][..], "which trace?"),
            (&["a.jsonl"], "through which configuration?"),
            (&["a.jsonl", "b.jsonl"], "one trace at a time"),
            (&["a.jsonl", "--config"], "--config is the last word"),
            (&["a.jsonl", "--file", "x"], "no option --file"),
            (&["no/such", "--config", ""], "cannot open no/such: "),
            (
                &["a.jsonl", "--config", "timeout=-1s"],
                "--config number 1, \"timeout=-1s\": timeout is -1s; it must be",
            ),
        ] {
            let error = said(arguments).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn a_bad_trace_is_told_with_its_file_and_line() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let error = said(&[file, "--config", ""]).unwrap_err();
        assert!(
            error.starts_with(&format!("{file}: line 1: not an object of JSON: ")),
            "{error}"
        );
    }

    #[test]
    fn the_readme_shows_what_is_printed() {
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/");
        let readme = include_str!("../README.md").replace("\\\n", "");
        let mut shown = 0;
        for block in readme.split("```console\n$ cargo xtask replay ").skip(1) {
            let (block, _) = block.split_once("```").unwrap();
            let (command, output) = block.split_once('\n').unwrap();
            let command = command.replace("replay/", here);
            let arguments: Vec<_> = command.split_whitespace().collect();
            let said = said(&arguments).unwrap().replace(here, "replay/");
            assert_eq!(said, output, "\n{said}");
            shown += 1;
        }
        assert_eq!(shown, 2);
    }
}
