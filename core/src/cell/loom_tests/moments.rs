//! Cells on the edge of something.

use super::home::{Home, Op};
use super::{PROBE_TIMEOUT, WAIT};
use crate::machine::{Nanos, Outcome, Recorded, Word};

/// A cell on the edge of something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) name: &'static str,
    /// What leads there: operations and when.
    setup: &'static [(Op, Nanos)],
    /// When the threads run.
    pub(super) now: Nanos,
}

pub(super) const FAIL: Op = Op::Record(Recorded::Failure);
const OPENED: [(Op, Nanos); 2] = [(FAIL, 0), (FAIL, 0)];

/// Setups admit two permits, so that every operation on permits 0 and 1 has one to work on.
pub(super) const MOMENTS: &[Moment] = &[
    Moment {
        name: "clear",
        setup: &[(Op::Admit, 0), (Op::Admit, 0)],
        now: 5,
    },
    Moment {
        name: "last failure",
        setup: &[(Op::Admit, 0), (Op::Admit, 0), (FAIL, 0)],
        now: 5,
    },
    Moment {
        name: "waiting",
        setup: &[(Op::Admit, 0), (Op::Admit, 0), OPENED[0], OPENED[1]],
        now: WAIT - 1,
    },
    Moment {
        name: "end of wait",
        setup: &[(Op::Admit, 0), (Op::Admit, 0), OPENED[0], OPENED[1]],
        now: WAIT,
    },
    Moment {
        name: "clock before the opening",
        setup: &[(Op::Admit, 0), (Op::Admit, 0), (FAIL, 7), (FAIL, 7)],
        now: 3,
    },
    Moment {
        name: "last slot",
        setup: &[
            OPENED[0],
            OPENED[1],
            (Op::Admit, WAIT),
            (Op::Admit, WAIT),
            (Op::Settle(1, Outcome::Cancelled), WAIT),
        ],
        now: WAIT + 1,
    },
    Moment {
        name: "no slot",
        setup: &[OPENED[0], OPENED[1], (Op::Admit, WAIT), (Op::Admit, WAIT)],
        now: WAIT + 1,
    },
    Moment {
        name: "last success",
        setup: &[
            OPENED[0],
            OPENED[1],
            (Op::Record(Recorded::Success), WAIT),
            (Op::Admit, WAIT),
            (Op::Admit, WAIT),
        ],
        now: WAIT + 1,
    },
    Moment {
        name: "hung probes",
        setup: &[OPENED[0], OPENED[1], (Op::Admit, WAIT), (Op::Admit, WAIT)],
        now: WAIT + PROBE_TIMEOUT,
    },
    Moment {
        name: "stale permits",
        setup: &[(Op::Admit, 0), (Op::Admit, 0), (Op::Reset, 0)],
        now: 5,
    },
    Moment {
        name: "forced over half-open",
        setup: &[
            OPENED[0],
            OPENED[1],
            (Op::Admit, WAIT),
            (Op::Admit, WAIT),
            (Op::ForceOpen, WAIT),
        ],
        now: WAIT + 1,
    },
    Moment {
        name: "forced closed",
        setup: &[(Op::ForceClosed, 0), (Op::Admit, 0), (Op::Admit, 0)],
        now: 5,
    },
];

impl Moment {
    /// Brings a home here; answers the permits taken on the way.
    pub(super) fn set_up(&self, home: &mut dyn Home) -> Vec<Word> {
        let mut permits = Vec::new();
        for &(op, now) in self.setup {
            home.run(op, &permits, now);
            if op == Op::Admit {
                permits.push(home.word());
            }
        }
        permits
    }
}
