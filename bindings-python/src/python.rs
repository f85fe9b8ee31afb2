//! Objects of Python that are looked up once: exceptions, the states, names.

use breaker::CircuitBreakerState as State;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use pyo3::{ffi, intern};

/// A class of the package's `exceptions` module.
fn exception<'py>(
    py: Python<'py>,
    cell: &'static PyOnceLock<Py<PyType>>,
    name: &str,
) -> PyResult<&'py Bound<'py, PyType>> {
    cell.import(py, "k1s0_circuit_breaker.exceptions", name)
}

/// An exception that is on its way.
pub(crate) enum Raised {
    /// It is set in the interpreter already. While a service is sick the traffic goes here, and taking the exception
    /// out only to put it back would cost a third of a rejection.
    Set,
    /// It is here.
    Held(PyErr),
}

impl Raised {
    /// Sees to it that it is set.
    pub(crate) fn set(self, py: Python<'_>) {
        match self {
            Self::Set => {}
            Self::Held(error) => error.restore(py),
        }
    }

    /// Takes it out.
    pub(crate) fn hold(self, py: Python<'_>) -> PyErr {
        match self {
            Self::Set => PyErr::fetch(py),
            Self::Held(error) => error,
        }
    }
}

impl From<PyErr> for Raised {
    fn from(error: PyErr) -> Self {
        Self::Held(error)
    }
}

/// An exception that is set, or none, put aside. `PyErr::take` would not do: it goes on panicking where it finds a
/// `PanicException`.
pub(crate) struct Passing<'py>(Python<'py>, [*mut ffi::PyObject; 3]);

#[allow(
    deprecated,
    reason = "what came after it is not in every Python that is supported"
)]
impl<'py> Passing<'py> {
    pub(crate) fn take(py: Python<'py>) -> Self {
        let [mut kind, mut value, mut traceback] = [std::ptr::null_mut(); 3];
        // SAFETY: attached; each place is there to be written to.
        unsafe { ffi::PyErr_Fetch(&raw mut kind, &raw mut value, &raw mut traceback) };
        Self(py, [kind, value, traceback])
    }

    pub(crate) fn restore(self) {
        let Self(_py, [kind, value, traceback]) = self;
        // SAFETY: attached; these are what was taken, references and all.
        unsafe { ffi::PyErr_Restore(kind, value, traceback) };
    }
}

/// Raises `CircuitOpenError(name, retry_after, reason)`, made without running any Python: what it says is made
/// when it is asked for.
pub(crate) fn raise_open_error(
    py: Python<'_>,
    name: Option<&Py<PyAny>>,
    retry_after: Option<f64>,
    reason: breaker::RejectReason,
) -> Raised {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let raise = || {
        let class = exception(py, &CLASS, "CircuitOpenError")?;
        let reason = match reason {
            breaker::RejectReason::Open => intern!(py, "open"),
            breaker::RejectReason::HalfOpen => intern!(py, "half_open"),
            breaker::RejectReason::ForcedOpen => intern!(py, "forced_open"),
            // A new reason of core's is told by its name too, only not as fast.
            other => &pyo3::types::PyString::new(py, other.name()),
        };
        let arguments = (name.map(|name| name.bind(py)), retry_after, reason).into_pyobject(py)?;
        // SAFETY: the class has its `tp_new` from BaseException; that takes a subclass and a tuple, and stores the
        // tuple as `args`. Of a class that is written in Python every Python can tell the slot.
        unsafe {
            let new: ffi::newfunc =
                std::mem::transmute(ffi::PyType_GetSlot(class.as_type_ptr(), ffi::Py_tp_new));
            let error = new(
                class.as_type_ptr(),
                arguments.as_ptr(),
                std::ptr::null_mut(),
            );
            let error = Bound::from_owned_ptr_or_err(py, error)?;
            // This sets `__context__`, as `raise` does.
            ffi::PyErr_SetObject(class.as_ptr(), error.as_ptr());
        }
        PyResult::Ok(Raised::Set)
    };
    raise().unwrap_or_else(Raised::Held)
}

/// `ExecutionFailedError(name)`, caused by the call's own exception.
pub(crate) fn execution_failed(py: Python<'_>, name: Option<&Py<PyAny>>, cause: PyErr) -> PyErr {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let made = exception(py, &CLASS, "ExecutionFailedError").and_then(|class| class.call1((name,)));
    match made {
        Ok(error) => {
            let error = PyErr::from_value(error);
            error.set_cause(py, Some(cause));
            error
        }
        Err(error) => error,
    }
}

/// `ConfigError(field, value, range)`.
pub(crate) fn config_error(
    py: Python<'_>,
    field: &str,
    value: &Bound<'_, PyAny>,
    range: &str,
) -> PyErr {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    exception(py, &CLASS, "ConfigError")
        .and_then(|class| class.call1((field, value, range)))
        .map_or_else(|error| error, PyErr::from_value)
}

/// The member of `CircuitBreakerState`.
pub(crate) fn state(py: Python<'_>, state: State) -> PyResult<Py<PyAny>> {
    static MEMBERS: PyOnceLock<[Py<PyAny>; 3]> = PyOnceLock::new();
    let members = MEMBERS.get_or_try_init(py, || {
        let class = py
            .import("k1s0_circuit_breaker.state")?
            .getattr("CircuitBreakerState")?;
        let member = |state: State| class.call1((state.label(),)).map(Bound::unbind);
        PyResult::Ok([
            member(State::ALL[0])?,
            member(State::ALL[1])?,
            member(State::ALL[2])?,
        ])
    })?;
    Ok(members[state as usize].clone_ref(py))
}

/// Reports what nobody can be told by raising; `where_from` is what Python calls the object.
pub(crate) fn report(py: Python<'_>, error: PyErr, where_from: Option<&Bound<'_, PyAny>>) {
    if error.is_instance_of::<pyo3::exceptions::PyKeyboardInterrupt>(py) {
        // Somebody wants to stop the program, and it only happened to be in here: ask for it again.
        // SAFETY: it takes nothing, and may be called at any time.
        unsafe { ffi::PyErr_SetInterrupt() };
        return;
    }
    error.write_unraisable(py, where_from);
}
