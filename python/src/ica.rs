//! Independent components.

use ndarray::Array2;
use numpy::{IntoPyArray, PyArray1, PyArray2};
use pdmap_core::LayerError;
use pdmap_dense::ica::{Constraint, FitOptions, Ica as Found, IcaOptions, Order, SourceDensity, fit_while};
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;

use crate::arrays::{Rows, matrix};
use crate::error::{of_layer, value};
use crate::watched::watched;

/// Independent components of rows.
#[pyclass(frozen, module = "pdmap._pdmap")]
pub(crate) struct Ica(Found);

#[pymethods]
impl Ica {
    /// `[sources, columns]`: sources are `U (x − mean)`.
    #[getter]
    fn unmixing<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        matrix(py, self.0.separation.unmixing().view())
    }

    /// `[columns, sources]`.
    #[getter]
    fn mixing<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        matrix(py, self.0.separation.mixing().view())
    }

    /// `[sources, columns]`: rows `K (x − mean)` are white.
    #[getter]
    fn whitening<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        matrix(py, self.0.whitening.view())
    }

    /// Of each column.
    #[getter]
    fn mean<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.separation.mean().to_owned().into_pyarray(py)
    }

    /// The rank of the correlations of the columns.
    #[getter]
    fn rank(&self) -> usize {
        self.0.rank
    }

    /// Iterations, of all searches.
    #[getter]
    fn iterations(&self) -> usize {
        self.0.solution.record.len().saturating_sub(1)
    }

    /// The relative gradient at the end.
    #[getter]
    fn gradient(&self) -> f64 {
        self.0.solution.last().criterion
    }

    /// Whether the gradient is within the tolerance.
    #[getter]
    fn converged(&self) -> bool {
        self.0.solution.end == pdmap_dense::ica::End::Converged
    }

    /// The log-likelihood of the whitened rows, nats a row.
    #[getter]
    fn log_likelihood(&self) -> f64 {
        self.0.solution.last().log_likelihood
    }

    /// The share of the variance that the kept axes hold.
    #[getter]
    fn explained(&self) -> f64 {
        self.0.explained
    }

    /// Sources that are not told from normal ones.
    #[getter]
    fn unidentified(&self) -> Vec<usize> {
        self.0.unidentified()
    }

    /// Of each source: variance, kurtosis, sign, contrast, error of the contrast, and stability (NaN where it was not
    /// asked for).
    #[getter]
    fn sources<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        let row = |own: &pdmap_dense::ica::Component| {
            [own.variance, own.kurtosis, own.sign, own.contrast, own.contrast_error, own.stability.unwrap_or(f64::NAN)]
        };
        let rows: Vec<[f64; 6]> = self.0.components.iter().map(row).collect();
        Array2::from(rows).into_pyarray(py)
    }
}

/// Finds independent components.
#[pyfunction]
#[pyo3(signature = (rows, *, components=None, orthonormal=false, density="adaptive", standardize=false,
    by_kurtosis=false, tolerance=1e-7, iterations=500, resamples=0, seed=0, threads=None))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn fit_ica(
    py: Python<'_>,
    rows: Rows<'_>,
    components: Option<usize>,
    orthonormal: bool,
    density: &str,
    standardize: bool,
    by_kurtosis: bool,
    tolerance: f64,
    iterations: usize,
    resamples: usize,
    seed: u64,
    threads: Option<usize>,
) -> PyResult<Ica> {
    let density = match density {
        "adaptive" => SourceDensity::Adaptive,
        "log-cosh" => SourceDensity::LogCosh,
        "heavy-tailed" => SourceDensity::HeavyTailed,
        other => return Err(value(format!("density {other:?}: known are adaptive, log-cosh and heavy-tailed"))),
    };
    let search = IcaOptions {
        constraint: if orthonormal { Constraint::Orthonormal } else { Constraint::Unconstrained },
        density,
        tolerance,
        iterations,
        ..IcaOptions::default()
    };
    search.validate().map_err(of_layer)?;
    let order = if by_kurtosis { Order::Kurtosis } else { Order::Variance };
    let options = FitOptions { components, standardize, order, search, resamples, seed };
    let rows = rows.view();
    let (found, raised) = watched(py, threads, None, |hooks| {
        let rows = rows.wide();
        fit_while(rows.view(), &options, &|| match hooks.stop {
            Some(stop) if stop() => Err(Ended::Stopped),
            _ => Ok(()),
        })
    })?;
    match (found, raised) {
        (_, Some(raised)) => Err(raised),
        (Err(Ended::Failed(error)), None) => Err(of_layer(error)),
        (Err(Ended::Stopped), None) => Err(PyKeyboardInterrupt::new_err(())),
        (Ok(found), None) => Ok(Ica(found)),
    }
}

/// Why a search has no solution.
enum Ended {
    /// By a signal.
    Stopped,
    Failed(LayerError),
}

impl From<LayerError> for Ended {
    fn from(error: LayerError) -> Self {
        Self::Failed(error)
    }
}
