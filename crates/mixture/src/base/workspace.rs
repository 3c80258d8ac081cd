//! Memory for evaluations, reused between calls.

use pdmap_core::linalg::Lu;

/// Memory of one evaluation of some rows.
#[derive(Debug, Default)]
pub(super) struct Workspace<F> {
    /// `z − μ_k`, `[rows, D]`.
    pub(super) centred: Vec<F>,
    /// `y_k = L_k (z − μ_k)`, `[K, rows, D]`, or of one component.
    pub(super) codes: Vec<F>,
    /// `O_k (z − μ_k)` of factors `diag(s_k) O_k`, in the same shape.
    pub(super) turned: Vec<F>,
    /// `r_k y_k`, `[rows, D]`.
    pub(super) weighted: Vec<F>,
    /// Log-densities, then the posterior, `[K, rows]`.
    pub(super) posterior: Vec<f64>,
    /// `log p(z)` of each row.
    pub(super) log_density: Vec<f64>,
    /// A number a row.
    pub(super) totals: Vec<f64>,
    /// `s_k`, `[K, D]`.
    pub(super) scales: Vec<F>,
    /// Sums of one component: `[D, D]`.
    pub(super) square: Vec<F>,
    /// Sums of one component: `[D]`.
    pub(super) sums: Vec<F>,
    /// `log π_k`.
    pub(super) log_weights: Vec<f64>,
    /// The factorization that a log-determinant needs.
    pub(super) lu: Lu<f64>,
}

/// Grows `buffer` to at least `size` numbers.
pub(super) fn grow<T: Clone + Default>(buffer: &mut Vec<T>, size: usize) {
    if buffer.len() < size {
        buffer.resize(size, T::default());
    }
}
