//! The threads that measure.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};

use super::gate::Gate;
use crate::case::Case;
use crate::{clock, os};

/// Two threads, or one where there is one processor only.
#[derive(Debug)]
pub(super) struct Crew(Vec<Worker>);

#[derive(Debug)]
struct Worker {
    jobs: Sender<Job>,
    spans: Receiver<Span>,
}

struct Job {
    case: Arc<Case>,
    calls: u64,
    gate: Arc<Gate>,
}

#[derive(Debug)]
struct Span {
    start: Instant,
    end: Instant,
    switches: i64,
}

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// Nanoseconds per call, from the earliest start to the latest end.
    pub(super) nanos: f64,
    /// Whether every thread kept its processor.
    pub(super) clean: bool,
}

impl Crew {
    pub(super) fn new(processors: &[usize]) -> Result<Self> {
        let workers = processors.iter().take(2).map(|&it| Worker::new(it));
        Ok(Self(workers.collect::<Result<_>>()?))
    }

    pub(super) fn size(&self) -> usize {
        self.0.len()
    }

    /// Makes `calls` calls on each of `threads` threads.
    pub(super) fn sample(&self, case: &Arc<Case>, threads: usize, calls: u64) -> Result<Sample> {
        let gate = Arc::new(Gate::new(threads));
        let workers = &self.0[..threads];
        for worker in workers {
            let job = Job {
                case: Arc::clone(case),
                calls,
                gate: Arc::clone(&gate),
            };
            worker
                .jobs
                .send(job)
                .ok()
                .context("a measuring thread is gone")?;
        }
        let spans = workers
            .iter()
            .map(|it| it.spans.recv().context("a measuring thread is gone"))
            .collect::<Result<Vec<_>>>()?;
        let start = spans.iter().map(|it| it.start).min();
        let end = spans.iter().map(|it| it.end).max();
        let (start, end) = start.zip(end).context("nobody measured")?;
        Ok(Sample {
            nanos: end.duration_since(start).as_nanos() as f64 / calls as f64,
            clean: spans.iter().all(|it| it.switches == 0),
        })
    }
}

impl Worker {
    fn new(processor: usize) -> Result<Self> {
        let (jobs, inbox) = channel::<Job>();
        let (outbox, spans) = channel();
        thread::Builder::new()
            .name(format!("measure-{processor}"))
            .spawn(move || {
                os::pin(processor);
                for job in inbox {
                    if outbox.send(perform(&job)).is_err() {
                        break;
                    }
                }
            })?;
        Ok(Self { jobs, spans })
    }
}

fn perform(job: &Job) -> Span {
    // A few calls ahead, so that first leases, runtimes and caches are not in the sample.
    job.case.run(2);
    let before = os::involuntary_switches();
    job.gate.pass();
    let start = clock::now();
    job.case.run(job.calls);
    let end = clock::now();
    Span {
        start,
        end,
        switches: os::involuntary_switches() - before,
    }
}
