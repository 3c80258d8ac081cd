//! A trained model.

use std::path::PathBuf;

use ndarray::Array2;
use numpy::{IntoPyArray, PyArray1, PyArray2};
use pdmap_train::{AnyModel, Draws, Over, each_precision};
use pyo3::exceptions::{PyMemoryError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::arrays::{Given, Rows, view};
use crate::error::{of_spec, value};
use crate::pool::work;

/// A density model, as `pdmap train` writes it.
#[pyclass(frozen, module = "pdmap._pdmap")]
pub(crate) struct Model(pub(crate) AnyModel);

#[pymethods]
impl Model {
    /// Reads a model file.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        py.detach(|| AnyModel::load(&path)).map(Self).map_err(of_spec)
    }

    /// Reads the bytes of a model file.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, bytes: &[u8]) -> PyResult<Self> {
        py.detach(|| AnyModel::from_bytes(bytes)).map(Self).map_err(of_spec)
    }

    /// Writes the model atomically.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        py.detach(|| self.0.save(&path)).map_err(of_spec)
    }

    /// The bytes of the model's file.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = py.detach(|| self.0.to_bytes()).map_err(of_spec)?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// The bytes of the model as an ONNX file.
    fn to_onnx<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = py.detach(|| pdmap_onnx::export(&self.0)).map_err(value)?;
        Ok(PyBytes::new(py, &bytes))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        let made = slf.get_type().getattr("from_bytes")?;
        Ok((made, (slf.get().to_bytes(slf.py())?,)))
    }

    /// `"f32"` or `"f64"`.
    #[getter]
    fn dtype(&self) -> String {
        self.0.header().dtype.clone()
    }

    /// Features a row.
    #[getter]
    fn features(&self) -> usize {
        self.0.features()
    }

    /// Columns of the tables that the model takes and gives.
    #[getter]
    fn columns(&self) -> usize {
        let header = self.0.header();
        header.columns.of.max(header.columns.columns_of(header.features))
    }

    /// Numbers of the condition of a row as layers see it; 0 for a model without a condition.
    #[getter]
    fn conditions(&self) -> usize {
        self.0.conditions()
    }

    /// Members of an ensemble; 0 for a model that is none.
    #[getter]
    fn members(&self) -> usize {
        each_precision!(&self.0, model => model.ensemble().map_or(0, |ensemble| ensemble.members().len()))
    }

    /// The member of an ensemble with this index, or without an index the one of the largest weight.
    #[pyo3(signature = (index=None))]
    fn member(&self, index: Option<usize>) -> PyResult<Self> {
        let heaviest = || each_precision!(&self.0, model => model.heaviest_member().map_or(0, |(index, _)| index));
        self.0.member(index.unwrap_or_else(heaviest)).map(Self).map_err(of_spec)
    }

    /// A hash of the weights.
    #[getter]
    fn weights_hash(&self) -> String {
        each_precision!(&self.0, model => model.weights_hash())
    }

    /// The header of the file and figures of the layers, as JSON.
    fn describe(&self) -> PyResult<String> {
        serde_json::to_string(&self.0.inspect()).map_err(|error| PyRuntimeError::new_err(error.to_string()))
    }

    /// `log p` of each row, nats.
    #[pyo3(signature = (rows, condition=None, *, draws=8, seed=0, log_mean_exp=false, threads=None))]
    #[allow(clippy::too_many_arguments)]
    fn log_prob<'py>(
        &self,
        py: Python<'py>,
        rows: Rows<'py>,
        condition: Given<'py>,
        draws: u64,
        seed: u64,
        log_mean_exp: bool,
        threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let over = if log_mean_exp { Over::LogMeanExp } else { Over::Mean };
        let draws = Draws { count: draws, seed, over };
        let (rows, given) = (rows.view(), view(&condition));
        let scores = work(py, threads, || self.0.score_rows(&rows, given, draws))?.map_err(of_spec)?;
        Ok(scores.into_pyarray(py))
    }

    /// `∂ log p / ∂x` of each row, nats per unit of each column.
    #[pyo3(signature = (rows, condition=None, *, threads=None))]
    fn gradient<'py>(
        &self,
        py: Python<'py>,
        rows: Rows<'py>,
        condition: Given<'py>,
        threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let (rows, given) = (rows.view(), view(&condition));
        let found = work(py, threads, || self.0.score(rows.wide().view(), given))?.map_err(of_spec)?;
        Ok(found.into_pyarray(py))
    }

    /// `z = f(x)` of each row, in the model's precision.
    #[pyo3(signature = (rows, condition=None, *, threads=None))]
    fn encode<'py>(
        &self,
        py: Python<'py>,
        rows: Rows<'py>,
        condition: Given<'py>,
        threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (rows, given) = (rows.view(), view(&condition));
        each_precision!(&self.0, model => {
            let codes = work(py, threads, || model.codes_of(&rows, given))?.map_err(of_spec)?;
            Ok(codes.into_pyarray(py).into_any())
        })
    }

    /// `x = f⁻¹(z)` of each row.
    #[pyo3(signature = (codes, condition=None, *, threads=None))]
    fn decode<'py>(
        &self,
        py: Python<'py>,
        codes: Rows<'py>,
        condition: Given<'py>,
        threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let (rows, given) = (codes.view(), view(&condition));
        let found = work(py, threads, || self.0.decode(rows.wide().view(), given))?.map_err(of_spec)?;
        Ok(found.into_pyarray(py))
    }

    /// Draws `count` rows, or one for each row of the condition.
    #[pyo3(signature = (count, condition=None, *, seed=0, threads=None))]
    fn sample<'py>(
        &self,
        py: Python<'py>,
        count: usize,
        condition: Given<'py>,
        seed: u64,
        threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        // Codes, rows, and rows in double precision.
        let numbers = count.saturating_mul(self.0.features()).saturating_mul(3);
        if Vec::<f64>::new().try_reserve_exact(numbers).is_err() {
            let message = format!("{count} rows of {} features do not fit into memory", self.0.features());
            return Err(PyMemoryError::new_err(message));
        }
        let drawn = match view(&condition) {
            None => work(py, threads, || self.0.sample(count, seed))?,
            Some(given) => work(py, threads, || self.0.sample_given(given, seed))?,
        };
        let drawn: Array2<f64> = drawn.map_err(of_spec)?;
        Ok(drawn.into_pyarray(py))
    }
}
