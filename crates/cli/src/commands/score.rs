//! `pdmap score`.

use anyhow::Result;
use ndarray::Array1;
use pdmap_core::Real;
use pdmap_data::write_npy;
use pdmap_train::Model;

use super::likelihood::Likelihood;
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
    let (log_prob, likelihood) = Likelihood::of(model, &rows, None, &args.data.display().to_string())?;
    write_npy(&args.out, &Array1::from(log_prob))?;
    if args.json { output::json(&likelihood) } else { output::line(&likelihood.to_string()) }
}
