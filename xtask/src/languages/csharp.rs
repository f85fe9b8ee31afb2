//! C#: a stranger's project that references the packed package, with the tests in it.

use anyhow::Result;

use super::{Language, Tested};
use crate::dotnet::Dotnet;
use crate::run::streaming;
use crate::tally::Tally;

/// C#.
pub(crate) struct CSharp;

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
            "tests",
            &[
                ("bindings-csharp/tests", "tests"),
                ("xtask/dotnet/XunitStandIn.cs", "XunitStandIn.cs"),
                ("xtask/dotnet/PackageTests.csproj", "PackageTests.csproj"),
            ],
        )?;
        let mut tally = Tally::default();
        let success = streaming(
            &mut dotnet.run(&built.join("CircuitBreaker.Tests.dll")),
            |line| tally.read_stand_in(line),
        )?;
        Ok(Tested { tally, success })
    }
}
