//! The report page: the verdict first, then the results behind it.

use pdmap_report::{Page, Section, Table};

use super::facts::facts;
use super::figures::figures;
use super::table::{headers, rows};
use super::tuning_table::tuning;
use super::{cost, diagnostics, outline, prose, readings, targets};
use crate::error::CompareError;
use crate::results::Results;

/// The report page.
///
/// # Errors
/// A plot or the template failed.
pub fn page(results: &Results) -> Result<Page, CompareError> {
    let figures = figures(results)?.into_iter().map(|(_, figure)| figure).collect();
    let best = results.arms.iter().enumerate().filter(|(_, arm)| results.best.contains(&arm.arm));
    let best = best.map(|(index, _)| index).collect();
    let table = Table {
        caption: "Arms and baselines on the test rows".into(),
        header: headers(),
        rows: rows(results),
        best,
        note: "Nats per row; higher is better. ± rows: standard error over test rows, with the patches of an image as one \
               group. ± seeds: standard error over seeds. Halved steps: steps that would have changed the sign of a \
               determinant or moved a scale past 0. Marked: the highest mean and the arms that are statistically alike."
            .into(),
    };
    let comparison = Section {
        heading: "Results".into(),
        paragraphs: vec![prose::intervals(results)],
        table: Some(table),
        figures,
        facts: vec![],
    };
    let arms = Section {
        heading: "What was compared".into(),
        paragraphs: prose::arms(&results.plan),
        table: tuning(results),
        figures: vec![],
        facts: vec![],
    };
    let data = Section {
        heading: "Data and machine".into(),
        paragraphs: results.data.notes.clone(),
        table: None,
        figures: vec![],
        facts: facts(results),
    };
    Ok(Page {
        title: prose::title(results),
        verdict: results.verdict.clone(),
        sections: vec![
            comparison,
            readings::readings(results),
            targets::targets(results)?,
            diagnostics::diagnostics(results)?,
            cost::cost(results),
            arms,
            plan(results),
            data,
        ],
        generated_by: format!("pdmap {} compare, {}", results.machine.version, results.date),
    })
}

/// The plan, as a dry run prints it.
fn plan(results: &Results) -> Section {
    let mut rows = outline::arms(&results.plan);
    let header = rows.remove(0);
    let table = Table {
        caption: "Planned arms".into(),
        header,
        rows,
        best: vec![],
        note: "`results.json` contains the whole plan, with all layers, under `plan`.".into(),
    };
    let paragraphs = outline::terms(&results.plan);
    Section { heading: "Plan".into(), paragraphs, table: Some(table), ..Section::default() }
}
