//! Scores of some columns, given others, or of rows with missing cells.

use anyhow::Result;
use ndarray::{Array2, Axis, Slice};
use pdmap_core::{LayerError, Real};
use pdmap_data::{RowShape, TextOptions};
use pdmap_query::{Copula, QueryError};
use pdmap_train::{Dequantizer, Model};

use super::weights::Weights;
use super::{Noise, Quantile, Summary, print};
use crate::args::{HeaderArg, Missing, Score, Unseen};
use crate::rows::partial::{Partial, PartialBlock, copula, refused};
use crate::rows::targets::{As, Targets};
use crate::scores::likelihood::Likelihood;
use crate::scores::moments::Moments;
use crate::scores::quantile::Sorted;
use crate::scores::scorer::Over;
use crate::terminal::exit::BadInput;

/// Whether less than whole rows is to be scored.
pub(super) fn is_wanted<F: Real>(args: &Score, model: &Model<F>) -> bool {
    let columns = args.rows.input.text.columns.as_ref().map(Vec::len);
    !args.given.is_empty()
        || args.missing == Missing::Marginalize
        || columns.is_some_and(|columns| columns < model.flow.features() && copula(model, &args.model).is_ok())
}

pub(super) fn score<F: Real>(args: &Score, model: &Model<F>, targets: &Targets<3>) -> Result<()> {
    let copula = copula(model, &args.model)?;
    let others = [
        ("--attribution", args.attribution.is_some()),
        ("--threshold", args.threshold.is_some()),
        ("--reference", args.reference.is_some()),
        ("--flags", args.flags.is_some()),
        ("--log-mean-exp", args.log_mean_exp),
        ("--unseen other", args.unseen == Unseen::Other),
    ];
    if let Some((flag, _)) = others.into_iter().find(|(_, given)| *given) {
        return Err(BadInput(format!("{flag} is for scores of whole rows")).into());
    }
    let weights = Weights::of(args)?;
    let text = args.rows.input.text.options()?;
    let asked = text.columns.clone();
    let columns = asked.as_ref().map(|asked| asked.iter().chain(&args.given).cloned().collect());
    let mut rows = Partial::open(&args.rows.input.data, &TextOptions { columns, ..text.clone() }, model, args.missing)?;
    let read = rows.features();
    let given = given(args, model, asked.as_deref(), &read)?;
    let noise = Dequantizer::new(&model.header.columns.discrete, args.seed);
    let draws = if noise.is_some() { args.draws } else { 1 };
    let header = args.rows.input.text.header;
    let (id, offsets) = (rows.id_column(), rows.offsets());
    let names = (header != HeaderArg::No).then(|| vec!["log_prob".to_owned()]);
    let as_what = As { rows: None, names, usual: rows.format(), id: id.as_ref() };
    let mut out = targets.open::<f64>(0, RowShape::Vector, &as_what)?;
    let (mut moments, mut all, mut outside) = (Moments::default(), Vec::new(), 0);
    while let Some(PartialBlock { cells, ids, first }) = rows.next()? {
        let seen = Partial::seen::<F>(&offsets, &cells);
        let mut scores = vec![0.0; cells.nrows()];
        for draw in 0..draws {
            let mut own = seen.clone();
            if let Some(noise) = &noise {
                noise.add(draw, first, own.view_mut());
            }
            let once = log_density(&copula, own, &given).map_err(|error| refused(&args.model, &error))?;
            scores.iter_mut().zip(once).for_each(|(score, once)| *score += once / draws as f64);
        }
        let inside: Vec<f64> = scores.iter().copied().filter(|score| score.is_finite()).collect();
        outside += (scores.len() - inside.len()) as u64;
        let own = weights.as_ref().map(|weights| weights.of_kept(first, &scores, f64::is_finite)).transpose()?;
        moments.add(&inside, own.as_deref());
        if !args.quantiles.is_empty() {
            all.extend_from_slice(&scores);
        }
        out.write(ids, &scores)?;
        if out.is_closed() {
            return Ok(());
        }
    }
    let (count, name) = (rows.given(), rows.name().to_owned());
    weights.as_ref().map_or(Ok(()), |weights| weights.check_count(count))?;
    if outside == count {
        return Err(BadInput(format!("{name}: all {count} rows lie outside the model's domain")).into());
    }
    let likelihood = Likelihood::within(moments, space(args, &given, read.len()), &name)?;
    out.finish()?;
    let all = Sorted::new(all, weights.as_ref().map(Weights::each));
    let value = |&q: &f64| Quantile { quantile: q, value: all.quantile(q) };
    let quantiles = args.quantiles.iter().map(value).collect();
    let drawn = noise.map(|noise| Noise { draws, over: Over::Mean, log_cell: noise.log_cell() });
    let summary = Summary {
        read: None,
        likelihood,
        unseen: None,
        outside_domain: outside,
        noise: drawn,
        quantiles,
        threshold: None,
    };
    print(&summary, count, args.json, targets.stdout())
}

/// The features that are given.
fn given<F: Real>(args: &Score, model: &Model<F>, asked: Option<&[String]>, read: &[usize]) -> Result<Vec<usize>> {
    if let Some(asked) = asked {
        return Ok(read[asked.len().min(read.len())..].to_vec());
    }
    let names = model.header.training.as_ref().map(|training| &training.columns[..]).unwrap_or_default();
    let of = |given: &String| {
        let index = || given.parse().ok().filter(|index| read.contains(index));
        let found = names.iter().position(|name| name == given).or_else(index);
        found.ok_or_else(|| BadInput(format!("--given {given}: no column of the model")).into())
    };
    args.given.iter().map(of).collect()
}

/// `log p` of the cells that are there, given those of the given columns.
fn log_density<F: Real>(copula: &Copula<F>, rows: Array2<F>, given: &[usize]) -> Result<Vec<f64>, QueryError> {
    let joint = inside(copula, &rows)?;
    if given.is_empty() {
        return Ok(joint);
    }
    let mut condition = Array2::from_elem(rows.dim(), F::nan());
    given.iter().for_each(|&column| condition.column_mut(column).assign(&rows.column(column)));
    let of_given = inside(copula, &condition)?;
    // A row whose given cells are outside is outside.
    let of_row = |(joint, given): (&f64, f64)| if given.is_finite() { joint - given } else { f64::NEG_INFINITY };
    Ok(joint.iter().zip(of_given).map(of_row).collect())
}

/// `log p` of each row, `-inf` for a row outside the domain.
fn inside<F: Real>(copula: &Copula<F>, rows: &Array2<F>) -> Result<Vec<f64>, QueryError> {
    match copula.log_density_observed(rows.view()) {
        Err(QueryError::Core(LayerError::Domain { .. })) if rows.nrows() > 1 => {
            let half = rows.nrows() / 2;
            let part = |range: std::ops::Range<usize>| rows.slice_axis(Axis(0), Slice::from(range)).to_owned();
            let mut all = inside(copula, &part(0..half))?;
            all.extend(inside(copula, &part(half..rows.nrows()))?);
            Ok(all)
        }
        Err(QueryError::Core(LayerError::Domain { .. })) => Ok(vec![f64::NEG_INFINITY]),
        other => other,
    }
}

/// What the scores are densities of, in words.
fn space(args: &Score, given: &[usize], read: usize) -> String {
    let asked = args.rows.input.text.columns.as_ref().map(|columns| columns.join(", "));
    let what = asked.unwrap_or_else(|| format!("{} columns", read - given.len()));
    let given = if args.given.is_empty() { String::new() } else { format!(" given {}", args.given.join(", ")) };
    let missing = if args.missing == Missing::Marginalize { ", of the cells that are there" } else { "" };
    format!("the space of {what}{given}{missing}")
}
