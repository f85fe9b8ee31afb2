//! C and C++: the C ABI, seen through the library as it is shipped.

use anyhow::{Result, bail};

use super::{Language, Tested};
use crate::run::{cargo, command, quiet, streaming};
use crate::tally::Tally;

/// C and C++.
pub(crate) struct C;

/// What the tests start, and the Debian package that has it.
const PROGRAMS: [(&str, &str); 6] = [
    ("cc", "gcc"),
    ("c++", "g++"),
    ("cmake", "cmake"),
    ("pkg-config", "pkg-config"),
    ("valgrind", "valgrind"),
    ("objdump", "binutils"),
];

impl Language for C {
    fn name(&self) -> &'static str {
        "c"
    }

    fn prepare(&self) -> Result<()> {
        let missing: Vec<_> = PROGRAMS
            .iter()
            .filter(|(program, _)| quiet(&mut command(program, &["--version"])).is_err())
            .map(|(_, package)| *package)
            .collect();
        if missing.is_empty() {
            Ok(())
        } else {
            bail!("missing; apt-get install {}", missing.join(" "))
        }
    }

    fn test(&self) -> Result<Tested> {
        let mut tally = Tally::default();
        let success = streaming(
            &mut cargo(&["test", "--package=k1s0-circuit-breaker-c", "--no-fail-fast"]),
            |line| tally.read_rust(line),
        )?;
        Ok(Tested { tally, success })
    }
}
