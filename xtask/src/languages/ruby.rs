//! Ruby: the gem, installed into a folder of its own, beside a copy of the tests.

use std::fs;

use anyhow::Result;

use super::{Language, Tested};
use crate::run::streaming;
use crate::tally::Tally;
use crate::{ruby, workspace};

/// Ruby.
pub(crate) struct Ruby;

impl Language for Ruby {
    fn name(&self) -> &'static str {
        "ruby"
    }

    fn prepare(&self) -> Result<()> {
        ruby::available()
    }

    fn test(&self) -> Result<Tested> {
        ruby::install()?;
        let place = ruby::folder("tests");
        workspace::copy(&ruby::source().join("test"), &["."], &place)?;
        fs::copy(ruby::source().join("README.md"), place.join("README.md"))?;
        let all = "Dir['test_*.rb'].sort.each { |file| require File.expand_path(file) }";
        let mut run = ruby::ruby(&place, &["-I.", "-e", all])?;
        let mut tally = Tally::default();
        let success = streaming(&mut run, |line| tally.read_minitest(line))?;
        Ok(Tested { tally, success })
    }
}
