//! The members of an ensemble.

use anyhow::Result;
use pdmap_core::Real;
use pdmap_report::{Section, Table};
use pdmap_train::Model;

/// The member with the largest weight, whose codes and layers are shown for the ensemble.
pub(super) fn heaviest<F: Real>(model: &Model<F>) -> Result<Option<(usize, Model<F>)>> {
    let Some(ensemble) = model.ensemble()? else { return Ok(None) };
    let weights = ensemble.weights().iter().enumerate();
    let index = weights.max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(index, _)| index);
    Ok(Some((index, model.member(index)?)))
}

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
