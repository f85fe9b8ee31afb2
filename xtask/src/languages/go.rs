//! Go: every module's tests, under the race detector and on 32 bits; builds for other platforms; and a module of a user's that
//! gets ours as it is published.

use anyhow::{Context, Result};

use super::{Language, Tested};
use crate::go::{self, MODULES, SOURCE};
use crate::package;
use crate::run::stdout;
use crate::tally::Tally;
use crate::workspace;

/// Go.
pub(crate) struct Go;

/// Where a user may build for, as `GOOS/GOARCH`.
const PLATFORMS: [&str; 9] = [
    "linux/amd64",
    "linux/arm64",
    "linux/386",
    "linux/arm",
    "linux/s390x",
    "darwin/arm64",
    "windows/amd64",
    "windows/arm64",
    "wasip1/wasm",
];

impl Language for Go {
    fn name(&self) -> &'static str {
        "go"
    }

    fn prepare(&self) -> Result<()> {
        go::available()
    }

    fn test(&self) -> Result<Tested> {
        let mut tally = Tally::default();
        let mut success = true;
        for module in MODULES {
            let mut run = go::go(module, &["test", "-json", "-race", "./..."]);
            success &= go::test(&mut run, &mut tally)?;
        }
        // Without a second count of the scenarios.
        let mut narrow = Tally::default();
        let mut run = go::go(SOURCE, &["test", "-json", "./..."]);
        run.env("GOARCH", "386").env("CGO_ENABLED", "0");
        success &= go::test(&mut run, &mut narrow)?;
        tally.passed += narrow.passed;
        tally.failed += narrow.failed;

        builds(&mut tally)?;
        fresh(&mut tally)?;
        Ok(Tested { tally, success })
    }
}

/// Every module compiles for every platform, without a C compiler.
fn builds(tally: &mut Tally) -> Result<()> {
    for platform in PLATFORMS {
        let (os, architecture) = platform.split_once('/').context("GOOS/GOARCH")?;
        for module in MODULES {
            let mut build = go::go(module, &["build", "./..."]);
            build.env("GOOS", os).env("GOARCH", architecture);
            stdout(build.env("CGO_ENABLED", "0")).context(platform)?;
        }
        println!("ok  \tbuilds for {platform}");
        tally.passed += 1;
    }
    Ok(())
}

/// A program outside of the tree gets the module from a proxy, as a user's does, and runs; and is built for another platform.
fn fresh(tally: &mut Tally) -> Result<()> {
    let folder = workspace::target().join("go").join("fresh");
    let proxy = folder.join("proxy");
    package::go::build(&proxy)?;
    let said = stdout(
        go::script("bindings-go/test/fresh.sh")
            .arg(&folder)
            .arg(&proxy),
    )?;
    print!("{said}");
    tally.passed += said.lines().filter(|line| line.starts_with("ok ")).count() as u64;
    Ok(())
}
