//! Textbook dense linear algebra, independent of the crate.

#![allow(clippy::unwrap_used)]

use ndarray::Array2;

/// The inverse and `log |det|` by elimination with pivoting.
pub(crate) fn inverse(matrix: &Array2<f64>) -> (Array2<f64>, f64) {
    let n = matrix.nrows();
    let (mut a, mut b, mut log_det) = (matrix.clone(), Array2::<f64>::eye(n), 0.0);
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[[i, k]].abs().total_cmp(&a[[j, k]].abs())).unwrap();
        for m in [&mut a, &mut b] {
            for column in 0..n {
                m.swap([k, column], [pivot, column]);
            }
        }
        let scale = a[[k, k]];
        log_det += scale.abs().ln();
        for m in [&mut a, &mut b] {
            m.row_mut(k).mapv_inplace(|v| v / scale);
        }
        for i in (0..n).filter(|&i| i != k) {
            let factor = a[[i, k]];
            for m in [&mut a, &mut b] {
                let from = m.row(k).to_owned();
                m.row_mut(i).scaled_add(-factor, &from);
            }
        }
    }
    (b, log_det)
}
