//! `pdmap classify`: classification by likelihood.

use anyhow::Result;
use ndarray::{Array2, ArrayView2};
use pdmap_core::{Input, Real};
use pdmap_data::RowShape;
use pdmap_train::{AnyModel, Model, each_precision as each};
use serde::Serialize;

use crate::args::{Classify, HeaderArg};
use crate::condition;
use crate::rows::blocks::Blocks;
use crate::rows::targets::{As, Targets};
use crate::terminal::exit::BadInput;
use crate::terminal::output;

/// The summary.
#[derive(Debug, Serialize)]
struct Summary {
    rows: usize,
    classes: usize,
    /// Number of rows assigned to each class.
    given: Vec<usize>,
    /// Null without `--labels`.
    accuracy: Option<f64>,
    /// Standard error of the accuracy.
    standard_error: Option<f64>,
    /// `[label][class]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    confusion: Vec<Vec<usize>>,
    /// Mean over rows of `log Σ_k p(x|k)/K`, the density with equally likely classes, nats.
    marginal: f64,
}

pub(crate) fn run(args: &Classify) -> Result<()> {
    let mut read = vec![args.model.as_path(), args.rows.data.as_path()];
    read.extend(args.labels.as_deref());
    let places = [("--out", args.out.as_deref()), ("--posterior", args.posterior.as_deref())];
    let targets = Targets::plan(places, &read, args.format)?;
    each!(AnyModel::load(&args.model)?, model => classify(args, &model, &targets))
}

fn classify<F: Real>(args: &Classify, model: &Model<F>, targets: &Targets<2>) -> Result<()> {
    if let Some(categories) = &model.header.categories {
        let message = format!(
            "{}: the model has columns of categories, {}, and no classes to choose from; pdmap score gives log p(c, x) of a row with each label",
            args.model.display(),
            categories.names().join(", ")
        );
        return Err(BadInput(message).into());
    }
    let condition = model.header.condition.as_ref();
    let Some((condition, classes)) = condition.and_then(|condition| Some((condition, condition.classes()?))) else {
        return Err(BadInput("the model has no classes: train it with --condition LABELS".into()).into());
    };
    let (text, header) = (args.rows.text.options()?, args.rows.text.header);
    let labels =
        args.labels.as_deref().map(|path| condition::beside::<f64>(condition, path, &text).map(|rows| labels(&rows)));
    let labels = labels.transpose()?;
    let mut data = Blocks::<F>::open(&args.rows.data, &text, model)?;
    let (count, format) = (data.count(), data.format());
    let named = |name: &str| (header != HeaderArg::No).then(|| vec![name.to_owned()]);
    let id = data.id_column();
    let as_what = |names| As { rows: count, names, usual: format, id: id.as_ref() };
    let mut out = targets.open::<f64>(0, RowShape::Vector, &as_what(named("class")))?;
    let names = (header != HeaderArg::No).then(|| (0..classes).map(|k| format!("p{k}")).collect::<Vec<_>>());
    let shape = RowShape::Matrix { features: classes };
    let mut posterior = targets.open::<f64>(1, shape, &as_what(names))?;

    let mut evaluator = model.flow.evaluator();
    let (mut chosen, mut marginal) = (Vec::new(), 0.0);
    while let Some(block) = data.next()? {
        let rows = block.rows.nrows();
        let mut all = Array2::<f64>::zeros((classes, rows));
        for class in 0..classes {
            let condition =
                Array2::from_shape_fn((rows, classes), |(_, column)| F::of(f64::from(u8::from(column == class))));
            let input: Input<'_, F> = block.rows.reborrow().into();
            let mut log_prob = all.row_mut(class);
            let Some(log_prob) = log_prob.as_slice_mut() else { continue };
            evaluator.log_prob_into(input.given(condition.view()), log_prob).map_err(|error| block.error(error))?;
        }
        let (classes_of, posteriors, sum) = decide(all.view());
        marginal += sum;
        out.write(block.ids, &classes_of.iter().map(|&class| class as f64).collect::<Vec<_>>())?;
        posterior.write(block.ids, &posteriors)?;
        chosen.extend(classes_of);
    }
    out.finish()?;
    posterior.finish()?;
    let rows = chosen.len();
    if let Some(labels) = &labels
        && labels.len() != rows
    {
        return Err(BadInput(format!("--labels: {} rows, but the data have {rows}", labels.len())).into());
    }
    let mut given = vec![0; classes];
    chosen.iter().for_each(|&class| given[class] += 1);
    let confusion = labels.as_ref().map_or(vec![], |labels| {
        let mut confusion = vec![vec![0; classes]; classes];
        labels.iter().zip(&chosen).for_each(|(&label, &class)| confusion[label][class] += 1);
        confusion
    });
    let right = (0..confusion.len()).map(|class| confusion[class][class]).sum::<usize>();
    let accuracy = labels.map(|_| right as f64 / rows as f64);
    let standard_error = accuracy.map(|a| (a * (1.0 - a) / rows as f64).sqrt());
    let marginal = marginal / rows as f64;
    print(args, &Summary { rows, classes, given, accuracy, standard_error, confusion, marginal }, targets.stdout())
}

/// The class of each row of one-hot labels.
fn labels(rows: &Array2<f64>) -> Vec<usize> {
    rows.rows().into_iter().map(|row| row.iter().position(|&v| v > 0.0).unwrap_or(0)).collect()
}

/// From `log p(x|k)`, `[classes, rows]`: the most likely class of each row, the posterior
/// probabilities by row, and `Σ log mean_k p(x|k)`.
fn decide(all: ArrayView2<'_, f64>) -> (Vec<usize>, Vec<f64>, f64) {
    let (mut chosen, mut posteriors, mut sum) = (Vec::new(), Vec::new(), 0.0);
    for column in all.columns() {
        let mut best = 0;
        for (class, &value) in column.iter().enumerate() {
            if value > column[best] {
                best = class;
            }
        }
        let total: f64 = column.iter().map(|value| (value - column[best]).exp()).sum();
        posteriors.extend(column.iter().map(|value| (value - column[best]).exp() / total));
        sum += column[best] + (total / all.nrows() as f64).ln();
        chosen.push(best);
    }
    (chosen, posteriors, sum)
}

fn print(args: &Classify, summary: &Summary, rows_on_stdout: bool) -> Result<()> {
    if args.json {
        return output::summary(&serde_json::to_string_pretty(summary)?, rows_on_stdout);
    }
    let mut line = format!("{} rows, {} classes", summary.rows, summary.classes);
    if let (Some(accuracy), Some(error)) = (summary.accuracy, summary.standard_error) {
        line += &format!(", accuracy {accuracy:.4} ± {error:.4}");
    }
    line += &format!("; {:.4} nats with equally likely classes", summary.marginal);
    output::summary(&line, rows_on_stdout)?;
    for (label, row) in summary.confusion.iter().enumerate() {
        let counts = row.iter().map(|count| format!("{count:6}")).collect::<String>();
        output::summary(&format!("label {label:3}:{counts}"), rows_on_stdout)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_most_likely_class_wins_and_probabilities_sum_to_one() {
        let (chosen, posteriors, sum) = decide(array![[-1000.0, 0.0], [-1001.0, 2.0_f64.ln()]].view());
        assert_eq!(chosen, [0, 1]);
        assert!((posteriors[0] - 1.0 / (1.0 + (-1.0_f64).exp())).abs() < 1e-15);
        assert!((posteriors[2] - 1.0 / 3.0).abs() < 1e-15 && (posteriors[3] - 2.0 / 3.0).abs() < 1e-15);
        let expected = -1000.0 + ((1.0 + (-1.0_f64).exp()) / 2.0).ln() + 1.5_f64.ln();
        assert!((sum - expected).abs() < 1e-12);
    }
}
