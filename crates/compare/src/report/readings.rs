//! The contrasts, each read three ways.

use pdmap_report::{Section, Table};

use super::cells::{strings, time, with_error};
use crate::readings::Reading;
use crate::results::Results;
use crate::table::number;

pub(super) fn readings(results: &Results) -> Section {
    let reading = |reading: Option<Reading>, unit: &str| {
        reading.filter(|r| r.difference.is_finite()).map_or_else(
            || "–".to_owned(),
            |r| format!("{} at {:.0}{unit}", with_error(r.difference, r.half_width), r.at),
        )
    };
    let short = |reading_at: Option<Reading>| {
        reading_at.filter(|r| r.difference.is_finite()).map_or_else(
            || "–".to_owned(),
            |r| format!("{} at {}", with_error(r.difference, r.half_width), time(r.at)),
        )
    };
    let rows = results.contrasts.iter().map(|c| {
        vec![
            format!("{} against {}", c.arm, c.against),
            with_error(c.difference, c.half_width),
            c.pairs.to_string(),
            number(Some(c.p_value), 4),
            number(Some(c.p_adjusted), 4),
            reading(c.equal_steps, " steps"),
            short(c.equal_time),
        ]
    });
    let effect = results.plan.smallest_effect;
    let table = Table {
        caption: "Differences, nats".into(),
        header: strings(&[
            "contrast",
            "test, at its own best",
            "pairs",
            "sign-flip p",
            "p, Holm",
            "validation, equal steps",
            "validation, equal time",
        ]),
        rows: rows.collect(),
        best: None,
        note: format!(
            "The verdict is by the first column: test rows at the weights of each run's best validation, with a t interval over seeds and test rows at {:.2}% each \
             (Bonferroni). Smallest effect of interest: {effect} nats. The sign-flip test assumes nothing but symmetry and knows of seeds alone. Equal steps and equal time \
             read the best validation so far on the same runs, at the most steps and the longest time that both arms have; their learning-rate schedules are \
             laid out for their own ends.",
            results.contrasts.first().map_or(95.0, |c| 100.0 * c.confidence)
        ),
    };
    Section {
        heading: "The same runs read three ways".into(),
        table: (!results.contrasts.is_empty()).then_some(table),
        ..Section::default()
    }
}
