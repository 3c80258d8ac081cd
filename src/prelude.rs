//! What most programs want: `use pdmap::prelude::*;`.
//!
//! ```
//! use pdmap::prelude::*;
//! use rand::SeedableRng;
//!
//! # fn main() -> Result<(), TrainError> {
//! let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
//! let x = base::draw::<f64>(&base::Normal, 400, 2, &mut rng)?.mapv(|v| v + v.powi(3));
//! let config = FitConfig::builder(Preset::GAUSSIANIZATION_ORTHONORMAL).steps(20).batch(50).build()?;
//! let flow = Flow::fit(&x, &config)?;
//! let mean = flow.log_prob(&x)?.iter().sum::<f64>() / 400.0; // nats
//! assert!(mean.is_finite());
//! # Ok(())
//! # }
//! ```

pub use crate::base;
pub use crate::conv::{CycledConv, Geometry, SubbandScale, SubbandShift};
pub use crate::dense::{BiasKind, Dense};
pub use crate::diagonal::{Scale, ScaleDirection, Shift};
pub use crate::elementwise::{Elementwise, SmoothLeakyRelu};
pub use crate::gaussian_mixture::{GaussianMixture, GaussianMixtureBase};
pub use crate::group::{Direction, Group};
pub use crate::optim::{Optimizer, OptimizerSpec};
pub use crate::{
    Base, BaseSpec, Budget, Fit, FitConfig, Flow, Input, Layer, LayerError, LayerExt, Model, ModelSpec, ParametricExt,
    Preprocess, Preset, Real, TrainConfig, TrainError, Trained,
};
