//! PCA whitening.

use ndarray::{Array1, Array2, ArrayView2, Ix1, Ix2};
use pdmap_core::group::Fixed;
use pdmap_core::linalg::{Add, gemm, orthonormality_residual, symmetric_eigen};
use pdmap_core::prelude::*;

use super::fixed::{fitted, positive};
use super::passes::{Passes, in_blocks, moments};

/// `y = diag(1/σ) Uᵀ (x − μ)`, where `cov(x) = U diag(σ²) Uᵀ` on the training rows, largest
/// variance first; `log|det| = −Σ log σ`. Not trained. Whitening is itself an unconstrained linear
/// map, so a flow that contains it never has "inverse = transpose" as a whole.
#[derive(Debug, Clone)]
pub struct Whitening<F> {
    mean: Fixed<F, Ix1>,
    /// `U`, `[features, features]`, eigenvectors in columns.
    basis: Fixed<F, Ix2>,
    deviation: Fixed<F, Ix1>,
}

/// Smallest ratio of standard deviations along two principal axes that counts as signal, in ε of
/// the working precision: covariances are summed in `f64`, but the rows have their own precision.
const RANK: f64 = 64.0;

/// Smallest ratio of variances along two principal axes that counts as signal, in ε of `f64` ×
/// features. Eigenvalues of a covariance are accurate to rounding of the largest one, so a linearly
/// dependent feature has a variance of that order instead of 0.
const VARIANCE: f64 = 8.0;

/// Allowed deviation from orthonormality of a basis after rounding, in ε × features.
const BASIS: f64 = 64.0;

impl<F: Real> Whitening<F> {
    /// Fits the principal axes of the given rows.
    ///
    /// # Errors
    /// [`LayerError::NoRows`]; [`LayerError::Singular`] for a covariance without full rank
    /// (constant or linearly dependent features, or fewer rows than features).
    pub fn fit(rows: ArrayView2<'_, F>) -> Result<Self> {
        Self::fit_in_passes(&mut in_blocks(rows))
    }

    /// Like [`fit`](Self::fit), for rows delivered in blocks by repeated passes.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); those of the passes.
    pub fn fit_in_passes<E: From<LayerError>>(passes: &mut Passes<'_, F, E>) -> Result<Self, E> {
        let (count, mean, _) = moments(passes)?;
        let covariance = covariance(passes, count, &mean)?;
        let dim = mean.len();
        let (variance, basis) = symmetric_eigen(covariance.view())?;
        let deviation = variance.mapv(|v| v.max(0.0).sqrt());
        let largest = deviation.first().copied().unwrap_or(0.0);
        let least = (RANK * F::EPS).max((VARIANCE * f64::EPSILON * dim as f64).sqrt()) * largest;
        if let Some(pivot) = deviation.iter().position(|&s| s <= least || s.is_nan()) {
            return Err(LayerError::Singular { dim, pivot, value: deviation[pivot] }.into());
        }
        Ok(Self::new(mean.mapv(F::of), basis.mapv(F::of), deviation.mapv(F::of))?)
    }

    fn new(mean: Array1<F>, basis: Array2<F>, deviation: Array1<F>) -> Result<Self> {
        let dim = mean.len();
        check::shape("basis", (dim, dim), basis.dim())?;
        check::features("deviation", dim, deviation.len())?;
        let mean = Fixed::new("mean", mean)?;
        let (basis, deviation) = (Fixed::new("basis", basis)?, Fixed::new("deviation", deviation)?);
        let layer = Self { mean, basis, deviation };
        layer.check()?;
        Ok(layer)
    }

    fn check(&self) -> Result<()> {
        let (basis, dim) = (self.basis.values(), self.mean.values().len());
        let (residual, tolerance) = (orthonormality_residual(basis.view()), BASIS * F::EPS * dim as f64);
        if residual.is_nan() || residual > tolerance {
            return Err(LayerError::NotOrthonormal { residual, tolerance });
        }
        positive(self.deviation.values().view())
    }

    fn add_log_det(&self, sign: f64, log_det: Option<&mut [f64]>) {
        let own = -self.deviation.values().iter().map(|s| s.f64().ln()).sum::<f64>();
        log_det.into_iter().flatten().for_each(|log_det| *log_det += sign * own);
    }
}

/// Covariance (divisor: number of rows) in `f64`, summed over the products of the blocks in order.
fn covariance<F: Real, E: From<LayerError>>(
    passes: &mut Passes<'_, F, E>,
    count: usize,
    mean: &Array1<f64>,
) -> Result<Array2<f64>, E> {
    let dim = mean.len();
    let mut sum = Array2::zeros((dim, dim));
    passes(&mut |block| {
        let mut centred = Array2::zeros(block.raw_dim());
        for (mut centred, row) in centred.rows_mut().into_iter().zip(block.rows()) {
            for ((centred, x), mean) in centred.iter_mut().zip(row).zip(mean) {
                *centred = x.f64() - mean;
            }
        }
        gemm(1.0 / count as f64, centred.t(), centred.view(), Add::Yes, sum.view_mut())
    })?;
    Ok(sum)
}

impl<F: Real> Kind<F> for Whitening<F> {
    const KIND: &'static str = "whitening";

    fn build(spec: &LayerSpec, _: &mut BuildContext<'_, F>, _: &Registry<F>) -> Result<Self> {
        Err(fitted(spec))
    }

    fn restore(_: &LayerSpec, tensors: &mut Tensors<F>, _: &Registry<F>) -> Result<Self> {
        let mean = tensors.vector("mean", None)?;
        let basis = tensors.square("basis", Some(mean.len()))?;
        let deviation = tensors.vector("deviation", Some(mean.len()))?;
        Self::new(mean, basis, deviation)
    }
}

impl<F: Real> Parametric<F> for Whitening<F> {
    fn parameters(&self, visit: &mut Visit<'_, F>) -> Result<()> {
        visit(&"mean", &self.mean)?;
        visit(&"basis", &self.basis)?;
        visit(&"deviation", &self.deviation)
    }

    fn parameters_mut(&mut self, visit: &mut VisitMut<'_, F>) -> Result<()> {
        visit(&"mean", &mut self.mean)?;
        visit(&"basis", &mut self.basis)?;
        visit(&"deviation", &mut self.deviation)?;
        self.check()
    }
}

impl<F: Real> Layer<F> for Whitening<F> {
    fn spec(&self) -> LayerSpec {
        LayerSpec::plain(Self::KIND)
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        input.with_features(self.mean.values().len())
    }

    fn forward(&self, input: Input<F>, mut y: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()> {
        let (rows, columns) = input.x.dim();
        let mut centred = tape.store(0, rows, columns);
        centred.assign(&input.x);
        centred -= self.mean.values();
        gemm(F::one(), centred.view(), self.basis.values().view(), Add::No, y.view_mut())?;
        y /= self.deviation.values();
        self.add_log_det(1.0, log_det);
        Ok(())
    }

    fn inverse(&self, output: Input<F>, mut x: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()> {
        let (rows, columns) = output.x.dim();
        let mut scaled = tape.store(0, rows, columns);
        scaled.assign(&output.x);
        scaled *= self.deviation.values();
        gemm(F::one(), scaled.view(), self.basis.values().t(), Add::No, x.view_mut())?;
        x += self.mean.values();
        self.add_log_det(-1.0, log_det);
        Ok(())
    }

    fn backward(&self, at: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, _: &mut [ParamGrad<F>]) -> Result<()> {
        let Some(dx) = dx else { return Ok(()) };
        let (rows, columns) = dy.dim();
        let mut scaled = at.tape.store(0, rows, columns);
        scaled.assign(&dy);
        scaled /= self.deviation.values();
        gemm(F::one(), scaled.view(), self.basis.values().t(), Add::No, dx)
    }
}
