//! Python: the wheel, installed into an environment of its own.

use anyhow::Result;

use super::{Language, Tested};
use crate::python::Environment;
use crate::run::streaming;
use crate::tally::Tally;

/// Python.
pub(crate) struct Python;

/// What the tests run in.
const TESTS: Environment = Environment {
    name: "python",
    requirements: &["bindings-python/requirements-test.txt"],
};

impl Language for Python {
    fn name(&self) -> &'static str {
        "python"
    }

    fn prepare(&self) -> Result<()> {
        TESTS.prepare()
    }

    fn test(&self) -> Result<Tested> {
        TESTS.install_wheel("release")?;
        let mut tally = Tally::default();
        let mut tests = TESTS.python(&["-m", "pytest", "bindings-python"]);
        let success = streaming(&mut tests, |line| tally.read_pytest(line))?;
        // A wheel whose entries panic where a test says so; it stands before the other on the path.
        let panicking = TESTS.unpacked_wheel("panics", "--cfg k1s0_cb_force_panic")?;
        let mut panics = TESTS.python(&["-m", "pytest", "bindings-python/tests/test_panics.py"]);
        panics.env("PYTHONPATH", panicking);
        let caught = streaming(&mut panics, |line| tally.read_pytest(line))?;
        Ok(Tested {
            tally,
            success: success && caught,
        })
    }
}
