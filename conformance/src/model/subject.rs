//! The model as a face, so that every scenario is held against it too.

use std::collections::BTreeMap;

use super::{Answer, Model, PermitId};
use crate::scenario::Config;
use crate::subject::{Called, Face, Refused, Subject};
use crate::vocabulary::{
    CallResult, Control, Metrics, Outcome, Recorded, Settled, State, Transition, Verdict,
};

/// Makes models.
#[derive(Clone, Copy, Debug)]
pub struct ModelFace;

impl Face for ModelFace {
    fn make(&self, config: &Config) -> Result<Box<dyn Subject>, Refused> {
        Ok(Box::new(ModelSubject {
            model: Model::new(config)?,
            now: 0,
            permits: BTreeMap::new(),
        }))
    }
}

struct ModelSubject {
    model: Model,
    now: u64,
    permits: BTreeMap<String, PermitId>,
}

impl Subject for ModelSubject {
    fn set_clock(&mut self, now: u64) {
        self.now = now;
    }

    fn clock_reads(&mut self) -> Option<u64> {
        None
    }

    fn acquire(&mut self, permit: &str) -> Verdict {
        match self.model.acquire(self.now) {
            Answer::Admitted(id) => {
                self.permits.insert(permit.to_owned(), id);
                Verdict::Admitted
            }
            Answer::Rejected(rejection) => Verdict::Rejected(rejection),
        }
    }

    fn settle(
        &mut self,
        permit: &str,
        outcome: Outcome,
        retry_after: Option<u64>,
    ) -> Option<Settled> {
        let id = *self.permits.get(permit)?;
        Some(self.model.settle(id, outcome, retry_after, self.now))
    }

    fn drop_permit(&mut self, permit: &str) {
        if let Some(id) = self.permits.get(permit) {
            self.model.settle(*id, Outcome::Cancelled, None, self.now);
        }
    }

    fn call(&mut self, result: CallResult, takes: u64) -> Called {
        match self.model.acquire(self.now) {
            Answer::Admitted(id) => {
                let outcome = match result {
                    CallResult::Success => Outcome::Success,
                    CallResult::Failure | CallResult::Panic => Outcome::Failure,
                    CallResult::Ignored => Outcome::Ignored,
                    CallResult::Cancel => Outcome::Cancelled,
                };
                self.now += takes;
                self.model.settle(id, outcome, None, self.now);
                Called::Ran
            }
            Answer::Rejected(rejection) => Called::Rejected(rejection),
        }
    }

    fn record(&mut self, recorded: Recorded) {
        self.model.record(recorded, self.now);
    }

    fn tick(&mut self) {
        self.model.tick(self.now);
    }

    fn control(&mut self, control: Control) {
        self.model.control(control, self.now);
    }

    fn state(&mut self) -> State {
        self.model.state(self.now)
    }

    fn metrics(&mut self) -> Metrics {
        self.model.metrics(self.now)
    }

    fn transitions(&mut self) -> Vec<Transition> {
        self.model.transitions()
    }
}
