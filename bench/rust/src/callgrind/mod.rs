//! Counting instructions: this program runs itself under callgrind.
//!
//! One run of valgrind serves many cases. In it every case is warmed up, then makes
//! [`FEW`] and then [`MANY`] calls inside [`REGION`]; callgrind writes one dump
//! each time that function is left. Instructions per call are the difference of the two, divided by
//! the calls between them, so that what happens once per loop does not count.

mod disassembly;
mod dump;
mod listing;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, process};

use anyhow::{Context, Result, bail, ensure};

use dump::Dump;
pub(crate) use listing::{Instruction, Listing};

use crate::case::{Case, REGION};

/// Calls of the shorter loop.
pub(crate) const FEW: u64 = 2_000;
/// Calls of the longer one.
pub(crate) const MANY: u64 = 10_000;
/// Calls before anything is counted.
const WARM: u64 = 1_000;

/// The hidden command that the run under valgrind is started with.
pub(crate) const CHILD: &str = "under-callgrind";

/// The two loops of one case.
#[derive(Debug)]
pub(crate) struct Counted {
    few: Dump,
    many: Dump,
}

impl Counted {
    /// Instructions per call.
    pub(crate) fn per_call(&self) -> f64 {
        (self.many.total as f64 - self.few.total as f64) / (MANY - FEW) as f64
    }

    /// What was executed, instruction by instruction.
    pub(crate) fn listing(&self) -> Result<Listing> {
        listing::make(&self.many, MANY)
    }
}

/// Whether valgrind is here.
pub(crate) fn available() -> bool {
    Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Counts these cases, by key.
pub(crate) fn count(keys: &[String]) -> Result<HashMap<String, Counted>> {
    let directory = Scratch::new()?;
    let base = directory.path().join("dump");
    let status = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--toggle-collect={REGION}"))
        .arg(format!("--dump-after={REGION}"))
        .arg(format!("--callgrind-out-file={}", base.display()))
        .args([
            "--dump-instr=yes",
            "--compress-pos=no",
            "--compress-strings=no",
        ])
        .arg(env::current_exe()?)
        .arg(CHILD)
        .args(keys)
        .stdout(Stdio::null())
        .stderr(fs::File::create(directory.path().join("log"))?)
        .status()
        .context("valgrind does not start (Debian package valgrind)")?;
    let log = || fs::read_to_string(directory.path().join("log")).unwrap_or_default();
    ensure!(status.success(), "callgrind failed:\n{}", log());

    let mut counted = HashMap::new();
    for (index, key) in keys.iter().enumerate() {
        let dump = |number: usize| {
            let path = base.with_extension(number.to_string());
            Dump::read(&path).with_context(|| format!("{key}: {}", path.display()))
        };
        let (few, many) = (dump(2 * index + 1)?, dump(2 * index + 2)?);
        counted.insert(key.clone(), Counted { few, many });
    }
    Ok(counted)
}

/// What the run under valgrind does.
pub(crate) fn child(cases: &[Case], keys: &[String]) -> Result<()> {
    for key in keys {
        let Some(case) = cases.iter().find(|case| case.key() == *key) else {
            bail!("no case {key}");
        };
        case.warm(WARM);
        case.run(FEW);
        case.run(MANY);
    }
    Ok(())
}

/// A directory that goes away.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let path = env::temp_dir().join(format!("k1s0-bench-{}", process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left in a temporary directory does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}
