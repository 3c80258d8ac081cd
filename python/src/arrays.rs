//! Arrays of NumPy.

use ndarray::ArrayView2;
use numpy::{PyArray2, PyReadonlyArray2, ToPyArray};
use pdmap_train::TableRows;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

/// Rows `[rows, columns]` of `float32` or `float64`.
pub(crate) enum Rows<'py> {
    F32(PyReadonlyArray2<'py, f32>),
    F64(PyReadonlyArray2<'py, f64>),
}

impl<'a, 'py> FromPyObject<'a, 'py> for Rows<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(rows) = object.extract() {
            return Ok(Self::F64(rows));
        }
        if let Ok(rows) = object.extract() {
            return Ok(Self::F32(rows));
        }
        Err(PyTypeError::new_err("expected a two-dimensional array of float32 or float64"))
    }
}

impl Rows<'_> {
    /// A view.
    pub(crate) fn view(&self) -> TableRows<'_> {
        match self {
            Self::F32(rows) => rows.as_array().into(),
            Self::F64(rows) => rows.as_array().into(),
        }
    }
}

/// A condition of each row.
pub(crate) type Given<'py> = Option<PyReadonlyArray2<'py, f64>>;

/// A view of it.
pub(crate) fn view<'a>(given: &'a Given<'_>) -> Option<ArrayView2<'a, f64>> {
    given.as_ref().map(|given| given.as_array())
}

/// A matrix of `float64`.
pub(crate) fn matrix<'py>(py: Python<'py>, matrix: ArrayView2<'_, f64>) -> Bound<'py, PyArray2<f64>> {
    matrix.to_pyarray(py)
}
