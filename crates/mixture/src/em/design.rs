//! The monomials of a row that a normal density depends on.

use crate::covariance::CovarianceForm;

/// Which monomials of a row `x` of D columns are summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Design {
    /// `1, x_i`: components differ in their means only.
    Linear,
    /// `1, x_i, x_i²`.
    Squares,
    /// `1, x_i, x_i x_j` for `i ≤ j`, row by row.
    Products,
}

impl Design {
    pub(super) fn of(form: CovarianceForm) -> Self {
        match form {
            CovarianceForm::Tied => Self::Linear,
            CovarianceForm::Diagonal => Self::Squares,
            CovarianceForm::Full | CovarianceForm::LowRank { .. } => Self::Products,
        }
    }

    /// Number of monomials.
    pub(super) fn width(self, columns: usize) -> usize {
        1 + columns
            + match self {
                Self::Linear => 0,
                Self::Squares => columns,
                Self::Products => columns * (columns + 1) / 2,
            }
    }

    /// Writes the monomials of rows of `columns` numbers.
    #[inline(always)]
    pub(super) fn fill(self, rows: &[f64], columns: usize, out: &mut [f64]) {
        let width = self.width(columns);
        for (x, out) in rows.chunks_exact(columns).zip(out.chunks_exact_mut(width)) {
            out[0] = 1.0;
            out[1..=columns].copy_from_slice(x);
            let mut rest = &mut out[columns + 1..];
            match self {
                Self::Linear => {}
                Self::Squares => rest.iter_mut().zip(x).for_each(|(out, x)| *out = x * x),
                Self::Products => {
                    for (i, &x_i) in x.iter().enumerate() {
                        let (own, after) = rest.split_at_mut(columns - i);
                        own.iter_mut().zip(&x[i..]).for_each(|(out, &x_j)| *out = x_i * x_j);
                        rest = after;
                    }
                }
            }
        }
    }
}
