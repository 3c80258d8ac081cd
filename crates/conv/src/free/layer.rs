//! The convolution with unconstrained kernels.

use ndarray::{Array1, ArrayD};
use pdmap_core::Gradients;
use pdmap_core::prelude::*;
use pdmap_filterbank::Kernels;

use super::kernels::{FreeDirection, FreeKernels};
use super::options::Options;

/// Rows solved at a time.
const ROWS: usize = 32;

/// Maximum number of features: a specification alone must not cause a larger allocation.
const MOST_FEATURES: usize = 1 << 24;

/// Maximum of complex numbers in all factorizations, plus a few per frequency: 256 MiB, and half as
/// much again during their computation.
const MOST_FACTORS: usize = 1 << 24;

/// `y[o, bK+k] = Σ_i Σ_j h[k,o,i,j] x[i, (bK + j − offset) mod n]` with arbitrary kernels, and the
/// analogue for images; see [`Kernels`].
///
/// Rows are flat and channel-major: `[C, n]` or `[C, H, W]`. Signals are periodic. In the frequency
/// domain the map is one complex matrix `E(f) = Σ_m E_m e^(2πi f·m/B)` of side `N = KC` for each of
/// the `B` frequencies, so
///
/// ```text
/// log|det|        = Σ_f log|det E(f)|                      nats
/// ∂ log|det|/∂E_m = Re Σ_f e^(2πi f·m/B) E(f)⁻ᵀ
///                   with [E_m]_{(k,o),(l,i)} = h[k,o,i,mK+l+offset]
/// x               = FFT⁻¹( E(f)⁻¹ FFT(y)(f) )
/// ```
///
/// The first two cost `O(B·N³)` per step. The inverse is not local, and nothing keeps the map away
/// from a singular frequency. A step that would change the sign of the determinant at one of the
/// frequencies where `E(f)` is real is halved; at the others, the determinant can vanish only by
/// chance.
#[derive(Debug, Clone)]
pub struct FreeConv<F: Real> {
    shape: Vec<usize>,
    kernels: FreeKernels<F>,
}

impl<F: Real> FreeConv<F> {
    /// The given kernels on rows of shape `[C, n]` or `[C, H, W]`.
    ///
    /// # Errors
    /// A shape with other axes or channels than the kernels; a length that the period does not
    /// divide ([`LayerError::Indivisible`]); more than 2^24 features, or more than 2^24 numbers in
    /// the factors of all frequencies: `B (N² + 16)` with `B` blocks and `N = KC`.
    pub fn new(shape: &[usize], kernels: Kernels, direction: FreeDirection) -> Result<Self> {
        let size = kernels.grid().size("shape", shape)?;
        let features: usize = shape.iter().product();
        if features > MOST_FEATURES {
            let (value, range) = (features as f64, "at most 2^24");
            return Err(LayerError::Range { what: "features", value, range });
        }
        let (windows, blocks) = (kernels.windows(size)?, kernels.grid().blocks(size)?);
        let (side, count) = (kernels.matrix().nrows(), blocks[0] * blocks[1]);
        let factors = count.saturating_mul(side.saturating_mul(side).saturating_add(16));
        if factors > MOST_FACTORS {
            let (value, range) = (factors as f64, "at most 2^24");
            let what = "complex numbers in the factors of all frequencies";
            return Err(LayerError::Range { what, value, range });
        }
        let kernels = FreeKernels::new(shape, kernels, (windows, blocks), direction)?;
        Ok(Self { shape: shape.to_vec(), kernels })
    }

    /// `[C, n]` or `[C, H, W]`.
    pub fn dims(&self) -> &[usize] {
        &self.shape
    }

    /// The present kernels.
    ///
    /// # Errors
    /// Kernels that are no longer finite.
    pub fn kernels(&self) -> Result<Kernels> {
        self.kernels.kernels()
    }

    /// `log|det|` of the whole map, in nats.
    ///
    /// # Errors
    /// [`LayerError::SingularFrequency`] with the frequency.
    pub fn log_det(&self) -> Result<f64> {
        Ok(self.kernels.factors()?.log_abs_det())
    }

    /// `∂ log|det| / ∂h`, shaped like the kernels.
    ///
    /// # Errors
    /// As [`log_det`](Self::log_det).
    pub fn log_det_gradient(&self) -> Result<ArrayD<f64>> {
        self.kernels.tensor_of(&Array1::from(self.kernels.log_det_part()?))
    }

    /// The angle in radians between the chosen direction and the Euclidean gradient, for the
    /// accumulated rows; below π/2 the direction ascends.
    ///
    /// # Errors
    /// No rows; a singular frequency; [`LayerError::Conflict`] for the Euclidean direction, whose
    /// angle is 0.
    pub fn angle(&self, grads: &Gradients<F>) -> Result<f64> {
        if self.kernels.direction == FreeDirection::Euclidean {
            let (first, second) = ("an angle to the gradient", "the Euclidean direction");
            return Err(LayerError::Conflict { first, second });
        }
        let rows = grads.some_rows()?;
        let [grad] = &grads.params[..] else {
            return Err(LayerError::Grads { expected: 1, actual: grads.params.len() });
        };
        let (gradient, direction) = (self.kernels.gradient(rows, grad)?, self.kernels.relative(rows, grad)?);
        let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        let lengths = dot(&gradient, &gradient).sqrt() * dot(&direction, &direction).sqrt();
        Ok((dot(&gradient, &direction) / lengths).clamp(-1.0, 1.0).acos())
    }

    fn add_log_det(&self, sign: f64, log_det: Option<&mut [f64]>) -> Result<()> {
        if let Some(log_det) = log_det {
            let own = sign * self.log_det()?;
            log_det.iter_mut().for_each(|value| *value += own);
        }
        Ok(())
    }
}

impl<F: Real> Parametric<F> for FreeConv<F> {
    fn parameters(&self, visit: &mut Visit<'_, F>) -> Result<()> {
        visit(&"kernels", &self.kernels)
    }

    fn parameters_mut(&mut self, visit: &mut VisitMut<'_, F>) -> Result<()> {
        visit(&"kernels", &mut self.kernels)
    }
}

impl<F: Real> Layer<F> for FreeConv<F> {
    fn spec(&self) -> LayerSpec {
        let FreeKernels { geometry, direction, .. } = &self.kernels;
        LayerSpec::new(Self::KIND, &Options::of(&self.shape, geometry, *direction))
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        input.with_features(self.kernels.windows.len())?;
        Shape::of(&self.shape)
    }

    fn forward(&self, input: Input<F>, mut y: Out<F>, log_det: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        let FreeKernels { windows, weight, .. } = &self.kernels;
        let x = check::slice("input", &input.x)?;
        windows.apply(weight.view(), x, check::slice_mut("output", &mut y)?)?;
        self.add_log_det(1.0, log_det)
    }

    fn inverse(&self, output: Input<F>, mut x: Out<F>, log_det: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        let (factors, windows) = (self.kernels.factors()?, &self.kernels.windows);
        let features = windows.len();
        let (y, x) = (check::slice("output", &output.x)?, check::slice_mut("input", &mut x)?);
        for (y, x) in y.chunks(ROWS * features).zip(x.chunks_mut(ROWS * features)) {
            let wide: Vec<f64> = y.iter().map(|v| v.f64()).collect();
            let (mut blocks, mut solved) = (vec![0.0; wide.len()], vec![0.0; wide.len()]);
            let rows = wide.chunks_exact(features).zip(blocks.chunks_exact_mut(features));
            rows.for_each(|(row, blocks)| windows.read_blocks(row, blocks));
            factors.solve_rows(&mut blocks);
            let rows = blocks.chunks_exact(features).zip(solved.chunks_exact_mut(features));
            rows.for_each(|(blocks, row)| windows.write_blocks(blocks, row));
            x.iter_mut().zip(&solved).for_each(|(x, &value)| *x = F::of(value));
        }
        self.add_log_det(-1.0, log_det)
    }

    fn backward(&self, at: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, grads: &mut [ParamGrad<F>]) -> Result<()> {
        let ForwardPass { input, y, tape } = at;
        let FreeKernels { windows, weight, direction, .. } = &self.kernels;
        let (rows, features) = dy.dim();
        let [grad] = exactly(grads)?;
        let (first, second) = grad.flat_mut()?.split_at_mut(weight.len());
        let delta = check::slice("gradient of the output", &dy)?;
        windows.add_outer(delta, check::slice("input", &input.x)?, first)?;
        if *direction == FreeDirection::RelativeOnSupport {
            // z = Wᵀ y in place of x.
            let mut z = tape.store(0, rows, features);
            let z = check::slice_mut("adjoint", &mut z)?;
            windows.adjoint(weight.view(), check::slice("output", &y)?, z)?;
            windows.add_outer(delta, z, second)?;
        }
        match dx {
            Some(mut dx) => {
                let dx = check::slice_mut("gradient of the input", &mut dx)?;
                windows.adjoint(weight.view(), delta, dx)
            }
            None => Ok(()),
        }
    }
}
