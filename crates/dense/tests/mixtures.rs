//! Sources and mixtures of them, as `benches/peers/picard_fixtures.py` makes them.
#![allow(clippy::unwrap_used)]

use ndarray::{Array2, ArrayView2, Axis, Slice};

/// Numbers of `[0, 1)` by SplitMix64 (Steele, Lea & Flood 2014), as `benches/peers/picard_fixtures.py`
/// draws them.
pub(crate) fn uniform(seed: u64, rows: usize, columns: usize) -> Array2<f64> {
    let mut state = seed;
    Array2::from_shape_simple_fn((rows, columns), || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    })
}

/// Laplace (`l`) or uniform (`u`) sources of variance 1.
pub(crate) fn sources(seed: u64, rows: usize, kinds: &str) -> Array2<f64> {
    let mut sources = uniform(seed, rows, kinds.len()) - 0.5;
    for (kind, mut column) in kinds.chars().zip(sources.columns_mut()) {
        column.mapv_inplace(|u| match kind {
            'l' => -u.signum() * (-2.0 * u.abs()).ln_1p() / 2f64.sqrt(),
            _ => 12f64.sqrt() * u,
        });
    }
    sources
}

/// Rows of mixed sources, and the mixing matrix.
pub(crate) fn mixed(seed: u64, rows: usize, kinds: &str) -> (Array2<f64>, Array2<f64>) {
    let size = kinds.len();
    // The first numbers of the stream that the script draws.
    let mixing = uniform(100 + seed, rows, size).slice_axis(Axis(0), Slice::from(..size)).to_owned();
    let mixing = mixing - 0.3 + Array2::<f64>::eye(size);
    let mut x = sources(seed, rows, kinds).dot(&mixing.t());
    let mean = x.mean_axis(Axis(0)).unwrap();
    x -= &mean;
    (x, mixing)
}

/// The Amari index of `U A`: how far each row and column is from having one entry.
pub(crate) fn amari(unmixing: &Array2<f64>, mixing: &Array2<f64>) -> f64 {
    let product = unmixing.dot(mixing).mapv(f64::abs);
    let count = product.nrows() as f64;
    let index = |lines: ArrayView2<'_, f64>| -> f64 {
        let each = lines.rows().into_iter().map(|line| line.sum() / line.iter().copied().fold(0.0, f64::max) - 1.0);
        each.sum::<f64>() / (2.0 * count * (count - 1.0))
    };
    index(product.view()) + index(product.t())
}
