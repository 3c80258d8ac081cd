//! Scores of some columns, given others, or of rows with missing cells.

use anyhow::Result;
use pdmap_core::Real;
use pdmap_data::{RowShape, TextOptions};
use pdmap_query::Estimate;
use pdmap_train::{Dequantizer, Model, Over};

use super::weights::Weights;
use super::{Noise, Quantile, Summary, print};
use crate::args::{HeaderArg, Missing, Score, Unseen};
use crate::rows::answers::Answers;
use crate::rows::partial::{Partial, PartialBlock, refused};
use crate::rows::targets::{As, Targets};
use crate::scores::likelihood::Likelihood;
use crate::scores::moments::Moments;
use crate::scores::quantile::Sorted;
use crate::scores::reliability::Reliability;
use crate::terminal::exit::BadInput;

/// Whether less than whole rows is to be scored.
pub(super) fn is_wanted<F: Real>(args: &Score, model: &Model<F>) -> bool {
    let columns = args.rows.input.text.columns.as_ref().map(Vec::len);
    !args.given.is_empty()
        || args.missing == Missing::Marginalize
        || columns.is_some_and(|columns| columns < model.flow.features() && is_plain(model))
}

/// Whether the features of the model are columns of a table, without a condition.
fn is_plain<F: Real>(model: &Model<F>) -> bool {
    model.header.columns.subspace.is_none() && model.flow.conditions() == 0
}

pub(super) fn score<F: Real>(args: &Score, model: &Model<F>, targets: &Targets<3>) -> Result<()> {
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
    // After what is quickly refused: estimates begin with a fit.
    let answers = Answers::of(model, &args.model, args.approximate, args.seed)?;
    let noise = Dequantizer::new(&model.header.columns.discrete, args.seed);
    let draws = if noise.is_some() { args.draws } else { 1 };
    let header = args.rows.input.text.header;
    let (id, offsets) = (rows.id_column(), rows.offsets());
    // An estimate is written with what its weights say of it.
    let (columns, shape) = match args.approximate {
        None => (&["log_prob"][..], RowShape::Vector),
        Some(_) => (&["log_prob", "effective_draws", "pareto_k"][..], RowShape::Matrix { features: 3 }),
    };
    let names = (header != HeaderArg::No).then(|| columns.iter().map(ToString::to_string).collect());
    let as_what = As { rows: None, names, usual: rows.format(), id: id.as_ref() };
    let mut out = targets.open::<f64>(0, shape, &as_what)?;
    let mut reliability = args.approximate.map(|draws| Reliability::new(draws, args.seed));
    let (mut moments, mut all, mut each, mut outside) = (Moments::default(), Vec::new(), None, 0);
    while let Some(PartialBlock { cells, ids, first }) = rows.next()? {
        let seen = Partial::seen::<F>(&offsets, &cells);
        let nothing = Estimate { log_density: 0.0, effective: f64::INFINITY, pareto_k: f64::NEG_INFINITY };
        let mut estimates = vec![nothing; cells.nrows()];
        for draw in 0..draws {
            let mut own = seen.clone();
            if let Some(noise) = &noise {
                noise.add(draw, first, own.view_mut());
            }
            let once = answers.log_density(own, &given, first).map_err(|error| refused(&args.model, &error))?;
            for (all, once) in estimates.iter_mut().zip(once) {
                all.log_density += once.log_density / draws as f64;
                all.effective = all.effective.min(once.effective);
                all.pareto_k = all.pareto_k.max(once.pareto_k);
            }
        }
        let value = |estimate: &Estimate| if estimate.is_reliable() { estimate.log_density } else { f64::NAN };
        let scores: Vec<f64> = estimates.iter().map(value).collect();
        let inside: Vec<f64> = scores.iter().copied().filter(|score| score.is_finite()).collect();
        outside += scores.iter().filter(|score| **score == f64::NEG_INFINITY).count() as u64;
        let own = weights.as_ref().map(|weights| weights.of_kept(first, &scores, f64::is_finite)).transpose()?;
        moments.add(&inside, own.as_deref());
        if !args.quantiles.is_empty() {
            let judged = |score: f64| !score.is_nan();
            all.extend(scores.iter().filter(|score| judged(**score)));
            if let Some(weights) = &weights {
                each.get_or_insert_with(Vec::new).extend(weights.of_kept(first, &scores, judged)?);
            }
        }
        match &mut reliability {
            None => out.write(ids, &scores)?,
            Some(reliability) => {
                estimates.iter().for_each(|estimate| reliability.add(estimate));
                let of = |(&score, own): (&f64, &Estimate)| [score, own.effective, own.pareto_k];
                out.write(ids, &scores.iter().zip(&estimates).flat_map(of).collect::<Vec<f64>>())?;
            }
        }
        if out.is_closed() {
            return Ok(());
        }
    }
    let (count, name) = (rows.given(), rows.name().to_owned());
    weights.as_ref().map_or(Ok(()), |weights| weights.check_count(count))?;
    if outside == count {
        return Err(BadInput(format!("{name}: all {count} rows lie outside the model's domain")).into());
    }
    let refused = reliability.as_ref().map_or(0, Reliability::refused);
    if refused > 0 && refused + outside == count {
        let message = reliability.map_or_else(String::new, |reliability| reliability.to_string());
        return Err(BadInput(format!("{name}: {message}")).into());
    }
    let likelihood = Likelihood::within(moments, space(args, &given, read.len()), &name)?;
    out.finish()?;
    let all = Sorted::new(all, each.as_deref());
    let value = |&q: &f64| Quantile { quantile: q, value: all.quantile(q) };
    let quantiles = args.quantiles.iter().map(value).collect();
    let drawn = noise.map(|noise| Noise { draws, over: Over::Mean, log_cell: noise.log_cell() });
    let summary = Summary {
        read: None,
        likelihood,
        unseen: None,
        outside_domain: outside,
        noise: drawn,
        approximate: reliability,
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

/// What the scores are densities of, in words.
fn space(args: &Score, given: &[usize], read: usize) -> String {
    let asked = args.rows.input.text.columns.as_ref().map(|columns| columns.join(", "));
    let what = asked.unwrap_or_else(|| format!("{} columns", read - given.len()));
    let given = if args.given.is_empty() { String::new() } else { format!(" given {}", args.given.join(", ")) };
    let missing = if args.missing == Missing::Marginalize { ", of the cells that are there" } else { "" };
    format!("the space of {what}{given}{missing}")
}
