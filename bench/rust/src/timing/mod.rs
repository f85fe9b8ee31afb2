//! Measuring time: all cases in turn, round by round, on pinned threads.
//!
//! In a round each case gives a few samples on one thread, then a few on two threads that leave a
//! spin gate together and use the same breaker. A sample in which a measuring thread lost its
//! processor is dropped and taken again. What is reported is the median over the rounds of a pass
//! of the median of each round, and then the median over passes.

mod gate;
mod median;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;

use crate::case::Case;
use crate::os;
use worker::{Crew, Sample};

pub(crate) use median::median;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Passes.
    pub passes: usize,
    /// Rounds of a pass.
    pub rounds: usize,
    /// Samples of a round on one thread.
    pub alone: usize,
    /// Samples of a round on two threads.
    pub together: usize,
    /// How long a sample takes, about.
    pub sample: Duration,
    /// How often a disturbed sample is taken again.
    pub again: usize,
}

impl Effort {
    /// For figures.
    pub(crate) const FULL: Self = Self {
        passes: 5,
        rounds: 40,
        alone: 4,
        together: 6,
        sample: Duration::from_micros(300),
        again: 5,
    };

    /// For a look whether everything runs.
    pub(crate) const QUICK: Self = Self {
        passes: 1,
        rounds: 2,
        alone: 1,
        together: 1,
        sample: Duration::from_micros(30),
        again: 0,
    };
}

/// The fewest undisturbed rounds that a figure may rest on.
const ENOUGH: usize = 10;

/// What a case takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    /// Nanoseconds per call on one thread.
    pub alone: f64,
    /// Nanoseconds per call on each of two threads, where there are two processors.
    pub together: Option<f64>,
    /// Fewer than [`ENOUGH`] rounds of some pass were undisturbed, so disturbed ones are in it.
    pub disturbed: bool,
}

impl Figure {
    /// Calls per second of two threads over those of one; 2 is the limit.
    pub(crate) fn throughput(&self) -> Option<f64> {
        self.together.map(|together| 2.0 * self.alone / together)
    }
}

/// Measures every case; the figures are in the order of the cases.
pub(crate) fn measure(cases: &[Arc<Case>], effort: Effort) -> Result<Vec<Figure>> {
    let crew = Crew::new(&os::processors())?;
    let calls = cases
        .iter()
        .map(|case| {
            Ok([
                calibrate(&crew, case, 1, effort)?,
                calibrate(&crew, case, crew.size(), effort)?,
            ])
        })
        .collect::<Result<Vec<_>>>()?;
    let mut passes = vec![Vec::new(); cases.len()];
    for _ in 0..effort.passes {
        for (figures, figure) in passes.iter_mut().zip(pass(&crew, cases, &calls, effort)?) {
            figures.push(figure);
        }
    }
    Ok(passes.iter().map(|figures| over_passes(figures)).collect())
}

fn pass(
    crew: &Crew,
    cases: &[Arc<Case>],
    calls: &[[u64; 2]],
    effort: Effort,
) -> Result<Vec<Figure>> {
    let mut alone = vec![Rounds::default(); cases.len()];
    let mut together = vec![Rounds::default(); cases.len()];
    for _ in 0..effort.rounds {
        for (index, case) in cases.iter().enumerate() {
            let [one, two] = calls[index];
            alone[index].push(round(crew, case, 1, one, effort.alone, effort.again)?);
            if crew.size() > 1 && case.group.is_shared() {
                together[index].push(round(crew, case, 2, two, effort.together, effort.again)?);
            }
        }
    }
    Ok(alone
        .iter()
        .zip(&together)
        .map(|(alone, together)| Figure {
            alone: alone.median(),
            together: together.measured().then(|| together.median()),
            disturbed: alone.disturbed() || (together.measured() && together.disturbed()),
        })
        .collect())
}

fn over_passes(figures: &[Figure]) -> Figure {
    let together: Vec<f64> = figures.iter().filter_map(|it| it.together).collect();
    Figure {
        alone: median(figures.iter().map(|it| it.alone)),
        together: (!together.is_empty()).then(|| median(together.iter().copied())),
        disturbed: figures.iter().any(|it| it.disturbed),
    }
}

/// The medians of the rounds of one case, undisturbed ones and all.
#[derive(Clone, Debug, Default)]
struct Rounds {
    clean: Vec<f64>,
    all: Vec<f64>,
}

impl Rounds {
    fn push(&mut self, samples: Vec<Sample>) {
        let clean: Vec<f64> = samples
            .iter()
            .filter(|it| it.clean)
            .map(|it| it.nanos)
            .collect();
        if !clean.is_empty() {
            self.clean.push(median(clean.iter().copied()));
        }
        self.all.push(median(samples.iter().map(|it| it.nanos)));
    }

    fn measured(&self) -> bool {
        !self.all.is_empty()
    }

    fn disturbed(&self) -> bool {
        self.clean.len() < ENOUGH
    }

    fn median(&self) -> f64 {
        let rounds = if self.disturbed() {
            &self.all
        } else {
            &self.clean
        };
        median(rounds.iter().copied())
    }
}

fn round(
    crew: &Crew,
    case: &Arc<Case>,
    threads: usize,
    calls: u64,
    samples: usize,
    again: usize,
) -> Result<Vec<Sample>> {
    (0..samples)
        .map(|_| {
            let mut sample = crew.sample(case, threads, calls)?;
            for _ in 0..again {
                if sample.clean {
                    break;
                }
                sample = crew.sample(case, threads, calls)?;
            }
            Ok(sample)
        })
        .collect()
}

/// How many calls make a sample of the wanted length.
fn calibrate(crew: &Crew, case: &Arc<Case>, threads: usize, effort: Effort) -> Result<u64> {
    let wanted = effort.sample.as_nanos() as f64;
    let mut calls = 16;
    loop {
        let nanos = crew.sample(case, threads, calls)?.nanos * calls as f64;
        if nanos >= wanted / 2.0 || calls > 1 << 40 {
            return Ok(((calls as f64 * wanted / nanos.max(1.0)) as u64).max(16));
        }
        calls *= 2;
    }
}
