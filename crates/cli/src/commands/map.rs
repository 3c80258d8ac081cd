//! `pdmap encode` and `pdmap decode`.

use anyhow::Result;
use pdmap_core::Real;
use pdmap_data::write_npy;
use pdmap_train::Model;

use super::model::{AnyModel, each};
use crate::args::Map;
use crate::data::{fits, rows};
use crate::output;

/// Which way the map is gone.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    Encode,
    Decode,
}

pub(crate) fn run(args: &Map, way: Way) -> Result<()> {
    output::writable(&args.out)?;
    each!(AnyModel::load(&args.model)?, model => map(args, &model, way))
}

fn map<F: Real>(args: &Map, model: &Model<F>, way: Way) -> Result<()> {
    let rows = rows::<F>(&args.data)?;
    fits(&args.data, &rows, model.flow.features())?;
    let mapped = match way {
        Way::Encode => model.flow.encode(&rows)?,
        Way::Decode => model.flow.decode(&rows)?,
    };
    write_npy(&args.out, &mapped)?;
    Ok(())
}
