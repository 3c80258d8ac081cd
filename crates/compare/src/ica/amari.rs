//! The Amari index: distance of an unmixing matrix from the truth.

use ndarray::{Array2, ArrayView2, Axis};

/// The Amari index of `P = W A`, in [0, 1]:
///
/// ```text
/// (Σ_i (Σ_j |P_ij| / max_j |P_ij| − 1) + Σ_j (Σ_i |P_ij| / max_i |P_ij| − 1)) / (2 D (D − 1)),
/// ```
///
/// 0 if every row and column of `P` has one nonzero entry, so that each source is recovered up to
/// order, scale and sign; 1 if all entries have the same magnitude (Amari, Cichocki & Yang 1996,
/// normalized). NaN for a row or column of zeros and for a single source.
pub fn amari_index(product: ArrayView2<'_, f64>) -> f64 {
    let absolute: Array2<f64> = product.mapv(f64::abs);
    let count = absolute.nrows() as f64;
    let spread = |axis| -> f64 {
        let lanes = absolute.lanes(axis).into_iter();
        lanes.map(|lane| lane.sum() / lane.iter().fold(0.0, |most: f64, &value| most.max(value)) - 1.0).sum()
    };
    (spread(Axis(0)) + spread(Axis(1))) / (2.0 * count * (count - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_index_matches_values_computed_by_hand() {
        assert_eq!(amari_index(array![[0.0, -3.0], [0.5, 0.0]].view()), 0.0);
        assert_eq!(amari_index(array![[1.0, -1.0], [1.0, 1.0]].view()), 1.0);
        // Rows: 1/2 + 0/4; columns: 0/2 + 1/4; over 2·2·1.
        assert!((amari_index(array![[2.0, 1.0], [0.0, 4.0]].view()) - 0.75 / 4.0).abs() < 1e-15);
        assert!(amari_index(array![[0.0, 0.0], [1.0, 1.0]].view()).is_nan());
    }
}
