//! `pdmap data describe`.

use anyhow::Result;
use ndarray::ArrayView2;
use pdmap_data::{ColumnReport, ColumnSummary, Describer, Description, Input, open_rows};

use crate::args::Describe;
use crate::terminal::output;

/// Numbers per block.
const BLOCK: usize = 1 << 18;

pub(crate) fn run(args: &Describe) -> Result<()> {
    let mut data = open_rows::<f64>(&Input::parse(&args.data), &args.text.options()?)?;
    let features = data.features();
    let names = data.columns().map(<[String]>::to_vec);
    let mut describer = Describer::new(features);
    let mut block = Vec::new();
    loop {
        let rows = data.read((BLOCK / features).max(1), &mut block)?;
        if rows == 0 {
            break;
        }
        describer.add(ArrayView2::from_shape((rows, features), &block)?);
    }
    let table = describer.finish(names.as_deref());
    if args.json {
        let mut json = serde_json::json!({ "file": data.name(), "description": table });
        if let Some(report) = data.column_report() {
            json["table"] = serde_json::json!(report);
        }
        return output::json(&json);
    }
    output::line(&format!("{}: {} rows, {features} columns", data.name(), table.rows))?;
    for note in data.column_report().map(ColumnReport::notes).unwrap_or_default() {
        output::line(&note)?;
    }
    lines(&table).iter().try_for_each(|line| output::line(line))
}

/// The description as text.
fn lines(table: &Description) -> Vec<String> {
    let mut lines = aligned(&table.columns);
    let columns = table.columns.len();
    lines.push(match table.rank {
        Some(rank) if table.too_few_rows => {
            format!("rank of the correlation matrix: {rank} of {columns}, with too few rows to tell which columns depend on others")
        }
        Some(rank) => format!("rank of the correlation matrix: {rank} of {columns}"),
        None => "rank of the correlation matrix: not judged (too many columns, or fewer than two complete rows)".into(),
    });
    lines.extend(table.degenerate_notes());
    lines.extend(table.columns.iter().filter(|column| column.infinite > 0).map(|column| {
        format!("{} has {} infinite values, which nothing else here counts", column.name, column.infinite)
    }));
    if let Some(rows) = table.sampled_rows {
        lines.push(format!(
            "quantiles, distinct values, kinds and rank are those of {rows} evenly spaced rows; the rest is exact"
        ));
    }
    lines
}

/// A line of headings and one for each column, with cells below each other.
fn aligned(columns: &[ColumnSummary]) -> Vec<String> {
    let headings = ["column", "kind", "minimum", "25%", "median", "75%", "maximum", "distinct", "missing"];
    let mut cells = vec![headings.map(str::to_owned)];
    cells.extend(columns.iter().map(|column| {
        let [low, middle, high] = column.quantiles.map(short);
        let (distinct, missing) = (column.distinct.to_string(), column.missing.to_string());
        let kind = column.kind.to_string();
        [column.name.clone(), kind, short(column.min), low, middle, high, short(column.max), distinct, missing]
    }));
    let width = |at: usize| cells.iter().map(|cells| cells[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let line = |cells: &[String; 9]| {
        let padded = cells.iter().zip(&widths).enumerate().map(|(at, (cell, &width))| match at {
            0 | 1 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        padded.collect::<Vec<_>>().join("  ")
    };
    cells.iter().map(line).collect()
}

/// Ten significant digits, without trailing zeros.
fn short(value: f64) -> String {
    let rounded: f64 = format!("{value:.9e}").parse().unwrap_or(value);
    let size = rounded.abs();
    if value.is_nan() {
        "—".to_owned()
    } else if size == 0.0 || (1e-4..1e15).contains(&size) {
        rounded.to_string()
    } else {
        format!("{rounded:e}")
    }
}
