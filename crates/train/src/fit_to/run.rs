//! The fit.

use ndarray::{ArrayView1, ArrayViewMut1};
use pdmap_core::flow::base::{Normal, draw};
use pdmap_core::optim::{Clip, Optimizer, OptimizerSpec, Schedule};
use pdmap_core::{Chain, Flow, LayerError, Real};
use pdmap_spec::{ModelSpec, Rows, registry};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::fitted::FittedTo;
use super::options::FitToConfig;
use super::target::Target;
use crate::average::Average;
use crate::error::TrainError;

/// β of the moving average of the weights that is kept.
const AVERAGE: f64 = 0.99;

/// Joint norm of all directions of a step at most, times the root of the number of features.
const CLIP: f64 = 10.0;

/// Points of the curve.
const POINTS: u64 = 50;

/// Fits a flow `x = f(z)` of normal draws `z` to a density `p̃` that is known up to a factor, by its
/// logarithm in nats and its gradient, each of one row.
///
/// With `q` the density of `f(z)`, the reverse Kullback–Leibler divergence is
///
/// ```text
/// KL(q ‖ p̃/Z) = log Z − E_z[log p̃(f(z)) + log|det ∂f/∂z|] + const.,
/// ```
///
/// so that the expectation is the log-likelihood of normal draws under a flow whose base density is
/// the target, and is maximized as that of rows is (Rezende & Mohamed 2015, "Variational inference with
/// normalizing flows"). It is small where `q` covers a part of the target well: modes that no draw
/// visits are not seen, and nothing says that they are there. Bring the target to the scale of a normal
/// density around 0 where that is possible, so that the first draws reach all of it.
///
/// ```
/// use pdmap_train::{FitToConfig, fit_to};
/// use rand::SeedableRng;
///
/// # fn main() -> Result<(), pdmap_train::TrainError> {
/// // A normal density with standard deviations 0.5 and 2, without its factor: Z = 2π.
/// let config = FitToConfig { steps: 300, ..FitToConfig::default() };
/// let fitted = fit_to::<f64>(
///     2,
///     |x| -0.5 * ((x[0] / 0.5).powi(2) + (x[1] / 2.0).powi(2)),
///     |x, mut slope| (slope[0], slope[1]) = (-4.0 * x[0], -0.25 * x[1]),
///     &config,
/// )?;
/// let found = fitted.log_z(10_000, &mut rand_chacha::ChaCha8Rng::seed_from_u64(1))?;
/// assert!((found.log_z - std::f64::consts::TAU.ln()).abs() < 0.05);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// No features or draws; layers that cannot be built, or that read a condition; a target that is not finite at a
/// draw.
pub fn fit_to<F: Real>(
    features: usize,
    log_density: impl Fn(ArrayView1<'_, F>) -> f64 + Send + Sync + 'static,
    gradient: impl Fn(ArrayView1<'_, F>, ArrayViewMut1<'_, F>) + Send + Sync + 'static,
    config: &FitToConfig,
) -> Result<FittedTo<F>, TrainError> {
    config.check()?;
    if features == 0 {
        return Err(LayerError::NoFeatures.into());
    }
    let target = Target::new(features, log_density, gradient);
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    let mut flow = towards(&target, features, config, &mut rng)?;
    let (mut training, mut average) = (flow.training(), Average::of(&flow, AVERAGE)?);
    let clip = Clip::Norm(CLIP * (features as f64).sqrt());
    let mut optimizer = Optimizer::new(OptimizerSpec::adam(), config.rate)?.clipped(clip)?;
    let (schedule, every) = (Schedule::cosine(), (config.steps / POINTS).max(1));
    let mut curve = Vec::new();
    for step in 0..config.steps {
        let z = draw::<F>(&Normal, config.batch, features, &mut rng)?;
        if step % every == 0 {
            curve.push((step, bound(&flow, &z)?));
        }
        optimizer.set_rate(config.rate * schedule.factor(step, config.steps))?;
        flow.accumulate(&z, &mut training)?;
        flow.update(&mut optimizer, &mut training)?;
        average.as_mut().map_or(Ok(()), |average| average.follow(&flow))?;
    }
    let chain: Chain<F> = Average::or(&mut average, &flow)?.chain().clone();
    Ok(FittedTo { chain, target, features, curve })
}

/// A new flow with the target for its base density.
fn towards<F: Real>(
    target: &Target<F>,
    features: usize,
    config: &FitToConfig,
    rng: &mut ChaCha8Rng,
) -> Result<Flow<F>, TrainError> {
    let rows = draw::<F>(&Normal, config.batch, features, rng)?;
    let flow = ModelSpec::new(config.layers.clone()).build_on(Rows::from(&rows), &[], config.seed, &registry())?;
    let layers = flow.chain().layers().to_vec();
    Ok(Flow::new(features, layers, Box::new(target.clone()))?)
}

/// `mean(log p̃(x) − log q(x))` of draws `x = f(z)`.
fn bound<F: Real>(flow: &Flow<F>, z: &ndarray::Array2<F>) -> Result<f64, TrainError> {
    let forward = flow.log_prob(z)?;
    let mut base = vec![0.0; z.nrows()];
    pdmap_core::Base::add_log_density(&Normal, z.into(), &mut base)?;
    Ok(forward.iter().zip(&base).map(|(forward, base)| forward - base).sum::<f64>() / base.len() as f64)
}
