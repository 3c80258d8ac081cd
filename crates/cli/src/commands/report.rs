//! `pdmap report`.

use anyhow::Result;
use ndarray::Array2;
use pdmap_core::Real;
use pdmap_data::Input;
use pdmap_train::{AnyModel, InMemory, Model, each_precision as each};

use crate::args::{ConditionedRows, Report, Unseen};
use crate::condition::Given;
use crate::model_page::{Subject, most_rows, page, thinned};
use crate::rows::blocks::Blocks;
use crate::rows::data::fits;
use crate::rows::opened::Opened;
use crate::rows::table::Columns;
use crate::scores::gaussian::{Fit, fit};
use crate::terminal::exit::BadInput;
use crate::terminal::output;

pub(crate) fn run(args: &Report) -> Result<()> {
    let mut read = args.rows.paths().chain([args.model.as_path()]).chain(args.train.as_deref());
    if read.any(|path| output::same_place(path, &args.out)) {
        return Err(BadInput(format!("--out {} would overwrite an input", args.out.display())).into());
    }
    output::writable(&args.out)?;
    each!(AnyModel::load(&args.model)?, model => report(args, &model))
}

fn report<F: Real>(args: &Report, model: &Model<F>) -> Result<()> {
    let shape = shape(args, model)?;
    let Read { opened, name, columns, rows } = rows(args, model)?;
    let said = opened.iter().filter(|_| !args.quiet && !args.json).flat_map(Opened::lines);
    said.for_each(|line| eprintln!("{line}"));
    let gaussian = gaussian(args, model)?;
    let gaussian = &gaussian;
    let subject = Subject {
        model,
        name,
        rows: thinned(rows.view(), None),
        other: false,
        columns,
        shape,
        pixel_log_det: None,
        gaussian,
    };
    let (page, warning, baseline) = page(&subject)?;
    output::text(&args.out, page.render()?)?;
    let warnings = [warning, baseline.warning()];
    warnings.iter().flatten().for_each(|warning| eprintln!("warning: {warning}"));
    if args.json {
        return output::json(
            &serde_json::json!({ "read": opened, "summary": page.verdict, "baseline": baseline, "report": args.out }),
        );
    }
    page.verdict.iter().try_for_each(|sentence| output::line(sentence))?;
    output::line(&format!("Gaussian with full covariance: {baseline}"))?;
    output::line(&format!("Report: {}", args.out.display()))
}

/// The Gaussian of the training rows, if they are given: a model file does not hold them.
fn gaussian<F: Real>(args: &Report, model: &Model<F>) -> Result<Fit> {
    let Some(path) = args.train.as_deref() else {
        return Ok(Err("the model file does not hold its training rows; --train names them".into()));
    };
    let columns = Columns::of(model);
    let (rows, _) = columns.read::<F>(&Input::File(path.to_owned()), &args.rows.input.text.options()?)?;
    fits(path, &rows, model.flow.features())?;
    let rows = InMemory::from(rows.view()).dequantized(columns.noise.as_ref());
    Ok(fit(rows.into(), model.flow.conditions()))
}

/// The shape of a row. It must have as many values as the model has features, except that a
/// mean-free patch lacks its last pixel.
fn shape<F: Real>(args: &Report, model: &Model<F>) -> Result<Vec<usize>> {
    let features = model.flow.features();
    let Some(shape) = args.shape.clone() else {
        let trained = model.header.training.as_ref().map(|training| training.shape.clone());
        return Ok(trained.filter(|shape| !shape.is_empty()).unwrap_or_else(|| vec![1, features]));
    };
    let numbers = shape.iter().fold(1usize, |product, &side| product.saturating_mul(side));
    if !(2..=3).contains(&shape.len()) || (numbers != features && !(shape.len() == 3 && numbers == features + 1)) {
        let message = format!(
            "--shape {shape:?} has {numbers} values, but a row of the model has {features}; expected CHANNELS,HEIGHT,WIDTH or CHANNELS,LENGTH"
        );
        return Err(BadInput(message).into());
    }
    Ok(shape)
}

/// The rows of the page.
struct Read<F> {
    /// How they were read.
    opened: Option<Opened>,
    name: String,
    columns: Option<Vec<String>>,
    /// Evenly spaced ones, each followed by its condition.
    rows: Array2<F>,
}

/// Reads the rows. At most twice as many as the page needs are in memory.
fn rows<F: Real>(args: &Report, model: &Model<F>) -> Result<Read<F>> {
    let ConditionedRows { input, condition } = &args.rows;
    let text = input.text.options()?;
    let mut data = Blocks::<F>::open(&input.data, &text, model)?;
    let own = Some(input.data.as_path());
    let mut given = Given::open(model, condition.as_deref(), (own, Unseen::Error), &text)?;
    let opened = data.opened().cloned();
    let (name, width) = (data.name().to_owned(), model.flow.features() + model.flow.conditions());
    let most = most_rows(width);
    let (mut kept, mut stride, mut row) = (Vec::new(), 1, 0usize);
    while let Some(block) = data.next()? {
        let input = given.next(block.rows.reborrow())?;
        for (index, x) in input.x.rows().into_iter().enumerate() {
            if row % stride == 0 {
                kept.extend(x.iter().copied());
                kept.extend(input.condition.iter().flat_map(|all| all.row(index).to_vec()));
            }
            row += 1;
            if kept.len() == 2 * most * width {
                let even = kept.chunks_exact(width).step_by(2).flatten().copied().collect();
                (kept, stride) = (even, 2 * stride);
            }
        }
    }
    given.finish()?;
    let columns = Columns::of(model).labels().or_else(|| data.columns().map(<[String]>::to_vec));
    let rows = Array2::from_shape_vec((kept.len() / width, width), kept)?;
    Ok(Read { opened, name, columns, rows })
}
