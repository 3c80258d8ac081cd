//! Arrays of NumPy.

use ndarray::ArrayView2;
use numpy::{Element, Ix2, PyArray2, PyReadonlyArray, ToPyArray, ndarray::Dimension};
use pdmap_train::TableRows;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

/// An array whose numbers lie where the processor can read them: others, such as those of
/// `np.frombuffer(…, offset=1)`, are refused.
pub(crate) struct Aligned<'py, T: Element, D: Dimension = Ix2>(PyReadonlyArray<'py, T, D>);

impl<'a, 'py, T: Element + 'static, D: Dimension + 'static> FromPyObject<'a, 'py> for Aligned<'py, T, D> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let array: PyReadonlyArray<'py, T, D> = object.extract()?;
        if !object.getattr("flags")?.getattr("aligned")?.extract::<bool>()? {
            return Err(PyValueError::new_err(
                "the array is not aligned: copy it with np.require(array, requirements='A')",
            ));
        }
        Ok(Self(array))
    }
}

impl<T: Element, D: Dimension> Aligned<'_, T, D> {
    /// A view.
    pub(crate) fn as_array(&self) -> ndarray::ArrayView<'_, T, D> {
        self.0.as_array()
    }
}

/// Rows `[rows, columns]` of `float32` or `float64`.
pub(crate) enum Rows<'py> {
    F32(Aligned<'py, f32>),
    F64(Aligned<'py, f64>),
}

impl<'a, 'py> FromPyObject<'a, 'py> for Rows<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if object.cast::<PyArray2<f64>>().is_ok() {
            return object.extract().map(Self::F64);
        }
        if object.cast::<PyArray2<f32>>().is_ok() {
            return object.extract().map(Self::F32);
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
pub(crate) type Given<'py> = Option<Aligned<'py, f64>>;

/// A view of it.
pub(crate) fn view<'a>(given: &'a Given<'_>) -> Option<ArrayView2<'a, f64>> {
    given.as_ref().map(Aligned::as_array)
}

/// A matrix of `float64`.
pub(crate) fn matrix<'py>(py: Python<'py>, matrix: ArrayView2<'_, f64>) -> Bound<'py, PyArray2<f64>> {
    matrix.to_pyarray(py)
}
