//! Waits, 128 bits wide.

/// How long something lasts. "Never" comes last, so that it is the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wait {
    Nanos(u128),
    Never,
}

impl Wait {
    /// 2.4, and 2.4a: what a host cannot say in 64 bits never ends, nor does the largest it can say.
    pub(super) fn new(ns: u128) -> Self {
        if ns >= u128::from(u64::MAX) {
            Self::Never
        } else {
            Self::Nanos(ns)
        }
    }

    /// What is left at `now` of a wait that began at `since` (2.2; 2.3 for `now < since`).
    pub(super) fn left(self, since: u64, now: u64) -> Self {
        match self {
            Self::Never => Self::Never,
            Self::Nanos(wait) => Self::Nanos(wait.saturating_sub(elapsed(since, now))),
        }
    }

    pub(super) fn is_over(self) -> bool {
        self == Self::Nanos(0)
    }

    /// As callers are told it (5.1a).
    pub(super) fn told(self) -> Option<u64> {
        match self {
            Self::Never => None,
            Self::Nanos(wait) => u64::try_from(wait).ok(),
        }
    }
}

/// How long it is from one reading of the clock to another; 0 where it stepped back.
pub(super) fn elapsed(since: u64, now: u64) -> u128 {
    u128::from(now).saturating_sub(u128::from(since))
}
