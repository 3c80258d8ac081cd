//! Pairwise marginals of data and samples.

use anyhow::Result;
use ndarray::ArrayView2;
use pdmap_core::Real;
use pdmap_report::{Figure, MOST_PAIR_COLUMNS, PairColumn, PairPlot};

use super::histogram::span;

/// Most columns, and most rows, among which those that are shown are chosen.
const CANDIDATES: usize = 256;
const RANKED: usize = 2000;

/// The matrix of the columns that depend on the others most; none for fewer than three, of which
/// the plane and a histogram show all.
pub(super) fn figure<F: Real>(
    names: Option<&[String]>,
    both: [(&str, ArrayView2<'_, F>); 2],
) -> Result<Option<Figure>> {
    let all = both[0].1.ncols();
    if all < 3 || both[0].1.nrows() < 2 {
        return Ok(None);
    }
    let shown = chosen(both[0].1.reborrow());
    let column = |&feature: &usize| {
        let values =
            both.each_ref().map(|(_, rows)| rows.column(feature).iter().map(|x| x.f64()).collect::<Vec<f64>>());
        let (low, high) = span(values[0].iter().copied(), 0.002).unwrap_or((-1.0, 1.0));
        let margin = 0.05 * (high - low);
        let name =
            names.and_then(|names| names.get(feature)).map_or_else(|| format!("x{feature}"), ToString::to_string);
        PairColumn { name, range: (low - margin, high + margin), values }
    };
    let plot = PairPlot {
        title: "Pairs of features".into(),
        sets: both.each_ref().map(|(name, _)| name.to_lowercase()),
        columns: shown.iter().map(column).collect(),
    };
    let which = match shown.len() < all {
        true => format!(
            "Of {all} features, the {} with the largest sum of squared rank correlations with the others. ",
            shown.len()
        ),
        false => String::new(),
    };
    let caption = format!(
        "{which}Data below the diagonal, samples above it, histograms of both on it; each axis spans 99.6% of the data, \
         and the opacity of a cell is the square root of its count."
    );
    Ok(Some(Figure::of_pairs(&plot, &caption)?))
}

/// The columns with the largest sum of squared rank correlations with the others, in their order.
fn chosen<F: Real>(rows: ArrayView2<'_, F>) -> Vec<usize> {
    let all = rows.ncols();
    if all <= MOST_PAIR_COLUMNS {
        return (0..all).collect();
    }
    let stride = rows.nrows().div_ceil(RANKED).max(1);
    let scores: Vec<Vec<f64>> = (0..all.min(CANDIDATES))
        .map(|column| scores(&rows.column(column).iter().step_by(stride).map(|x| x.f64()).collect::<Vec<f64>>()))
        .collect();
    let mut sums = vec![0.0; scores.len()];
    for a in 0..scores.len() {
        for b in 0..a {
            let square = scores[a].iter().zip(&scores[b]).map(|(a, b)| a * b).sum::<f64>().powi(2);
            sums[a] += square;
            sums[b] += square;
        }
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| sums[b].total_cmp(&sums[a]).then(a.cmp(&b)));
    order.truncate(MOST_PAIR_COLUMNS);
    order.sort_unstable();
    order
}

/// Ranks of mean 0 and norm 1; equal numbers share their mean rank. All 0 for a constant.
fn scores(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for group in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = first as f64 + 0.5 * (group.len() - 1) as f64 - 0.5 * (values.len() - 1) as f64;
        group.iter().for_each(|&at| ranks[at] = rank);
        first += group.len();
    }
    let norm = ranks.iter().map(|rank| rank * rank).sum::<f64>().sqrt();
    if norm > 0.0 {
        ranks.iter_mut().for_each(|rank| *rank /= norm);
    }
    ranks
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn the_columns_that_depend_on_others_are_chosen() {
        // Columns 1, 3, 5, 6, 7 and 8 are monotone in one number, with ties; the others are independent of it.
        let dependent = [1, 3, 5, 6, 7, 8];
        let rows = Array2::from_shape_fn((500, 10), |(i, j)| match dependent.contains(&j) {
            true => ((i / 2) as f64).powi(1 + j as i32 % 3),
            false => ((i * i * (j + 3) + 17 * j) % 101) as f64,
        });
        assert_eq!(chosen(rows.view()), dependent);
        assert_eq!(chosen(rows.select(ndarray::Axis(1), &[0, 4, 9]).view()), [0, 1, 2]);
    }

    #[test]
    fn ranks_share_ties() {
        let found = scores(&[3.0, 1.0, 3.0, 7.0]);
        let norm = (1.5_f64 * 1.5 * 2.0 + 0.0).sqrt();
        assert!(found.iter().zip([0.0, -1.5, 0.0, 1.5]).all(|(a, b)| (a - b / norm).abs() < 1e-12), "{found:?}");
        assert_eq!(scores(&[2.0; 3]), [0.0; 3]);
    }
}
