//! What rows are conditioned on, and the density of labels.

use ndarray::Array1;
use pdmap_categories::LatentClasses;
use pdmap_core::Real;
use pdmap_spec::{Condition, Model};

use crate::graph::{Graph, Size, Type, Value};

/// The condition as layers see it, and `log p` of the labels of a row.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Given<'g> {
    pub(crate) condition: Option<Value<'g>>,
    pub(crate) log_prob: Option<Value<'g>>,
}

/// Adds the inputs of a density `p(x | c)` or `p(c) p(x | c)`.
pub(crate) fn given<'g, F: Real>(graph: &'g Graph, model: &Model<F>) -> Given<'g> {
    if let (Some(categories), Some(labels)) = (&model.header.categories, &model.labels) {
        let counts = categories.counts();
        let doc = format!("numbers of the labels of {}, each from 0", categories.names().join(", "));
        let codes = graph.input("labels", Type::Int, &[Size::Rows, Size::Of(counts.len())], &doc);
        let condition = one_hot(graph, codes, &counts).cast(Type::of::<F>());
        return Given { condition: Some(condition), log_prob: Some(log_density(graph, codes, labels.known())) };
    }
    let condition = model.header.condition.as_ref().map(|condition| match condition {
        Condition::Vector { width, .. } => {
            graph.input("condition", Type::of::<F>(), &[Size::Rows, Size::Of(*width)], "the condition of each row")
        }
        Condition::Standardized { location, deviation, .. } => {
            let sizes = [Size::Rows, Size::Of(location.len())];
            let c = graph.input("condition", Type::Double, &sizes, "the condition of each row");
            let constant = |numbers: &[f64]| graph.array(&Array1::from(numbers.to_vec()));
            ((c - constant(location)) / constant(deviation)).cast(Type::of::<F>())
        }
        Condition::Classes { .. } | Condition::Named { .. } => {
            let count = condition.classes().unwrap_or(0);
            let doc = match condition {
                Condition::Named { classes } => format!("0 to {}: {}", count - 1, classes.join(", ")),
                _ => format!("0 to {}", count - 1),
            };
            let class = graph.input("class", Type::Int, &[Size::Rows], &doc);
            one_hot(graph, class.unsqueeze(1), &[count]).cast(Type::of::<F>())
        }
    });
    Given { condition, log_prob: None }
}

/// One-hot vectors of codes `[rows, columns]`, one after another.
fn one_hot<'g>(graph: &'g Graph, codes: Value<'g>, counts: &[usize]) -> Value<'g> {
    let column = counts.iter().enumerate().flat_map(|(column, &count)| std::iter::repeat_n(column, count));
    let label = counts.iter().flat_map(|&count| 0..count);
    codes.take(1, column).equals(graph.indices(label))
}

/// `log Σ_k π_k Π_j θ_kj(c_j)`, `[rows]`.
fn log_density<'g>(graph: &'g Graph, codes: Value<'g>, labels: &LatentClasses) -> Value<'g> {
    // [labels of all columns, classes].
    let log_theta = graph.array(&labels.probabilities().t().mapv(f64::ln));
    let starts = labels.labels().iter().scan(0, |next, &count| {
        let start = *next;
        *next += count;
        Some(start)
    });
    let rows = log_theta.gather(0, codes + graph.indices(starts));
    (rows.sum(1, false) + graph.array(&labels.weights().mapv(f64::ln))).log_sum_exp()
}
