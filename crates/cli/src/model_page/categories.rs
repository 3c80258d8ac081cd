//! The columns of categories: their frequencies in the data and under the model.

use anyhow::Result;
use ndarray::ArrayView2;
use pdmap_core::Real;
use pdmap_report::{Section, Table};
use pdmap_train::Model;

/// Labels of a column that the page lists at most: the most frequent ones.
const LISTED: usize = 20;

/// The section; none for a model without categories. `one_hot` are the categories of the rows.
pub(super) fn section<F: Real>(model: &Model<F>, one_hot: ArrayView2<'_, F>) -> Result<Option<Section>> {
    let Some((categories, labels)) = model.categorical() else { return Ok(None) };
    let rows = one_hot.nrows().max(1) as f64;
    let mut start = 0;
    let (mut body, mut facts) = (Vec::new(), Vec::new());
    for (index, column) in categories.columns.iter().enumerate() {
        let expected = labels.frequencies(index)?;
        let sum = |label: usize| one_hot.column(start + label).iter().map(|one| one.f64()).sum::<f64>();
        let found: Vec<f64> = (0..expected.len()).map(|label| sum(label) / rows).collect();
        start += expected.len();
        let mut order: Vec<usize> = (0..expected.len()).collect();
        order.sort_by(|&a, &b| expected[b].total_cmp(&expected[a]).then(a.cmp(&b)));
        for &label in order.iter().take(LISTED) {
            let share = |value: f64| format!("{:.2}%", 100.0 * value);
            let name = format!("{}: {}", column.name, column.labels[label]);
            let cells = [name, share(found[label]), share(expected[label])];
            body.push(cells.to_vec());
        }
        let listed = expected.len().min(LISTED);
        let more = if listed < expected.len() { format!(", the {listed} most frequent above") } else { String::new() };
        facts.push((column.name.clone(), format!("{} labels{more}", expected.len())));
    }
    facts.push(("Latent classes".to_owned(), labels.known().classes().to_string()));
    let header = ["label", "rows", "model"].map(str::to_owned).to_vec();
    Ok(Some(Section {
        heading: "Categories".into(),
        paragraphs: vec![
            "The log-likelihood is log p(c) + log p(x | c): the categories c have a latent class model, and the numbers x the flow, whose condition they are. The table has the shares of rows and the probabilities of the model.".into(),
        ],
        table: Some(Table { header, rows: body, ..Table::default() }),
        facts,
        ..Section::default()
    }))
}
