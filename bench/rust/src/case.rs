//! One thing that is measured.

use std::fmt;

/// What a case shows; one table each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Group {
    /// Physical limits.
    Reference,
    /// Closed, every call succeeds.
    Success,
    /// Closed, every tenth call fails.
    Failures,
    /// Open, every call is rejected.
    Rejected,
    /// Closed, a ready future is awaited.
    Async,
    /// Open, a ready future is rejected.
    AsyncRejected,
    /// Many breakers, each called in turn.
    Many,
    /// Through the C ABI, from the shared library.
    Abi,
    /// Through the C ABI, rejected.
    AbiRejected,
}

impl Group {
    /// All, in the order of the report.
    pub(crate) const ALL: [Self; 9] = [
        Self::Reference,
        Self::Success,
        Self::Failures,
        Self::Rejected,
        Self::Async,
        Self::AsyncRejected,
        Self::Many,
        Self::Abi,
        Self::AbiRejected,
    ];

    /// The first half of a case's key.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Success => "success",
            Self::Failures => "failures",
            Self::Rejected => "rejected",
            Self::Async => "async",
            Self::AsyncRejected => "async-rejected",
            Self::Many => "many",
            Self::Abi => "abi",
            Self::AbiRejected => "abi-rejected",
        }
    }

    /// The heading in the report.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Reference => "Physical references",
            Self::Success => "Closed, success",
            Self::Failures => "Closed, 10 % failures",
            Self::Rejected => "Open, rejected",
            Self::Async => "Async, ready future (tokio `current_thread`)",
            Self::AsyncRejected => "Async, open, rejected",
            Self::Many => "Closed, success, many breakers in turn",
            Self::Abi => "Through the C ABI, closed, success",
            Self::AbiRejected => "Through the C ABI, open, rejected",
        }
    }

    /// Whether two threads are to be measured too: where there are many breakers, they would not be
    /// at the same one.
    pub(crate) const fn is_shared(self) -> bool {
        !matches!(self, Self::Many)
    }

    /// The case that does the same without a breaker; what is "net" is net of it.
    pub(crate) const fn bare(self) -> Option<&'static str> {
        match self {
            Self::Reference | Self::Rejected | Self::AsyncRejected | Self::AbiRejected => None,
            Self::Success | Self::Many | Self::Abi => Some("reference/bare call"),
            Self::Failures => Some("reference/bare call, 10 % errors"),
            Self::Async => Some("reference/bare await"),
        }
    }
}

/// A loop to be measured.
pub(crate) struct Case {
    /// Its table.
    pub group: Group,
    /// Its row.
    pub name: &'static str,
    run: Box<dyn Fn(u64) + Send + Sync>,
}

impl Case {
    /// A case: `run` makes as many calls as it is told, each time on the same breaker.
    pub(crate) fn new(
        group: Group,
        name: &'static str,
        run: impl Fn(u64) + Send + Sync + 'static,
    ) -> Self {
        Self {
            group,
            name,
            run: Box::new(run),
        }
    }

    /// `group/name`.
    pub(crate) fn key(&self) -> String {
        format!("{}/{}", self.group.key(), self.name)
    }

    /// Makes `calls` calls.
    pub(crate) fn run(&self, calls: u64) {
        k1s0_bench_region(&self.run, calls);
    }

    /// Makes `calls` calls out of callgrind's sight.
    pub(crate) fn warm(&self, calls: u64) {
        (self.run)(calls);
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case")
            .field("key", &self.key())
            .finish_non_exhaustive()
    }
}

/// The name of the function that callgrind collects in.
pub(crate) const REGION: &str = "k1s0_bench_region";

/// Everything measured happens in here; callgrind finds it by its name.
#[inline(never)]
// SAFETY: nothing else has this name.
#[unsafe(no_mangle)]
fn k1s0_bench_region(run: &(dyn Fn(u64) + Send + Sync), calls: u64) {
    run(calls);
}
