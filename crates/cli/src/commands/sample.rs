//! `pdmap sample`.

use anyhow::Result;
use pdmap_core::Real;
use pdmap_data::write_npy;
use pdmap_train::Model;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::model::{AnyModel, each};
use crate::args::Sample;
use crate::output;

pub(crate) fn run(args: &Sample) -> Result<()> {
    output::writable(&args.out)?;
    each!(AnyModel::load(&args.model)?, model => sample(args, &model))
}

fn sample<F: Real>(args: &Sample, model: &Model<F>) -> Result<()> {
    let rows = model.flow.sample(args.count, &mut ChaCha8Rng::seed_from_u64(args.seed))?;
    write_npy(&args.out, &rows)?;
    Ok(())
}
