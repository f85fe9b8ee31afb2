//! Node: the program in `bench/node`, on the package as it is shipped.

use anyhow::{Result, ensure};

use super::Bench;
use crate::node::{self, Environment};
use crate::run::stdout;
use crate::workspace;

/// Node.
pub(crate) struct Node;

const ENVIRONMENT: Environment = Environment {
    name: "node-bench",
    manifest: "bench/node",
};

impl Bench for Node {
    fn name(&self) -> &'static str {
        "node"
    }

    fn full(&self) -> Result<()> {
        prepare()?;
        let report = workspace::root().join("bench/results/node.md");
        let measured = ENVIRONMENT.node(&["bench/main.mjs"]).arg(report).status()?;
        ensure!(measured.success(), "the bench failed");
        Ok(())
    }

    fn quick(&self) -> Result<String> {
        if let Err(reason) = node::available() {
            return Ok(format!("not run: {reason:#}"));
        }
        prepare()?;
        let report = stdout(&mut ENVIRONMENT.node(&["bench/main.mjs", "--quick"]))?;
        let rows = report.lines().filter(|line| line.starts_with("| k1s0"));
        Ok(format!("{} rows of ours", rows.count()))
    }
}

/// The program is copied to where the packages are, so that it finds them.
fn prepare() -> Result<()> {
    ENVIRONMENT.prepare()?;
    ENVIRONMENT.install(&node::pack()?)?;
    let source = workspace::root().join("bench/node");
    workspace::copy(&source, &["."], &ENVIRONMENT.folder().join("bench"))
}
