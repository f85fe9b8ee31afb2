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

/// A program on gobreaker, and the same on this module.
const MIGRATION: &str = "bindings-go/test/migration";

/// Where a user may build for besides this machine, as `GOOS/GOARCH`: another processor, another system, a big-endian one,
/// one of 32 bits, and none.
const PLATFORMS: [&str; 6] = [
    "linux/arm64",
    "linux/s390x",
    "linux/arm",
    "darwin/arm64",
    "windows/amd64",
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
            let mut run = go::go(module, &["test", "-json", "-count=1", "-race", "./..."]);
            success &= go::test(&mut run, &mut tally)?;
        }
        // Without a second count of the scenarios.
        let mut narrow = Tally::default();
        let mut run = go::go(SOURCE, &["test", "-json", "-count=1", "./..."]);
        run.env("GOARCH", "386").env("CGO_ENABLED", "0");
        success &= go::test(&mut run, &mut narrow)?;
        tally.passed += narrow.passed;
        tally.failed += narrow.failed;

        // What the migration page tells.
        let mut run = go::go(MIGRATION, &["test", "-json", "./..."]);
        success &= go::test(&mut run, &mut tally)?;
        builds(&mut tally)?;
        fresh(&mut tally)?;
        Ok(Tested { tally, success })
    }
}

/// The breaker compiles for every platform, without a C compiler. (`cargo xtask soak go` has the other modules, which take
/// much of the standard library along.)
fn builds(tally: &mut Tally) -> Result<()> {
    for platform in PLATFORMS {
        build(platform, SOURCE, ".")?;
        println!("ok  \tbuilds for {platform}");
        tally.passed += 1;
    }
    Ok(())
}

/// Every module for every platform.
pub(crate) fn build_everything() -> Result<String> {
    for (platform, module) in PLATFORMS
        .iter()
        .flat_map(|it| MODULES.map(|module| (it, module)))
    {
        build(platform, module, "./...")?;
    }
    Ok(format!(
        "{} modules for {} platforms",
        MODULES.len(),
        PLATFORMS.len()
    ))
}

fn build(platform: &str, module: &str, packages: &str) -> Result<()> {
    let (os, architecture) = platform.split_once('/').context("GOOS/GOARCH")?;
    let mut build = go::go(module, &["build", packages]);
    build.env("GOOS", os).env("GOARCH", architecture);
    stdout(build.env("CGO_ENABLED", "0")).with_context(|| format!("{module} for {platform}"))?;
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
