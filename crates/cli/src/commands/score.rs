//! `pdmap score`.

use anyhow::Result;
use ndarray::Array1;
use pdmap_compare::statistics::mean_and_error;
use pdmap_core::Real;
use pdmap_data::write_npy;
use pdmap_train::Model;

use super::model::{AnyModel, each};
use crate::args::Score;
use crate::data::{fits, rows};
use crate::output;

pub(crate) fn run(args: &Score) -> Result<()> {
    output::writable(&args.out)?;
    each!(AnyModel::load(&args.model)?, model => score(args, &model))
}

fn score<F: Real>(args: &Score, model: &Model<F>) -> Result<()> {
    let rows = rows::<F>(&args.data)?;
    fits(&args.data, &rows, model.flow.features())?;
    let log_prob = model.flow.log_prob(&rows)?;
    write_npy(&args.out, &Array1::from(log_prob.clone()))?;
    let (mean, error) = mean_and_error(&log_prob);
    if args.json {
        return output::json(&serde_json::json!({
            "rows": log_prob.len(),
            "mean": mean,
            "standard_error": if error.is_finite() { Some(error) } else { None },
            "unit": "nats",
            "space": model.header.space,
        }));
    }
    output::line(&format!("{} rows: {mean:.4} ± {error:.4} nats, in {}", log_prob.len(), model.header.space))
}
