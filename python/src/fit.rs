//! Training.

use ndarray::ArrayView2;
use numpy::PyReadonlyArray1;
use pdmap_core::{Real, RowWeights};
use pdmap_train::{AnyModel, FittedTable, Hooks, Model as Trained, TableData, TrainError, fit_table};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::arrays::{Given, Rows, view};
use crate::error::{of_layer, of_train};
use crate::model::Model;
use crate::settings::Settings;
use crate::watched::watched;

type Weights<'py> = Option<PyReadonlyArray1<'py, f64>>;

/// Fits a density to rows. Returns the model, the record of training as JSON, and the exception of a
/// signal or of the listener that ended it early, if there was one.
#[pyfunction]
#[pyo3(signature = (rows, settings, *, names=None, condition=None, weights=None, validation=None, listener=None, threads=None))]
#[allow(clippy::too_many_arguments, clippy::type_complexity)]
pub(crate) fn fit<'py>(
    py: Python<'py>,
    rows: Rows<'py>,
    settings: &str,
    names: Option<Vec<String>>,
    condition: Given<'py>,
    weights: Weights<'py>,
    validation: Option<(Rows<'py>, Given<'py>, Weights<'py>)>,
    listener: Option<&Bound<'py, PyAny>>,
    threads: Option<usize>,
) -> PyResult<(Model, String, Option<PyErr>)> {
    let settings = Settings::parse(settings)?;
    let weighing = |weights: &Weights<'_>| {
        let each = weights.as_ref().map(|weights| weights.as_array().to_vec());
        each.map(RowWeights::new).transpose().map_err(of_layer)
    };
    let beside = Beside {
        names: names.unwrap_or_default(),
        condition: view(&condition),
        weights: weighing(&weights)?,
        validation_condition: validation.as_ref().and_then(|(_, condition, _)| view(condition)),
        validation_weights: validation.as_ref().map_or(Ok(None), |(_, _, weights)| weighing(weights))?,
    };
    let other = || PyTypeError::new_err("rows and validation rows have different dtypes");
    match (&rows, validation.as_ref().map(|(rows, ..)| rows)) {
        (Rows::F32(rows), None) => run(py, rows.as_array(), None, &settings, beside, listener, threads),
        (Rows::F64(rows), None) => run(py, rows.as_array(), None, &settings, beside, listener, threads),
        (Rows::F32(rows), Some(Rows::F32(own))) => {
            run(py, rows.as_array(), Some(own.as_array()), &settings, beside, listener, threads)
        }
        (Rows::F64(rows), Some(Rows::F64(own))) => {
            run(py, rows.as_array(), Some(own.as_array()), &settings, beside, listener, threads)
        }
        _ => Err(other()),
    }
}

/// What belongs to the rows.
struct Beside<'a> {
    names: Vec<String>,
    condition: Option<ArrayView2<'a, f64>>,
    weights: Option<RowWeights>,
    validation_condition: Option<ArrayView2<'a, f64>>,
    validation_weights: Option<RowWeights>,
}

fn run<F: Real>(
    py: Python<'_>,
    rows: ArrayView2<'_, F>,
    validation: Option<ArrayView2<'_, F>>,
    settings: &Settings,
    beside: Beside<'_>,
    listener: Option<&Bound<'_, PyAny>>,
    threads: Option<usize>,
) -> PyResult<(Model, String, Option<PyErr>)>
where
    AnyModel: From<Trained<F>>,
{
    let config = settings.config::<F>()?;
    let kind = settings.condition();
    let body = |hooks: Hooks<'_>| -> Result<FittedTable<F>, TrainError> {
        let Beside { names, condition, weights, validation_condition, validation_weights } = &beside;
        let mut data = TableData::new(rows).named(names.clone());
        if let (Some(kind), Some(rows)) = (kind, condition) {
            data = data.condition(kind, *rows);
        }
        if let Some(weights) = weights {
            data = data.weights(weights);
        }
        if let Some(rows) = validation {
            data = data.validation(rows, *validation_condition, validation_weights.as_ref());
        }
        fit_table(data, &config, hooks)
    };
    let (fitted, raised) = watched(py, threads, listener, body)?;
    let FittedTable { model, trained, tried } = match (fitted, raised.as_ref()) {
        (Err(_), Some(raised)) => return Err(raised.clone_ref(py)),
        (fitted, _) => fitted.map_err(of_train)?,
    };
    let record = serde_json::json!({ "trained": trained, "tried": tried }).to_string();
    Ok((Model(model.into()), record, raised))
}
