//! Training.

use ndarray::ArrayView2;
use numpy::Ix1;
use pdmap_core::RowWeights;
use pdmap_train::{
    AnyModel, FittedTable, Hooks, Model as Trained, Precision, TableData, TableRows, TrainError, fit_table,
};
use pyo3::prelude::*;

use crate::arrays::{Aligned, Given, Rows, view};
use crate::error::{of_layer, of_train};
use crate::model::Model;
use crate::settings::Settings;
use crate::watched::watched;

type Weights<'py> = Option<Aligned<'py, f64, Ix1>>;

/// Fits a density to rows. Returns the model, the record of training as JSON, and the exception of a
/// signal or of the listener that ended it early, if there was one.
#[pyfunction]
#[pyo3(signature = (rows, settings, *, single, names=None, condition=None, weights=None, validation=None, listener=None, threads=None))]
#[allow(clippy::too_many_arguments, clippy::type_complexity)]
pub(crate) fn fit<'py>(
    py: Python<'py>,
    rows: Rows<'py>,
    settings: &str,
    single: bool,
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
    let data = Data {
        rows: rows.view(),
        names: names.unwrap_or_default(),
        condition: view(&condition),
        weights: weighing(&weights)?,
        validation: validation.as_ref().map(|(rows, ..)| rows.view()),
        validation_condition: validation.as_ref().and_then(|(_, condition, _)| view(condition)),
        validation_weights: validation.as_ref().map_or(Ok(None), |(_, _, weights)| weighing(weights))?,
    };
    match single {
        true => run::<f32>(py, &data, &settings, listener, threads),
        false => run::<f64>(py, &data, &settings, listener, threads),
    }
}

/// Rows, and what belongs to them.
struct Data<'a> {
    rows: TableRows<'a>,
    names: Vec<String>,
    condition: Option<ArrayView2<'a, f64>>,
    weights: Option<RowWeights>,
    validation: Option<TableRows<'a>>,
    validation_condition: Option<ArrayView2<'a, f64>>,
    validation_weights: Option<RowWeights>,
}

fn run<F: Precision>(
    py: Python<'_>,
    data: &Data<'_>,
    settings: &Settings,
    listener: Option<&Bound<'_, PyAny>>,
    threads: Option<usize>,
) -> PyResult<(Model, String, Option<PyErr>)>
where
    AnyModel: From<Trained<F>>,
{
    let config = settings.config::<F>()?;
    let kind = settings.condition();
    let body = |hooks: Hooks<'_>| -> Result<FittedTable<F>, TrainError> {
        let mut table = TableData::new(data.rows.reborrow()).named(data.names.clone());
        if let (Some(kind), Some(rows)) = (kind, data.condition) {
            table = table.condition(kind, rows);
        }
        if let Some(weights) = &data.weights {
            table = table.weights(weights);
        }
        if let Some(rows) = &data.validation {
            table = table.validation(rows.reborrow(), data.validation_condition, data.validation_weights.as_ref());
        }
        fit_table(table, &config, hooks)
    };
    let (fitted, raised) = watched(py, threads, listener, body)?;
    let FittedTable { model, trained, tried } = match (fitted, raised.as_ref()) {
        (Err(_), Some(raised)) => return Err(raised.clone_ref(py)),
        (fitted, _) => fitted.map_err(of_train)?,
    };
    let record = serde_json::json!({ "trained": trained, "tried": tried }).to_string();
    Ok((Model(model.into()), record, raised))
}
