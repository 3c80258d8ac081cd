//! The matrix of pairwise marginals.
#![allow(clippy::unwrap_used)]

use pdmap_report::{MOST_PAIR_COLUMNS, PairColumn, PairPlot, ReportError, color, pair_plot};
use roxmltree::Document;

fn column(name: &str, values: [Vec<f64>; 2]) -> PairColumn {
    PairColumn { name: name.to_owned(), range: (0.0, 1.0), values }
}

/// Rows on the diagonal in the first set, and on the other in the second.
fn plot(count: usize) -> PairPlot {
    let up: Vec<f64> = (0..100).map(|i| f64::from(i) / 100.0).collect();
    let down: Vec<f64> = up.iter().rev().copied().collect();
    let of = |index: usize| {
        let second = if index.is_multiple_of(2) { up.clone() } else { down.clone() };
        column(&format!("a long name of column <{index}>"), [up.clone(), second])
    };
    let sets = ["data".to_owned(), "samples".to_owned()];
    PairPlot { title: "Pairs".to_owned(), sets, columns: (0..count).map(of).collect() }
}

#[test]
fn a_matrix_has_a_panel_for_each_pair_and_both_histograms() {
    let svg = pair_plot(&plot(4)).unwrap();
    let document = Document::parse(&svg).unwrap();
    let root = document.root_element();
    assert_eq!((root.attribute("role"), root.attribute("width")), (Some("img"), Some("100%")));
    let label = root.attribute("aria-label").unwrap();
    assert!(label.contains("column <3>") && label.contains("data below the diagonal"), "{label}");
    let images: Vec<_> = root.descendants().filter(|node| node.has_tag_name("image")).collect();
    assert_eq!(images.len(), 12);
    for set in 0..2 {
        let lines = root.descendants().filter(|node| node.has_tag_name("polyline"));
        let own = lines.filter(|node| node.attribute("stroke") == Some(color(set)));
        // Four histograms and the sample of the legend.
        assert_eq!(own.count(), 5, "set {set}");
    }
    // The sets differ in the pairs of a rising and a falling column alone: below and above the diagonal of the
    // matrix, panel (1, 0) is not the mirror image of (0, 1).
    let href = |index: usize| images[index].attribute("href").unwrap();
    assert_ne!(href(0), href(3));
    assert!(svg.len() < 60_000, "{}", svg.len());
    assert!(svg.contains('…'), "long names are cut");
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let refused = |plot: &PairPlot| pair_plot(plot).unwrap_err();
    assert!(matches!(refused(&plot(0)), ReportError::NothingToDraw { .. }));
    assert!(matches!(refused(&plot(MOST_PAIR_COLUMNS + 1)), ReportError::TooManyCells { .. }));
    let mut wrong = plot(3);
    wrong.columns[1].range = (1.0, 1.0);
    assert!(matches!(refused(&wrong), ReportError::BadRange { .. }));
    let mut wrong = plot(3);
    wrong.columns[2].values[0].pop();
    assert!(matches!(refused(&wrong), ReportError::NothingToDraw { .. }));
    // All beyond the range, or not finite: panels stay empty.
    let mut beyond = plot(2);
    beyond.columns[0].values = [vec![7.0; 100], vec![f64::NAN; 100]];
    assert!(!pair_plot(&beyond).unwrap().contains("<image"));
}
