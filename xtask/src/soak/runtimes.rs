//! Node: the suite, over the package as it is installed, on every runtime that npm has.

use std::ffi::OsStr;
use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::languages::node::{TESTS, set_up, test_files};
use crate::node::Environment;
use crate::run::{quiet, streaming};
use crate::tally::Tally;
use crate::workspace;

/// The programs, each of a package of its own.
const RUNTIMES: Environment = Environment {
    name: "node-runtimes",
    manifest: "bindings-node/test/runtimes",
};

/// Versions of Node, by the names of their packages.
const NODES: &[&str] = &["node-20", "node-22", "node-24", "node-26"];

/// Another runtime, which runs one file at a time.
struct Other {
    name: &'static str,
    program: &'static str,
    arguments: &'static [&'static str],
    /// The words after the numbers in its closing lines.
    words: [&'static str; 2],
    /// What it does not run, and why.
    without: &'static [(&'static str, &'static str)],
}

const OTHERS: &[Other] = &[
    Other {
        name: "bun",
        program: "@oven/bun-linux-x64/bin/bun",
        arguments: &["test", "--timeout", "120000"],
        words: [" pass", " fail"],
        without: &[(
            "integrations/undici.test.mjs",
            "what it imports as undici is Bun's own",
        )],
    },
    Other {
        name: "deno",
        program: "@deno/linux-x64-glibc/deno",
        arguments: &["test", "-A", "--no-check", "--node-modules-dir=manual"],
        words: [" passed", " failed"],
        without: &[
            (
                "time.test.mjs",
                "its node:test does not take mock timers back after a test",
            ),
            ("package.test.mjs", "it starts Node with flags of Node's"),
        ],
    },
];

pub(super) fn run() -> Result<String> {
    RUNTIMES.prepare()?;
    let tarballs = std::env::join_paths(set_up()?)?;
    let mut said = Vec::new();
    for name in NODES {
        let program = program(&format!("{name}/bin/node"));
        let mut suite = TESTS.program(&program.to_string_lossy());
        suite
            .args(["--test", "--test-reporter=./test/reporter.mjs"])
            .args(test_files()?)
            .env("K1S0_TARBALLS", &tarballs);
        let mut tally = Tally::default();
        let success = streaming(&mut suite, |line| tally.read_node(line))?;
        ensure!(success && tally.run() > 0, "{name}: a test failed");
        said.push(format!("{name}: {} tests", tally.run()));
    }
    for other in OTHERS {
        said.push(format!("{}: {} tests", other.name, other.tests(&tarballs)?));
    }
    Ok(said.join(", "))
}

fn program(path: &str) -> PathBuf {
    RUNTIMES.folder().join("node_modules").join(path)
}

impl Other {
    fn tests(&self, tarballs: &OsStr) -> Result<u64> {
        let program = program(self.program);
        let mut passed = 0;
        for file in test_files()? {
            if let Some((name, why)) = self.without.iter().find(|(name, _)| file.ends_with(name)) {
                println!("{}: without {name}: {why}", self.name);
                continue;
            }
            let mut run = TESTS.program(&program.to_string_lossy());
            run.args(self.arguments)
                .arg(&file)
                .env("K1S0_TARBALLS", tarballs)
                .env("NO_COLOR", "1")
                .env("DENO_NO_UPDATE_CHECK", "1")
                .env("DENO_DIR", workspace::target().join("node").join("deno"));
            let output = quiet(&mut run)?;
            let said = output.stdout + &output.stderr;
            let [pass, fail] = self.words.map(|word| last_number_before(&said, word));
            ensure!(
                output.success && pass > 0 && fail == 0,
                "{}, {file}:\n{said}",
                self.name
            );
            println!("{}: {file}: {pass} tests", self.name);
            passed += pass;
        }
        Ok(passed)
    }
}

/// The number right before the last such word that has one; 0 if there is none.
fn last_number_before(said: &str, word: &str) -> u64 {
    let mut numbers = said.rmatch_indices(word).filter_map(|(at, _)| {
        let before = &said[..at];
        let digits = before
            .trim_end_matches(|it: char| it.is_ascii_digit())
            .len();
        before[digits..].parse().ok()
    });
    numbers.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines() {
        let bun = "(pass) all pass\n\n 12 pass\n 3 fail\nRan 15 tests";
        assert_eq!(last_number_before(bun, " pass"), 12);
        assert_eq!(last_number_before(bun, " fail"), 3);
        let deno = "ok | 7 passed (2 steps) | 0 failed (23ms)";
        assert_eq!(last_number_before(deno, " passed"), 7);
        assert_eq!(last_number_before(deno, " failed"), 0);
        assert_eq!(last_number_before("nothing", " passed"), 0);
    }
}
