//! The table of results, for the page and the terminal.

use crate::results::Results;

/// Column headings.
pub fn headers() -> Vec<String> {
    [
        "arm",
        "rate",
        "parameters",
        "steps",
        "steps/s",
        "best validation, nats",
        "test, nats",
        "± rows",
        "± seeds",
        "bits/dim",
        "halved steps",
        "diverged",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// A figure with `digits` decimals, or a dash.
pub(crate) fn number(value: Option<f64>, digits: usize) -> String {
    value.filter(|v| v.is_finite()).map_or_else(|| "–".to_owned(), |v| format!("{v:.digits$}"))
}

/// Index of the test column.
const TEST: usize = 6;

/// One row per arm, then the baselines and the true density, if known.
pub fn rows(results: &Results) -> Vec<Vec<String>> {
    let arms = results.arms.iter().map(|arm| {
        vec![
            arm.arm.clone(),
            format!("{:e}", arm.rate),
            arm.parameters.to_string(),
            number(Some(arm.steps), 0),
            number(Some(arm.steps_per_second), 1),
            number(Some(arm.validation), 2),
            number(Some(arm.test), 2),
            number(Some(arm.test_error), 2),
            number(arm.seed_error, 2),
            number(Some(arm.bits_per_dim), 3),
            arm.halvings.to_string(),
            arm.diverged.to_string(),
        ]
    });
    let baselines = results.baselines.iter().map(|baseline| {
        let blank = "–".to_owned();
        vec![
            baseline.name.clone(),
            blank.clone(),
            baseline.parameters.to_string(),
            blank.clone(),
            blank.clone(),
            blank.clone(),
            number(baseline.test, 2),
            number(baseline.test_error, 2),
            blank.clone(),
            number(baseline.bits_per_dim, 3),
            blank.clone(),
            blank,
        ]
    });
    let truth = results.truth().map(|(name, truth)| {
        let mut row = vec!["–".to_owned(); headers().len()];
        (row[0], row[TEST]) = (name.to_owned(), number(Some(truth), 2));
        row
    });
    arms.chain(baselines).chain(truth).collect()
}

/// The table for a terminal.
pub fn text_table(results: &Results) -> String {
    columns(&std::iter::once(headers()).chain(rows(results)).collect::<Vec<_>>())
}

/// Aligns rows in columns, the first to the left and the others to the right.
pub(crate) fn columns(rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..rows.first().map_or(0, Vec::len)).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A figure in scientific notation, or a dash.
pub(crate) fn scientific(value: f64) -> String {
    if value.is_finite() { format!("{value:.1e}") } else { "–".to_owned() }
}
