//! PCA whitening.

use ndarray::{Array1, Array2, ArrayView2, Ix1, Ix2};
use pdmap_core::group::Fixed;
use pdmap_core::linalg::{Add, gemm, orthonormality_residual, symmetric_eigen};
use pdmap_core::prelude::*;
use serde::{Deserialize, Serialize};

use super::dependence::groups;
use super::fixed::{fitted, positive};
use super::passes::{Moments, Passes, in_blocks, moments, weight};

/// `y = diag(1/σ) Uᵀ (x − μ)`, where `cov(x) = U diag(σ²) Uᵀ` on the training rows, largest
/// variance first; `log|det| = −Σ log σ`. Not trained. Whitening is itself an unconstrained linear
/// map, so a flow that contains it never has "inverse = transpose" as a whole.
///
/// Features in very different units are first divided by their standard deviations `s`:
/// `y = diag(1/σ) Uᵀ diag(1/s) (x − μ)` with the principal axes of the correlations.
#[derive(Debug, Clone)]
pub struct Whitening<F> {
    mean: Fixed<F, Ix1>,
    /// `s`, where the features are scaled first.
    scale: Option<Fixed<F, Ix1>>,
    /// `U`, `[features, features]`, eigenvectors in columns.
    basis: Fixed<F, Ix2>,
    deviation: Fixed<F, Ix1>,
}

/// Options of the layer in a model file; none where features are not scaled.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WhiteningOptions {
    #[serde(default)]
    scaled: bool,
}

/// Principal axes.
struct Axes {
    /// Largest first.
    deviation: Array1<f64>,
    basis: Array2<f64>,
}

impl Axes {
    fn of(matrix: ArrayView2<'_, f64>) -> Result<Self> {
        let (variance, basis) = symmetric_eigen(matrix)?;
        Ok(Self { deviation: variance.mapv(|v| v.max(0.0).sqrt()), basis })
    }

    /// The smallest deviation as a share of the largest.
    fn ratio(&self) -> f64 {
        match (self.deviation.first(), self.deviation.last()) {
            (Some(&largest), Some(&smallest)) if largest > 0.0 => smallest / largest,
            _ => 0.0,
        }
    }
}

/// Smallest ratio of standard deviations along two principal axes that counts as signal, in ε of
/// the working precision: covariances are summed in `f64`, but the rows have their own precision.
const RANK: f64 = 64.0;

/// Smallest ratio of variances along two principal axes that counts as signal, in ε of `f64` ×
/// features. Eigenvalues of a covariance are accurate to rounding of the largest one, so a linearly
/// dependent feature has a variance of that order instead of 0.
const VARIANCE: f64 = 8.0;

/// Largest error, in nats of each row, that the rounding of a covariance may cause before the
/// correlations are tried instead. The error of an eigenvalue, relative to the smallest one, is at
/// most that of [`VARIANCE`] divided by the square of the ratio of deviations; half of it is the
/// error of the log-determinant. With 3 features, the limit is a ratio of 1.6e-6.
const LOSS: f64 = 1e-3;

/// Allowed deviation from orthonormality of a basis after rounding, in ε × features.
const BASIS: f64 = 64.0;

impl<F: Real> Whitening<F> {
    /// Fits the principal axes of the given rows: those of the covariance, or of the correlations
    /// where the features have such different scales that the covariance would lose them.
    ///
    /// # Errors
    /// [`LayerError::NoRows`]; [`LayerError::Dependent`] for correlations without full rank
    /// (constant or linearly dependent features, or fewer rows than features).
    pub fn fit(rows: ArrayView2<'_, F>) -> Result<Self> {
        Self::fit_weighted(rows, None)
    }

    /// Like [`fit`](Self::fit), for rows of these weights: one of weight `w` counts as `w` equal rows.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); another number of weights than of rows.
    pub fn fit_weighted(rows: ArrayView2<'_, F>, weights: Option<&[f64]>) -> Result<Self> {
        check::weights(rows.nrows(), weights)?;
        Self::fit_in_passes(&mut in_blocks(rows, weights))
    }

    /// Like [`fit`](Self::fit), for rows delivered in blocks by repeated passes.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); those of the passes.
    pub fn fit_in_passes<E: From<LayerError>>(passes: &mut Passes<'_, F, E>) -> Result<Self, E> {
        let Moments { total, mean, .. } = moments(passes)?;
        let covariance = covariance(passes, total, &mean)?;
        let dim = mean.len();
        let rounding = VARIANCE * f64::EPSILON * dim as f64;
        let least = (RANK * F::EPS).max(rounding.sqrt());
        let plain = Axes::of(covariance.view())?;
        let usable = plain.ratio() > least;
        let make = |scale: Option<Array1<f64>>, axes: Axes| {
            let narrow = |values: Array1<f64>| values.mapv(F::of);
            Self::new(mean.mapv(F::of), scale.map(narrow), axes.basis.mapv(F::of), narrow(axes.deviation))
        };
        if usable && 0.5 * rounding / plain.ratio().powi(2) <= LOSS {
            return Ok(make(None, plain)?);
        }
        let scale = covariance.diag().mapv(f64::sqrt);
        // A constant feature has no correlations: its row and column stay 0.
        let inverse = scale.mapv(|s| if s > 0.0 { 1.0 / s } else { 0.0 });
        let correlation = Array2::from_shape_fn((dim, dim), |(i, j)| covariance[[i, j]] * inverse[i] * inverse[j]);
        let scaled = Axes::of(correlation.view())?;
        if usable && scaled.ratio() <= plain.ratio() {
            return Ok(make(None, plain)?);
        }
        let ratio = scaled.ratio();
        if ratio > least {
            return Ok(make(Some(scale), scaled)?);
        }
        let largest = scaled.deviation.first().copied().unwrap_or(0.0);
        let rank = scaled.deviation.iter().take_while(|&&deviation| deviation > least * largest).count();
        Err(LayerError::Dependent { groups: groups(scaled.basis.view(), rank), ratio, least }.into())
    }

    fn new(mean: Array1<F>, scale: Option<Array1<F>>, basis: Array2<F>, deviation: Array1<F>) -> Result<Self> {
        let dim = mean.len();
        check::shape("basis", (dim, dim), basis.dim())?;
        check::features("deviation", dim, deviation.len())?;
        if let Some(scale) = &scale {
            check::features("scale", dim, scale.len())?;
        }
        let mean = Fixed::new("mean", mean)?;
        let scale = scale.map(|scale| Fixed::new("scale", scale)).transpose()?;
        let (basis, deviation) = (Fixed::new("basis", basis)?, Fixed::new("deviation", deviation)?);
        let layer = Self { mean, scale, basis, deviation };
        layer.check()?;
        Ok(layer)
    }

    fn check(&self) -> Result<()> {
        let (basis, dim) = (self.basis.values(), self.mean.values().len());
        let (residual, tolerance) = (orthonormality_residual(basis.view()), BASIS * F::EPS * dim as f64);
        if residual.is_nan() || residual > tolerance {
            return Err(LayerError::NotOrthonormal { residual, tolerance });
        }
        if let Some(scale) = &self.scale {
            positive(scale.values().view())?;
        }
        positive(self.deviation.values().view())
    }

    fn add_log_det(&self, sign: f64, log_det: Option<&mut [f64]>) {
        let sum = |values: &Array1<F>| values.iter().map(|s| s.f64().ln()).sum::<f64>();
        let own = -sum(self.deviation.values()) - self.scale.as_ref().map_or(0.0, |scale| sum(scale.values()));
        log_det.into_iter().flatten().for_each(|log_det| *log_det += sign * own);
    }
}

/// Covariance (divisor: sum of the weights) in `f64`, summed over the products of the blocks in order.
fn covariance<F: Real, E: From<LayerError>>(
    passes: &mut Passes<'_, F, E>,
    total: f64,
    mean: &Array1<f64>,
) -> Result<Array2<f64>, E> {
    let dim = mean.len();
    let mut sum = Array2::zeros((dim, dim));
    passes(&mut |block, weights| {
        let mut centred = Array2::zeros(block.raw_dim());
        for (index, (mut centred, row)) in centred.rows_mut().into_iter().zip(block.rows()).enumerate() {
            let root = weight(weights, index).sqrt();
            for ((centred, x), mean) in centred.iter_mut().zip(row).zip(mean) {
                *centred = root * (x.f64() - mean);
            }
        }
        gemm(1.0 / total, centred.t(), centred.view(), Add::Yes, sum.view_mut())
    })?;
    Ok(sum)
}

impl<F: Real> Kind<F> for Whitening<F> {
    const KIND: &'static str = "whitening";

    fn build(spec: &LayerSpec, _: &mut BuildContext<'_, F>, _: &Registry<F>) -> Result<Self> {
        Err(fitted(spec))
    }

    fn restore(spec: &LayerSpec, tensors: &mut Tensors<F>, _: &Registry<F>) -> Result<Self> {
        let WhiteningOptions { scaled } = spec.parse()?;
        let mean = tensors.vector("mean", None)?;
        let scale = if scaled { Some(tensors.vector("scale", Some(mean.len()))?) } else { None };
        let basis = tensors.square("basis", Some(mean.len()))?;
        let deviation = tensors.vector("deviation", Some(mean.len()))?;
        Self::new(mean, scale, basis, deviation)
    }
}

impl<F: Real> Parametric<F> for Whitening<F> {
    fn parameters(&self, visit: &mut Visit<'_, F>) -> Result<()> {
        visit(&"mean", &self.mean)?;
        if let Some(scale) = &self.scale {
            visit(&"scale", scale)?;
        }
        visit(&"basis", &self.basis)?;
        visit(&"deviation", &self.deviation)
    }

    fn parameters_mut(&mut self, visit: &mut VisitMut<'_, F>) -> Result<()> {
        visit(&"mean", &mut self.mean)?;
        if let Some(scale) = &mut self.scale {
            visit(&"scale", scale)?;
        }
        visit(&"basis", &mut self.basis)?;
        visit(&"deviation", &mut self.deviation)?;
        self.check()
    }
}

impl<F: Real> Layer<F> for Whitening<F> {
    fn spec(&self) -> LayerSpec {
        match self.scale {
            None => LayerSpec::plain(Self::KIND),
            Some(_) => LayerSpec::new(Self::KIND, &WhiteningOptions { scaled: true }),
        }
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        input.with_features(self.mean.values().len())
    }

    fn forward(&self, input: Input<F>, mut y: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()> {
        let (rows, columns) = input.x.dim();
        let mut centred = tape.store(0, rows, columns);
        centred.assign(&input.x);
        centred -= self.mean.values();
        if let Some(scale) = &self.scale {
            centred /= scale.values();
        }
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
        if let Some(scale) = &self.scale {
            x *= scale.values();
        }
        x += self.mean.values();
        self.add_log_det(-1.0, log_det);
        Ok(())
    }

    fn backward(&self, at: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, _: &mut [ParamGrad<F>]) -> Result<()> {
        let Some(mut dx) = dx else { return Ok(()) };
        let (rows, columns) = dy.dim();
        let mut scaled = at.tape.store(0, rows, columns);
        scaled.assign(&dy);
        scaled /= self.deviation.values();
        gemm(F::one(), scaled.view(), self.basis.values().t(), Add::No, dx.view_mut())?;
        if let Some(scale) = &self.scale {
            dx /= scale.values();
        }
        Ok(())
    }
}
