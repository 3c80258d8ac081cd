//! `pdmap sample`.

mod labelled;

use std::path::Path;

use anyhow::{Context, Result};
use ndarray::{Array2, ArrayViewMut2, Axis, Slice};
use pdmap_core::{Buffer, Real, check};
use pdmap_data::{RowFormat, TextOptions};
use pdmap_query::Fill;
use pdmap_train::{AnyModel, Model, block_rows, each_precision as each};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::args::Sample;
use crate::condition;
use crate::rows::answers::Answers;
use crate::rows::completed::{Completion, MOST_COPIES, complete};
use crate::rows::restored::Restored;
use crate::rows::targets::{As, Targets, data_names};
use crate::terminal::exit::BadInput;
use crate::terminal::output;

/// Conditions of the drawn rows.
enum Drawn<F> {
    Each(Array2<F>),
    Class { class: usize, classes: usize },
}

impl<F: Real> Drawn<F> {
    fn rows(&self, first: usize, count: usize) -> Array2<F> {
        match *self {
            Self::Each(ref all) => all.slice_axis(Axis(0), Slice::from(first..first + count)).to_owned(),
            Self::Class { class, classes } => {
                Array2::from_shape_fn(
                    (count, classes),
                    |(_, column)| {
                        if column == class { F::one() } else { F::zero() }
                    },
                )
            }
        }
    }
}

/// The number of rows to draw, and their conditions.
fn wanted<F: Real>(args: &Sample, model: &Model<F>) -> Result<(u64, Option<Drawn<F>>)> {
    let refuse = |message: String| Err(BadInput(message).into());
    match (&model.header.condition, args.class, &args.condition) {
        (None, None, None) => Ok((args.count.unwrap_or(0), None)),
        (None, ..) => refuse("--condition and --class: the model has no condition".into()),
        (Some(condition), Some(class), _) if condition.classes().is_some_and(|classes| class < classes) => {
            Ok((args.count.unwrap_or(1), Some(Drawn::Class { class, classes: condition.width() })))
        }
        (Some(condition), Some(class), _) => {
            refuse(format!("--class {class}: the model's condition is {}", condition::wanted(condition)))
        }
        (Some(condition), None, None) => {
            let wanted = condition::wanted(condition);
            refuse(format!("the model is conditional: pass --condition FILE ({wanted}) or --class K"))
        }
        (Some(condition), None, Some(path)) => {
            let rows = condition::beside(condition, path, &TextOptions::default())?;
            let count = rows.nrows() as u64;
            match args.count {
                Some(asked) if asked != count => {
                    refuse(format!("--count {asked}, but {} has {count} rows", path.display()))
                }
                _ => Ok((count, Some(Drawn::Each(rows)))),
            }
        }
    }
}

pub(crate) fn run(args: &Sample) -> Result<()> {
    check::temperature(args.temperature)?;
    let read = [Some(args.model.as_path()), args.given.as_deref()].into_iter().flatten();
    let targets = Targets::plan([("--out", Some(args.out.as_path()))], &read.collect::<Vec<_>>(), args.format)?;
    each!(AnyModel::load(&args.model)?, model => match &args.given {
        Some(path) => given(args, path, &model, &targets),
        None => match model.categorical() {
            Some(categorical) => labelled::sample(args, &model, categorical, &targets),
            None => sample(args, &model, &targets),
        },
    })
}

/// Draws the columns that the rows of a file lack.
fn given<F: Real>(args: &Sample, path: &Path, model: &Model<F>, targets: &Targets<1>) -> Result<()> {
    let answers = Answers::of(model, &args.model, args.approximate, args.seed)?;
    let copies = args.count.unwrap_or(1);
    if !(1..=MOST_COPIES).contains(&copies) {
        let message = format!("--count {copies}: with --given, from 1 to {MOST_COPIES} for each row");
        return Err(BadInput(message).into());
    }
    let own = Completion {
        model: &args.model,
        data: path,
        text: TextOptions { header: args.header.into(), ..TextOptions::default() },
        header: args.header,
        fill: Fill::Draw { seed: args.seed },
        copies,
    };
    let done = complete(&own, model, &answers, targets)?;
    output::rows(&args.out, done.rows, model.flow.features(), args.json, targets.stdout())
}

fn sample<F: Real>(args: &Sample, model: &Model<F>, targets: &Targets<1>) -> Result<()> {
    if args.approximate.is_some() {
        return Err(BadInput("--approximate is for --given: rows of which some columns are known".into()).into());
    }
    let features = model.flow.features();
    let (count, mut given) = wanted(args, model)?;
    let bytes = u128::from(count) * features as u128 * size_of::<F>() as u128;
    if i64::try_from(bytes).is_err() {
        let message =
            format!("--count {}: rows of {features} features take {bytes} bytes, more than a file holds", count);
        return Err(BadInput(message).into());
    }
    let names = data_names(model, args.header);
    let as_what = As { rows: Some(count), names, usual: RowFormat::Npy, id: None };
    let mut out = Restored::<F>::open(targets, 0, (features, model.header.columns.clone()), &as_what)?;
    let mut rng = ChaCha8Rng::seed_from_u64(args.seed);
    let (mut evaluator, mut draws, mut rows) = (model.flow.evaluator(), Buffer::default(), Vec::new());
    let mut left = count;
    while left > 0 {
        let rows_now = usize::try_from(left).unwrap_or(usize::MAX).min(block_rows::<F>(features));
        rows.resize(rows_now * features, F::zero());
        let to = ArrayViewMut2::from_shape((rows_now, features), &mut rows)?;
        let done = usize::try_from(count - left).unwrap_or(usize::MAX);
        let drawn = match &mut given {
            None => evaluator.sample_into(args.temperature, &mut rng, &mut draws, to),
            Some(given) => {
                let condition = given.rows(done, rows_now);
                evaluator.sample_given_into(args.temperature, condition.view(), &mut rng, &mut draws, to)
            }
        };
        drawn
            .map_err(|error| error.below(done))
            .with_context(|| format!("{} at temperature {:?}", args.model.display(), args.temperature))?;
        out.write(None, &rows)?;
        if out.is_closed() {
            return Ok(());
        }
        left -= rows_now as u64;
    }
    out.finish()?;
    output::rows(&args.out, count, features, args.json, targets.stdout())
}
