//! Everything that one run found out.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Result;

use crate::case::{Case, Group};
use crate::memory::{self, Occupied};
use crate::scale::{self, Age, Size, Walk};
use crate::timing::{self, Effort, Figure};
use crate::{callgrind, cases};

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// For the times.
    pub effort: Effort,
    /// For many and old breakers.
    pub size: Size,
    /// Breakers to weigh.
    pub weighed: usize,
    /// Whether instructions are counted.
    pub instructions: bool,
}

impl Plan {
    /// For figures.
    pub(crate) const FULL: Self = Self {
        effort: Effort::FULL,
        size: Size::FULL,
        weighed: 100_000,
        instructions: true,
    };

    /// For a look whether everything runs.
    pub(crate) const QUICK: Self = Self {
        effort: Effort::QUICK,
        size: Size::QUICK,
        weighed: 1_000,
        instructions: false,
    };
}

/// One row.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Its table.
    pub group: Group,
    /// Its name.
    pub name: &'static str,
    /// Its times.
    pub figure: Figure,
    /// Instructions per call.
    pub instructions: Option<f64>,
}

/// Everything.
#[derive(Debug)]
pub(crate) struct Measured {
    /// The rows, in order.
    pub rows: Vec<Row>,
    /// What breakers occupy.
    pub memory: Vec<Occupied>,
    /// Many breakers.
    pub walks: Vec<Walk>,
    /// An old breaker.
    pub ages: Vec<Age>,
}

impl Measured {
    /// Measures.
    pub(crate) fn take(plan: Plan) -> Result<Self> {
        let cases: Vec<Arc<Case>> = cases::all()?.into_iter().map(Arc::new).collect();
        let keys: Vec<String> = cases.iter().map(|it| it.key()).collect();
        let counted = if plan.instructions && callgrind::available() {
            callgrind::count(&keys)?
        } else {
            HashMap::new()
        };
        let figures = timing::measure(&cases, plan.effort)?;
        let rows = cases
            .iter()
            .zip(figures)
            .map(|(case, figure)| Row {
                group: case.group,
                name: case.name,
                figure,
                instructions: counted.get(&case.key()).map(|it| it.per_call()),
            })
            .collect();
        Ok(Self {
            rows,
            memory: memory::measure(plan.weighed)?,
            walks: scale::walks(plan.size)?,
            ages: scale::ages(plan.size)?,
        })
    }

    /// A row by its key.
    pub(crate) fn row(&self, key: &str) -> Option<&Row> {
        let (group, name) = key.split_once('/')?;
        self.rows
            .iter()
            .find(|it| it.group.key() == group && it.name == name)
    }

    /// Nanoseconds of a row on one thread.
    pub(crate) fn nanos(&self, key: &str) -> Option<f64> {
        Some(self.row(key)?.figure.alone)
    }

    /// Nanoseconds over those of the bare call.
    pub(crate) fn net_nanos(&self, row: &Row) -> f64 {
        let bare = row.group.bare().and_then(|key| self.nanos(key));
        row.figure.alone - bare.unwrap_or(0.0)
    }

    /// Instructions over those of the bare call.
    pub(crate) fn net_instructions(&self, row: &Row) -> Option<f64> {
        let bare = match row.group.bare() {
            Some(key) => self.row(key)?.instructions?,
            None => 0.0,
        };
        Some(row.instructions? - bare)
    }
}
