//! Kotlin and Java: the jar, in a project that knows nothing else of us.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::{Language, Tested};
use crate::run::{cargo, streaming};
use crate::tally::Tally;
use crate::{kotlin, uniffi, workspace};

/// Kotlin.
pub(crate) struct Kotlin;

impl Language for Kotlin {
    fn name(&self) -> &'static str {
        "kotlin"
    }

    fn prepare(&self) -> Result<()> {
        kotlin::available()
    }

    fn test(&self) -> Result<Tested> {
        kotlin::install()?;
        let project = kotlin::folder("tests");
        let tests = kotlin::source().join("tests");
        workspace::copy(&tests, &["pom.xml", "src"], &project)?;
        write_programs(&project)?;
        let mut run = kotlin::maven(&project, &["test"]);
        run.env("K1S0_ROOT", workspace::root());
        let mut tally = Tally::default();
        // The crate's own, which Ruby stands on as well.
        let mut crate_tests = cargo(&["test", "--package=k1s0-circuit-breaker-uniffi"]);
        let mut success = streaming(&mut crate_tests, |line| tally.read_rust(line))?;
        success &= streaming(&mut run, |line| tally.read_surefire(line))?;
        Ok(Tested { tally, success })
    }
}

/// The README's programs, each in a package of its own; `ReadmeTest` runs them.
fn write_programs(project: &Path) -> Result<()> {
    let readme = kotlin::source().join("README.md");
    for (number, program) in (1..).zip(uniffi::programs(&readme, "kotlin")?) {
        let folder = project.join(format!("src/test/kotlin/readme{number}"));
        fs::create_dir_all(&folder)?;
        let program = format!("package readme{number}\n\nimport readme.*\n{program}");
        fs::write(folder.join("Program.kt"), program)?;
    }
    for (number, program) in (1..).zip(uniffi::programs(&readme, "java")?) {
        let folder = project.join(format!("src/test/java/readmejava{number}"));
        fs::create_dir_all(&folder)?;
        let program = format!("package readmejava{number};\n\n{program}");
        fs::write(folder.join("Program.java"), program)?;
    }
    Ok(())
}
