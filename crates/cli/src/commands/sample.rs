//! `pdmap sample`.

use anyhow::{Context, Result};
use ndarray::ArrayViewMut2;
use pdmap_core::{Buffer, Real, check};
use pdmap_data::{RowFormat, RowShape};
use pdmap_train::Model;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::model::{AnyModel, each};
use crate::args::Sample;
use crate::exit::BadInput;
use crate::rows_in::block_rows;
use crate::rows_out::{Targets, numbered};

pub(crate) fn run(args: &Sample) -> Result<()> {
    check::temperature(args.temperature)?;
    let targets = Targets::plan([("--out", Some(args.out.as_path()))], &[&args.model], args.format)?;
    each!(AnyModel::load(&args.model)?, model => sample(args, &model, &targets))
}

fn sample<F: Real>(args: &Sample, model: &Model<F>, targets: &Targets<1>) -> Result<()> {
    let features = model.flow.features();
    let bytes = u128::from(args.count) * features as u128 * size_of::<F>() as u128;
    if i64::try_from(bytes).is_err() {
        let message = format!(
            "--count {}: rows of {features} features make {bytes} bytes, more than a file holds",
            args.count
        );
        return Err(BadInput(message).into());
    }
    let names = numbered("x", features, args.header);
    let shape = RowShape::Matrix { features };
    let mut out = targets.open::<F>(0, shape, Some(args.count), names.as_deref(), RowFormat::Npy)?;
    let mut rng = ChaCha8Rng::seed_from_u64(args.seed);
    let (mut evaluator, mut draws, mut rows) = (model.flow.evaluator(), Buffer::default(), Vec::new());
    let mut left = args.count;
    while left > 0 {
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(block_rows::<F>(features));
        rows.resize(count * features, F::zero());
        let to = ArrayViewMut2::from_shape((count, features), &mut rows)?;
        let done = usize::try_from(args.count - left).unwrap_or(usize::MAX);
        evaluator
            .sample_into(args.temperature, &mut rng, &mut draws, to)
            .map_err(|error| error.below(done))
            .with_context(|| format!("{} at temperature {:?}", args.model.display(), args.temperature))?;
        out.write(&rows)?;
        if out.is_closed() {
            return Ok(());
        }
        left -= count as u64;
    }
    out.finish()
}
