//! `pdmap encode` and `pdmap decode`.

use anyhow::Result;
use ndarray::ArrayViewMut2;
use pdmap_core::Real;
use pdmap_train::{AnyModel, ColumnMap, Model, each_precision as each};

use crate::args::{ConditionedRows, Map, Unseen};
use crate::condition::Given;
use crate::rows::blocks::Blocks;
use crate::rows::restored::Restored;
use crate::rows::targets::{As, Targets, data_names, numbered};
use crate::terminal::output;

/// The direction of the map.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Direction {
    Encode,
    Decode,
}

pub(crate) fn run(args: &Map, direction: Direction) -> Result<()> {
    let read: Vec<_> = args.rows.paths().chain([args.model.as_path()]).collect();
    let targets = Targets::plan([("--out", Some(args.out.as_path()))], &read, args.format)?;
    let model = AnyModel::load(&args.model)?;
    let model = match args.member {
        Some(index) => model.member(index)?,
        None => model,
    };
    each!(model, model => map(args, &model, &targets, direction))
}

fn map<F: Real>(args: &Map, model: &Model<F>, targets: &Targets<1>, direction: Direction) -> Result<()> {
    model.has_codes()?;
    let features = model.flow.features();
    let ConditionedRows { input, condition } = &args.rows;
    let (text, header) = (input.text.options()?, input.text.header);
    let mut data = match direction {
        Direction::Encode => Blocks::<F>::open(&input.data, &text, model)?,
        Direction::Decode => Blocks::<F>::of_base(&input.data, &text, model)?,
    };
    // Codes have no columns of categories.
    let own = match direction {
        Direction::Encode => Some(input.data.as_path()),
        Direction::Decode => None,
    };
    let mut given = Given::open(model, condition.as_deref(), (own, Unseen::Error), &text)?;
    let (names, columns) = match direction {
        Direction::Encode => (numbered("z", features, header), ColumnMap::default()),
        Direction::Decode => (data_names(model, header), model.header.columns.clone()),
    };
    let id = data.id_column();
    let as_what = As { rows: data.count(), names, usual: data.format(), id: id.as_ref() };
    let mut out = Restored::<F>::open(targets, 0, (features, columns), &as_what)?;
    let (mut evaluator, mut mapped) = (model.flow.evaluator(), Vec::new());
    while let Some(block) = data.next()? {
        let dim = block.rows.dim();
        mapped.resize(block.rows.len(), F::zero());
        let to = ArrayViewMut2::from_shape(dim, &mut mapped)?;
        let input = given.next(block.rows.reborrow())?;
        let done = match direction {
            Direction::Encode => evaluator.encode_into(input, to),
            Direction::Decode => evaluator.decode_into(input, to),
        };
        done.map_err(|error| block.error(error))?;
        out.write(block.ids, &mapped)?;
        if out.is_closed() {
            return Ok(());
        }
    }
    given.finish()?;
    out.finish()?;
    output::rows(&args.out, data.given(), features, args.json, targets.stdout())
}
