//! The trained factors of the precisions.

use ndarray::{Array1, Array2, ArrayView2, Axis, Ix2};
use pdmap_core::contract::{Visit, VisitMut};
use pdmap_core::group::{Direction, Free, Group, GroupMatrix, recentre};
use pdmap_core::linalg::{Lu, symmetric_eigen};
use pdmap_core::{LayerError, Real, Result, Tensors};
use serde::{Deserialize, Serialize};

use crate::factor::PrecisionFactor;
use crate::mixture::GaussianMixture;

/// How the factor `L_k` of the precision `Σ_k⁻¹ = L_kᵀL_k` of a component is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FactorKind {
    /// A matrix of GL(D) for each component, by the relative gradient.
    General,
    /// One matrix of GL(D) for all components.
    Tied,
    /// `diag(s_k) O_k` with `O_k` in O(D), by Cayley steps, and `log s_k`.
    Orthonormal,
    /// `diag(s_k)`, by `log s_k`.
    Diagonal,
}

/// Factors of all components.
#[derive(Debug, Clone)]
pub(super) struct Factors<F: Real> {
    pub(super) kind: FactorKind,
    /// The direction in GL(D).
    pub(super) direction: Direction,
    /// `L_k`, one `L` if tied, `O_k`; none if diagonal.
    pub(super) matrices: Vec<GroupMatrix<F>>,
    /// `log s_k`, `[K, D]`; without rows for matrices of GL(D).
    pub(super) log_scales: Free<F, Ix2>,
}

/// Names of the tensors.
const MATRICES: &str = "factors";
const ROTATIONS: &str = "rotations";
const LOG_SCALES: &str = "log_scales";

impl FactorKind {
    /// Whether there is a `log s` for each component and column.
    pub(super) fn has_scales(self) -> bool {
        matches!(self, Self::Orthonormal | Self::Diagonal)
    }

    /// Number of matrices.
    fn matrices(self, components: usize) -> usize {
        match self {
            Self::General | Self::Orthonormal => components,
            Self::Tied => 1,
            Self::Diagonal => 0,
        }
    }

    fn group(self, direction: Direction) -> Group {
        if self == Self::Orthonormal { Group::Orthonormal } else { Group::General(direction) }
    }

    /// Numbers of all factors.
    pub(super) fn numbers(self, components: usize, columns: usize) -> usize {
        let scales = if self.has_scales() { components * columns } else { 0 };
        self.matrices(components).saturating_mul(columns.saturating_mul(columns)).saturating_add(scales)
    }

    fn tensor(self) -> &'static str {
        if self == Self::Orthonormal { ROTATIONS } else { MATRICES }
    }
}

/// The direction of factors in GL(D) must be a relative one: the Euclidean one has an inverse.
fn check_direction(direction: Direction) -> Result<()> {
    match direction {
        Direction::Relative | Direction::Algebra => Ok(()),
        Direction::Euclidean | Direction::RelativeLeft => Err(LayerError::Conflict {
            first: "a Gaussian mixture",
            second: "a direction other than `relative` and `algebra`",
        }),
    }
}

impl<F: Real> Factors<F> {
    /// The factors of a mixture, in the form in which they are trained.
    pub(super) fn of(mixture: &GaussianMixture, kind: FactorKind, direction: Direction) -> Result<Self> {
        check_direction(direction)?;
        let (count, columns) = (mixture.components().len(), mixture.columns());
        let group = kind.group(direction);
        let (mut matrices, mut log_scales) = (Vec::new(), Array2::zeros((0, columns)));
        if kind.has_scales() {
            log_scales = Array2::zeros((count, columns));
        }
        for (k, component) in mixture.components().iter().enumerate().take(kind.matrices(count).max(log_scales.nrows()))
        {
            match kind {
                FactorKind::General | FactorKind::Tied => {
                    matrices.push(GroupMatrix::new(component.factor().matrix().mapv(F::of), group)?);
                }
                FactorKind::Orthonormal => {
                    let (variances, axes) = symmetric_eigen(component.factor().covariance().view())?;
                    let mut rotation = axes.t().mapv(F::of).as_standard_layout().into_owned();
                    // Rounding to F leaves a distance of order ε, which one step removes.
                    recentre(&mut rotation, &mut Vec::new())?;
                    matrices.push(GroupMatrix::new(rotation, group)?);
                    write(&mut log_scales, k, variances.mapv(|variance| F::of(-0.5 * variance.ln())));
                }
                FactorKind::Diagonal => {
                    let own = match component.factor() {
                        PrecisionFactor::Diagonal(factor) => factor.clone(),
                        // The variances of the columns, whatever their correlations.
                        dense @ PrecisionFactor::Dense(_) => dense.covariance().diag().mapv(|v| 1.0 / v.sqrt()),
                    };
                    write(&mut log_scales, k, own.mapv(|value| F::of(value.ln())));
                }
            }
        }
        Ok(Self { kind, direction, matrices, log_scales: Free::new("log scales", log_scales)? })
    }

    /// The factors of `components` components from tensors.
    pub(super) fn restore(
        kind: FactorKind,
        direction: Direction,
        (components, columns): (usize, usize),
        from: &mut Tensors<F>,
    ) -> Result<Self> {
        check_direction(direction)?;
        let mut log_scales = Array2::zeros((0, columns));
        if kind.has_scales() {
            log_scales = from.matrix(LOG_SCALES, Some((components, columns)))?;
        }
        let mut matrices = Vec::new();
        for k in 0..kind.matrices(components) {
            let matrix = from.square(&format!("{}.{k}", kind.tensor()), Some(columns))?;
            matrices.push(GroupMatrix::new(matrix, kind.group(direction))?);
        }
        Ok(Self { kind, direction, matrices, log_scales: Free::new("log scales", log_scales)? })
    }

    pub(super) fn parameters(&self, visit: &mut Visit<'_, F>) -> Result<()> {
        if self.kind.has_scales() {
            visit(&LOG_SCALES, &self.log_scales)?;
        }
        let name = self.kind.tensor();
        self.matrices.iter().enumerate().try_for_each(|(k, matrix)| visit(&format_args!("{name}.{k}"), matrix))
    }

    pub(super) fn parameters_mut(&mut self, visit: &mut VisitMut<'_, F>) -> Result<()> {
        if self.kind.has_scales() {
            visit(&LOG_SCALES, &mut self.log_scales)?;
        }
        let name = self.kind.tensor();
        self.matrices.iter_mut().enumerate().try_for_each(|(k, matrix)| visit(&format_args!("{name}.{k}"), matrix))
    }

    /// Index of the matrix of component `k`.
    pub(super) fn index(&self, k: usize) -> Option<usize> {
        match self.kind {
            FactorKind::General | FactorKind::Orthonormal => Some(k),
            FactorKind::Tied => Some(0),
            FactorKind::Diagonal => None,
        }
    }

    /// The matrix of component `k`; none if diagonal.
    pub(super) fn matrix(&self, k: usize) -> Option<&GroupMatrix<F>> {
        self.matrices.get(self.index(k)?)
    }

    /// `log|det L_k|` in nats.
    ///
    /// # Errors
    /// A singular matrix.
    pub(super) fn log_det(&self, k: usize, memory: &mut Lu<f64>) -> Result<f64> {
        let matrix = self.matrix(k).map_or(Ok(0.0), |matrix| matrix.log_abs_det_in(memory))?;
        let scales: f64 =
            self.log_scales.values().rows().into_iter().skip(k).take(1).flatten().map(|value| value.f64()).sum();
        Ok(matrix + scales)
    }

    /// The variance `(L_k⁻¹ L_k⁻ᵀ)_ii` of column `i` of component `k`: `‖L_k⁻ᵀ e_i‖²`.
    pub(super) fn variance(&self, k: usize, column: usize) -> Result<f64> {
        let scales: Option<Array1<f64>> = (self.kind.has_scales())
            .then(|| self.log_scales.values().index_axis(Axis(0), k).mapv(|value| value.f64().exp()));
        let Some(matrix) = self.matrix(k) else {
            return Ok(scales.map_or(f64::NAN, |scales| scales[column].powi(-2)));
        };
        let mut row = Array2::zeros((1, matrix.dim()));
        match scales {
            // (diag(s) O)⁻ᵀ e = diag(1/s) O e.
            Some(scales) => row.row_mut(0).assign(&(matrix.weight().column(column).mapv(F::f64) / scales)),
            None => {
                row[[0, column]] = 1.0;
                Lu::<f64>::new(matrix.weight())?.solve_rows_transposed(row.view_mut())?;
            }
        }
        Ok(row.iter().map(|value| value * value).sum())
    }

    /// `L_k` in double precision.
    pub(super) fn exact(&self, k: usize) -> crate::error::Result<PrecisionFactor> {
        let scales: Option<Array1<f64>> = (self.kind.has_scales())
            .then(|| self.log_scales.values().index_axis(Axis(0), k).mapv(|value| value.f64().exp()));
        let wide = |matrix: ArrayView2<'_, F>| matrix.mapv(F::f64);
        match (self.matrix(k), scales) {
            (Some(matrix), None) => PrecisionFactor::of_matrix(wide(matrix.weight()).view()),
            (Some(matrix), Some(scales)) => {
                let factor = wide(matrix.weight()) * scales.insert_axis(Axis(1));
                PrecisionFactor::of_matrix(factor.view())
            }
            (None, scales) => Ok(PrecisionFactor::Diagonal(scales.unwrap_or_default())),
        }
    }
}

fn write<F: Real>(to: &mut Array2<F>, row: usize, values: Array1<F>) {
    to.row_mut(row).assign(&values);
}
