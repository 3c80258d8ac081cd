//! The table of the tuning.

use pdmap_report::Table;

use crate::results::Results;

/// The table; none if nothing was tuned.
pub(super) fn tuning(results: &Results) -> Option<Table> {
    if results.tuning.is_empty() {
        return None;
    }
    let rows = results.arms.iter().filter_map(|arm| {
        let mut tried: Vec<_> = results.tuning.iter().filter(|t| t.arm == arm.arm).collect();
        tried.sort_by(|a, b| a.rung.cmp(&b.rung).then(a.rate.total_cmp(&b.rate)));
        let rung = |rung: usize| {
            let cells = tried.iter().filter(|t| t.rung == rung).map(|t| match t.validation {
                Some(value) => format!("{:e}: {value:.3}", t.rate),
                None => format!("{:e}: diverged", t.rate),
            });
            cells.collect::<Vec<_>>().join("; ")
        };
        (!tried.is_empty()).then(|| vec![arm.arm.clone(), format!("{:e}", arm.rate), rung(0), rung(1), rung(2)])
    });
    let fixed = results.plan.arms.iter().filter_map(|arm| Some(format!("{} ({:e})", arm.name, arm.rate?)));
    let fixed: Vec<String> = fixed.collect();
    let fixed = match fixed[..] {
        [] => String::new(),
        _ => format!(" Not tuned, because the plan fixes the rate: {}.", fixed.join(", ")),
    };
    let share = results.plan.tuning_share;
    let header = ["arm", "chosen", "first rung", "second rung", "third rung"].map(str::to_owned).to_vec();
    Some(Table {
        caption: "Tuning: learning rates and their best validation log-likelihoods on each rung".into(),
        header,
        rows: rows.collect(),
        best: vec![],
        note: format!(
            "Successive halving with the same number of runs of the same length for every arm, on separate seeds: {}, {} and \
             {share} of a final run's budget. The first rung includes two additional rates beyond the edge or next to the \
             best rate. Test rows are not used.{fixed}",
            share / 4.0,
            share / 2.0
        ),
    })
}
