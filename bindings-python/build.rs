//! Tells the sources what kind of Python they are built for: one without a GIL is `Py_GIL_DISABLED`.

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
}
