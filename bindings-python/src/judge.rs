//! What a result or an exception says of the service: which of the user's rules are asked, in which order.
//!
//! They are asked only where one was given. A rule that raises is reported (`sys.unraisablehook`) and
//! passed over: a defect in it costs the caller neither the result nor the breaker its slot.

use breaker::Outcome;
use pyo3::exceptions::{PyException, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit, ffi};

use crate::python::report;
use crate::slot::Slot;

/// The user's rules.
#[derive(Debug, Default)]
pub(crate) struct Judge {
    /// Exceptions that say nothing of the service's health: a tuple of classes.
    excluded: Slot,
    /// The same, as a tuple of predicates.
    excluded_if: Slot,
    /// Whether a result is a failure.
    failure_if: Slot,
    /// Asked first, of everything.
    classifier: Slot,
}

impl Judge {
    /// None where nothing was given.
    ///
    /// # Errors
    ///
    /// `TypeError` for what is neither a class of exceptions nor a callable.
    pub(crate) fn new(
        exclude: &Bound<'_, PyAny>,
        failure_if: Option<Bound<'_, PyAny>>,
        classifier: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Option<Self>> {
        let [classes, predicates] = sorted(exclude)?;
        let failure_if = callable("failure_if", failure_if)?;
        let classifier = callable("classifier", classifier)?;
        let given = classes.is_some()
            || predicates.is_some()
            || failure_if.is_some()
            || classifier.is_some();
        Ok(given.then(|| Self {
            excluded: Slot::new(classes),
            excluded_if: Slot::new(predicates),
            failure_if: Slot::new(failure_if),
            classifier: Slot::new(classifier),
        }))
    }

    fn slots(&self) -> [&Slot; 4] {
        [
            &self.excluded,
            &self.excluded_if,
            &self.failure_if,
            &self.classifier,
        ]
    }

    pub(crate) fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.slots()
            .into_iter()
            .try_for_each(|slot| slot.visit(visit))
    }

    pub(crate) fn clear(&self) {
        for slot in self.slots() {
            slot.clear();
        }
    }

    /// Whether results are looked at, and not only exceptions.
    pub(crate) fn judges_results(&self) -> bool {
        self.failure_if.is_full() || self.classifier.is_full()
    }

    /// What a result says.
    pub(crate) fn of_result(&self, result: &Bound<'_, PyAny>) -> Outcome {
        let py = result.py();
        let none = py.None();
        if let Some(outcome) = self.classified(result, none.bind(py)) {
            return outcome;
        }
        match self.failure_if.get(py) {
            Some(failed) if holds(failed.bind(py), result) => Outcome::Failure,
            _ => Outcome::Success,
        }
    }

    /// What an `Exception` says.
    pub(crate) fn of_exception(&self, error: &Bound<'_, PyAny>) -> Outcome {
        let py = error.py();
        let none = py.None();
        if let Some(outcome) = self.classified(none.bind(py), error) {
            return outcome;
        }
        if let Some(classes) = self.excluded.get(py) {
            // SAFETY: both are live objects. An error is set by neither: the tuple holds classes only.
            if unsafe { ffi::PyErr_GivenExceptionMatches(error.as_ptr(), classes.as_ptr()) } != 0 {
                return Outcome::Ignored;
            }
        }
        if let Some(predicates) = self.excluded_if.get(py)
            && let Ok(predicates) = predicates.bind(py).cast::<PyTuple>()
            && predicates.iter().any(|excluded| holds(&excluded, error))
        {
            return Outcome::Ignored;
        }
        Outcome::Failure
    }

    /// What the classifier says, if there is one and it has something to say.
    fn classified(&self, result: &Bound<'_, PyAny>, error: &Bound<'_, PyAny>) -> Option<Outcome> {
        let py = result.py();
        let classifier = self.classifier.get(py)?;
        let classifier = classifier.bind(py);
        match classifier
            .call1((result, error))
            .and_then(|said| outcome_of(&said))
        {
            Ok(outcome) => outcome,
            Err(error) => {
                report(py, error, Some(classifier));
                None
            }
        }
    }
}

/// What an exception that is none of `Exception`'s kind says: `CancelledError`, `KeyboardInterrupt`,
/// `SystemExit`, `GeneratorExit`, trio's `Cancelled` and groups of them come from outside and are the
/// caller giving up (SPEC 7.4).
pub(crate) fn of_error(judge: Option<&Judge>, error: &Bound<'_, PyAny>) -> Outcome {
    if !error.is_instance_of::<PyException>() {
        return Outcome::Cancelled;
    }
    judge.map_or(Outcome::Failure, |judge| judge.of_exception(error))
}

fn holds(predicate: &Bound<'_, PyAny>, object: &Bound<'_, PyAny>) -> bool {
    match predicate.call1((object,)).and_then(|said| said.is_truthy()) {
        Ok(holds) => holds,
        Err(error) => {
            report(object.py(), error, Some(predicate));
            false
        }
    }
}

/// None is "as usual".
fn outcome_of(said: &Bound<'_, PyAny>) -> PyResult<Option<Outcome>> {
    if said.is_none() {
        return Ok(None);
    }
    outcome_named(said).map(Some)
}

/// An `Outcome` or its value.
///
/// # Errors
///
/// `TypeError` for what is neither, `ValueError` for a value that no `Outcome` has.
pub(crate) fn outcome_named(said: &Bound<'_, PyAny>) -> PyResult<Outcome> {
    let value = if said.is_instance_of::<PyString>() {
        said.clone()
    } else {
        said.getattr("value").unwrap_or_else(|_| said.clone())
    };
    let name: String = value.extract().map_err(|_| {
        PyTypeError::new_err(format!(
            "outcome is {said:?}; it must be an Outcome or its value"
        ))
    })?;
    Outcome::ALL
        .into_iter()
        .find(|outcome| outcome.name() == name)
        .ok_or_else(|| PyValueError::new_err(format!("{name:?} is not the value of an Outcome")))
}

fn callable(field: &str, given: Option<Bound<'_, PyAny>>) -> PyResult<Option<Py<PyAny>>> {
    match given {
        Some(given) if !given.is_callable() => Err(PyTypeError::new_err(format!(
            "{field} is {}; it must be callable",
            given.repr()?
        ))),
        given => Ok(given.map(Bound::unbind)),
    }
}

/// `exclude`, one thing or several: the classes apart from the predicates.
fn sorted(exclude: &Bound<'_, PyAny>) -> PyResult<[Option<Py<PyAny>>; 2]> {
    let py = exclude.py();
    let one = exclude.is_instance_of::<PyType>() || exclude.is_callable();
    let all: Vec<Bound<'_, PyAny>> = if one {
        vec![exclude.clone()]
    } else {
        exclude.try_iter()?.collect::<PyResult<_>>()?
    };
    let (mut classes, mut predicates) = (Vec::new(), Vec::new());
    for each in all {
        match each.cast::<PyType>() {
            Ok(class) if class.is_subclass_of::<pyo3::exceptions::PyBaseException>()? => {
                classes.push(each);
            }
            Err(_) if each.is_callable() => predicates.push(each),
            _ => {
                return Err(PyTypeError::new_err(format!(
                    "exclude has {} in it; it must be a class of exceptions or a callable",
                    each.repr()?
                )));
            }
        }
    }
    let tuple = |objects: Vec<Bound<'_, PyAny>>| -> PyResult<Option<Py<PyAny>>> {
        (!objects.is_empty())
            .then(|| Ok(PyTuple::new(py, objects)?.into_any().unbind()))
            .transpose()
    };
    Ok([tuple(classes)?, tuple(predicates)?])
}
