//! C#: a stranger's project that references the packed package, with the tests in it.

use anyhow::Result;

use super::{Language, Tested};
use crate::dotnet::Dotnet;
use crate::run::streaming;
use crate::tally::Tally;

/// C#.
pub(crate) struct CSharp;

/// The project's folder.
const NAME: &str = "tests";

/// What is built.
const TESTS: &str = "CircuitBreaker.Tests.dll";

impl Language for CSharp {
    fn name(&self) -> &'static str {
        "csharp"
    }

    fn prepare(&self) -> Result<()> {
        Dotnet::get().map(drop)
    }

    fn test(&self) -> Result<Tested> {
        let dotnet = Dotnet::get()?;
        let built = dotnet.consumer(
            NAME,
            &[
                ("bindings-csharp/tests", "tests"),
                ("xtask/dotnet/XunitStandIn.cs", "XunitStandIn.cs"),
                ("xtask/dotnet/PackageTests.csproj", "PackageTests.csproj"),
            ],
        )?;
        // The conformance suite once more, on the assembly for other frameworks. Its scenarios are the same ones.
        let older = dotnet.rebuild_against(NAME, "netstandard2.1")?;
        let mut tally = Tally::default();
        let mut again = Tally::default();
        let success = streaming(&mut dotnet.run(&older.join(TESTS)), |line| {
            again.read_stand_in(line);
        })? & streaming(&mut dotnet.run(&built.join(TESTS)), |line| {
            tally.read_stand_in(line);
        })?;
        tally.passed += again.passed;
        tally.failed += again.failed;
        Ok(Tested { tally, success })
    }
}
