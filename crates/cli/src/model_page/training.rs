//! How the model was trained.

use pdmap_core::{BaseSpec, Real};
use pdmap_report::Section;
use pdmap_train::{Budget, Model};

use super::measured::Subject;

/// One sentence, if the model file records its training.
pub(super) fn sentence<F: Real>(model: &Model<F>) -> Option<String> {
    let training = model.header.training.as_ref()?;
    if !training.tried.is_empty() {
        return Some(format!(
            "Trained on {}: the members took {} steps; rows that they have not seen have {:.4} nats.",
            training.data, training.steps, training.best_validation
        ));
    }
    Some(format!(
        "Trained on {} for {} steps; the weights are those of step {}, which had the best validation ({:.4} nats).",
        training.data, training.steps, training.best_step, training.best_validation
    ))
}

/// The base density in one line.
fn base(base: &BaseSpec) -> String {
    match base.options.get("members") {
        Some(serde_json::Value::Array(members)) => format!("{} of {} flows", base.kind, members.len()),
        _ => serde_json::to_string(base).unwrap_or_default(),
    }
}

/// The section.
pub(super) fn section<F: Real>(subject: &Subject<'_, F>) -> Section {
    let header = &subject.model.header;
    let mut facts = vec![
        ("Features", header.features.to_string()),
        ("Precision", header.dtype.clone()),
        ("Space", header.space.clone()),
        ("Base density", base(&header.base)),
        ("Weights", subject.model.weights_hash()),
        ("Written by", format!("pdmap {}, format {}", header.version, header.format)),
    ];
    if let Some(training) = &header.training {
        let config = &training.config;
        let budget = match config.budget {
            Budget::Steps(steps) => format!("{steps} steps"),
            Budget::Time(time) => format!("{:.1} s", time.as_secs_f64()),
        };
        facts.extend([
            ("Data", training.data.clone()),
            ("Seed", training.seed.to_string()),
            ("Budget", budget),
            ("Training steps (taken of planned)", format!("{} of {}", training.steps, training.horizon)),
            ("Optimizer", format!("{}, rate {}, batch {}", config.optimizer, config.rate, config.batch)),
            ("Schedule", config.schedule.shape.to_string()),
        ]);
    }
    let facts = facts.into_iter().map(|(term, fact)| (term.to_owned(), fact)).collect();
    Section { heading: "Model and training".into(), facts, ..Section::default() }
}
