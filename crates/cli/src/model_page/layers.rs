//! The layers and their condition numbers.

use pdmap_core::{ParametricExt, Real};
use pdmap_report::{Section, Table};
use pdmap_train::Model;

use super::measured::short;

/// The figures shown, by their name in `diagnostics` and their column heading.
const FIGURES: [(&str, &str); 4] = [
    ("condition number", "condition"),
    ("largest singular value", "largest σ"),
    ("smallest singular value", "smallest σ"),
    ("max|W'W-I|", "max|WᵀW − I|"),
];

/// The section: one line per matrix, and per layer without a matrix.
pub(super) fn section<F: Real>(model: &Model<F>) -> Section {
    let diagnostics = model.flow.chain().diagnostics();
    let mut rows = Vec::new();
    for (index, layer) in model.header.layers.iter().enumerate() {
        let own = format!("{index}.");
        // Names are `LAYER.TENSOR FIGURE`; there is one line per tensor.
        let figures: Vec<(&str, f64)> =
            diagnostics.iter().filter_map(|d| Some((d.name.strip_prefix(&own)?, d.value))).collect();
        let mut tensors: Vec<&str> = figures.iter().filter_map(|(name, _)| tensor(name)).collect();
        tensors.dedup();
        let kind = if index < model.header.preprocessing {
            format!("{} (preprocessing)", layer.kind)
        } else {
            layer.kind.clone()
        };
        let head = |tensor: &str| vec![index.to_string(), kind.clone(), tensor.to_owned()];
        if tensors.is_empty() {
            rows.push([head(""), vec![String::new(); FIGURES.len()]].concat());
        }
        for tensor in tensors {
            let value = |figure: &str| {
                let name = format!("{tensor} {figure}");
                figures.iter().find(|(known, _)| *known == name).map_or_else(String::new, |&(_, value)| short(value))
            };
            rows.push([head(tensor), FIGURES.iter().map(|(figure, _)| value(figure)).collect()].concat());
        }
    }
    let mut header: Vec<String> = ["layer", "kind", "tensor"].map(String::from).to_vec();
    header.extend(FIGURES.iter().map(|(_, column)| (*column).to_owned()));
    let table = Table { caption: "Layers from data to codes".into(), header, rows, best: vec![], note: String::new() };
    let paragraphs = vec![format!(
        "{} parameters. Errors of the inverse grow with the condition number, which is 1 for an orthonormal matrix.",
        model.flow.parameter_count()
    )];
    Section { heading: "Layers".into(), paragraphs, table: Some(table), ..Section::default() }
}

/// The tensor to which a figure belongs.
fn tensor(name: &str) -> Option<&str> {
    FIGURES.iter().find_map(|(figure, _)| name.strip_suffix(figure)?.strip_suffix(' '))
}
