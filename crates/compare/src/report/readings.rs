//! The contrasts: at each run's best, at equal steps, at equal time.

use pdmap_report::{Section, Table};

use super::cells::{strings, time, with_error};
use super::table::number;
use crate::readings::Reading;
use crate::results::Results;

/// The section.
pub(super) fn readings(results: &Results) -> Section {
    let reading = |reading: Option<Reading>, unit: &str| {
        reading.filter(|r| r.difference.is_finite()).map_or_else(
            || "–".to_owned(),
            |r| format!("{} at {:.0}{unit}", with_error(r.difference, r.half_width), r.at),
        )
    };
    let short = |reading_at: Option<Reading>| {
        reading_at
            .filter(|r| r.difference.is_finite())
            .map_or_else(|| "–".to_owned(), |r| format!("{} at {}", with_error(r.difference, r.half_width), time(r.at)))
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
            "test, best validation",
            "pairs",
            "sign-flip p",
            "p (Holm)",
            "validation, equal steps",
            "validation, equal time",
        ]),
        rows: rows.collect(),
        best: vec![],
        note: format!(
            "The verdict uses the first column: the test log-likelihood at the weights with the best validation, with a t \
             interval over seeds and test rows at {:.2}% each (Bonferroni). Smallest effect of interest: {effect} nats. The \
             sign-flip test assumes symmetry only and covers seeds only. The last two columns compare the best validation so \
             far in the same runs, at the largest number of steps and the longest time that both arms reach; each run's \
             learning-rate schedule still ends at its own horizon.",
            results.contrasts.first().map_or(95.0, |c| 100.0 * c.confidence)
        ),
    };
    Section {
        heading: "The same runs compared in three ways".into(),
        table: (!results.contrasts.is_empty()).then_some(table),
        ..Section::default()
    }
}
