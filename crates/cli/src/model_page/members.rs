//! The members of an ensemble.

use pdmap_core::Real;
use pdmap_report::{Section, Table};
use pdmap_train::Model;

/// The section, where the model file says what was tried.
pub(super) fn section<F: Real>(model: &Model<F>) -> Option<Section> {
    let tried = &model.header.training.as_ref()?.tried;
    let rows = tried.iter().map(|tried| {
        let weight = if tried.weight > 0.0 { format!("{:.4}", tried.weight) } else { "left out".to_owned() };
        vec![
            tried.model.clone(),
            tried.fold.to_string(),
            tried.steps.to_string(),
            format!("{:.4}", tried.held_out),
            weight,
        ]
    });
    let table = Table {
        caption: "Models that were tried".into(),
        header: ["model", "part held out", "training steps", "held-out rows (nats)", "weight"]
            .map(String::from)
            .to_vec(),
        rows: rows.collect(),
        best: vec![],
        note: "The density is the weighted mean of those of the members. The weights of the models maximize the \
               likelihood of held-out rows."
            .into(),
    };
    (!tried.is_empty()).then(|| Section { heading: "Members".into(), table: Some(table), ..Section::default() })
}
