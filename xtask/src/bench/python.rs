//! Python: the programs in `bench/python`, on the wheel as it is shipped.

use anyhow::{Result, ensure};

use super::Bench;
use crate::python::Environment;
use crate::run::stdout;

/// Python.
pub(crate) struct Python;

const ENVIRONMENT: Environment = Environment {
    name: "python-bench",
    requirements: &["bench/python/requirements.txt"],
};
const PROGRAM: &str = "bench/python";

impl Bench for Python {
    fn name(&self) -> &'static str {
        "python"
    }

    fn full(&self) -> Result<()> {
        prepare("dist")?;
        let measured = ENVIRONMENT
            .python(&[PROGRAM, "bench/results/python.md"])
            .status()?;
        ensure!(measured.success(), "the bench failed");
        Ok(())
    }

    fn quick(&self) -> Result<String> {
        prepare("release")?;
        let report = stdout(&mut ENVIRONMENT.python(&[PROGRAM, "--quick"]))?;
        let rows = report.lines().filter(|line| line.starts_with("| k1s0"));
        Ok(format!("{} rows of ours", rows.count()))
    }
}

fn prepare(profile: &str) -> Result<()> {
    ENVIRONMENT.prepare()?;
    ENVIRONMENT.install_wheel(profile)
}
