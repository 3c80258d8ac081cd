//! Samples of a model with categories: rows of numbers and labels.

use anyhow::{Context, Result};
use ndarray::{Array2, ArrayViewMut2, Axis, Slice};
use pdmap_core::{Buffer, Real};
use pdmap_data::TextOptions;
use pdmap_train::{Categories, LabelDensity, Model, block_rows};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::args::Sample;
use crate::categories::{Labelled, beside};
use crate::rows::targets::Targets;
use crate::terminal::exit::BadInput;
use crate::terminal::output;

/// Stream of the random numbers for labels: those for numbers are of stream 0.
const LABELS: u64 = 1;

/// Draws labels, or reads them, and numbers given the labels.
pub(super) fn sample<F: Real>(
    args: &Sample,
    model: &Model<F>,
    (categories, labels): (&Categories, &LabelDensity),
    targets: &Targets<1>,
) -> Result<()> {
    if args.class.is_some() {
        return Err(BadInput("--class: the model has columns of categories, and no classes".into()).into());
    }
    let given = args.condition.as_deref();
    let given = given.map(|path| beside(categories, path, &TextOptions::default(), false)).transpose()?;
    let count = match (&given, args.count) {
        (Some(codes), Some(asked)) if asked != codes.nrows() as u64 => {
            let message = format!("--count {asked}, but --condition has {} rows", codes.nrows());
            return Err(BadInput(message).into());
        }
        (Some(codes), _) => codes.nrows() as u64,
        (None, count) => count.unwrap_or(0),
    };
    let features = model.flow.features();
    let mut out = Labelled::open(targets, 0, (model, categories), args.header)?;
    let mut rng = ChaCha8Rng::seed_from_u64(args.seed);
    let mut label_rng = ChaCha8Rng::seed_from_u64(args.seed);
    label_rng.set_stream(LABELS);
    let (mut evaluator, mut draws, mut rows) = (model.flow.evaluator(), Buffer::default(), Vec::new());
    let mut done = 0;
    while done < count {
        let now = usize::try_from(count - done).unwrap_or(usize::MAX).min(block_rows::<F>(features));
        let first = usize::try_from(done).unwrap_or(usize::MAX);
        let codes: Array2<u32> = match &given {
            Some(codes) => codes.slice_axis(Axis(0), Slice::from(first..first + now)).to_owned(),
            None => labels.sample(now, &mut label_rng),
        };
        let condition = categories.one_hot::<F>(codes.view());
        rows.resize(now * features, F::zero());
        let to = ArrayViewMut2::from_shape((now, features), &mut rows)?;
        evaluator
            .sample_given_into(args.temperature, condition.view(), &mut rng, &mut draws, to)
            .map_err(|error| error.below(first))
            .with_context(|| format!("{} at temperature {:?}", args.model.display(), args.temperature))?;
        out.write(ndarray::ArrayView2::from_shape((now, features), &rows)?, codes.view())?;
        if out.is_closed() {
            return Ok(());
        }
        done += now as u64;
    }
    out.finish()?;
    output::rows(&args.out, count, features + categories.columns.len(), args.json, targets.stdout())
}
