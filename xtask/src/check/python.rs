//! The Python sources: the linter, the formatter, and three judges of the types.

use anyhow::{Context, Result};

use super::Done;
use crate::python::Environment;
use crate::run::stdout;
use crate::workspace;

/// What the judges run in.
const CHECKS: Environment = Environment {
    name: "python-checks",
    requirements: &[
        "bindings-python/requirements-test.txt",
        "bindings-python/requirements-check.txt",
    ],
};

/// The lines of the Python files; what is native is not seen. Not with forks: coverage's own locks are not released in
/// a child.
const COUNTED: &[&str] = &[
    "-m",
    "coverage",
    "run",
    "--data-file=../target/python/coverage",
    "--source=k1s0_circuit_breaker",
    "-m",
    "pytest",
    "--ignore=tests/test_fork.py",
];
/// The specification's goal.
const REPORT: &[&str] = &[
    "-m",
    "coverage",
    "report",
    "--data-file=../target/python/coverage",
    "--fail-under=90",
];

/// Nobody complains.
pub(super) fn check() -> Result<Done> {
    if let Err(reason) = CHECKS.prepare() {
        return Ok(Done::NotRun(format!("{reason:#}")));
    }
    // The stubs are held against what is really there.
    CHECKS.install_wheel("release")?;
    let folder = workspace::root().join("bindings-python");
    let judges: [(&str, &[&str]); 8] = [
        ("ruff check", &["-m", "ruff", "check", "--quiet", "."]),
        (
            "ruff format",
            &["-m", "ruff", "format", "--check", "--quiet", "."],
        ),
        (
            "mypy, the sources",
            &["-m", "mypy", "--no-incremental", "python"],
        ),
        (
            "mypy, a user's code",
            &["-m", "mypy", "--no-incremental", "tests/typing"],
        ),
        ("pyright", &["-m", "pyright", "--level", "error"]),
        ("stubtest", &["-m", "mypy.stubtest", "k1s0_circuit_breaker"]),
        ("the tests, their lines counted", COUNTED),
        ("coverage", REPORT),
    ];
    for (name, judge) in judges {
        let mut judge = CHECKS.python(judge);
        if name == "pyright" {
            // It would look at the `python` of the path.
            let itself = judge.get_program().to_owned();
            judge.arg("--pythonpath").arg(itself);
        }
        stdout(judge.current_dir(&folder)).context(name)?;
    }
    Ok(Done::Holds(
        "ruff, mypy, pyright, stubtest, coverage".into(),
    ))
}
