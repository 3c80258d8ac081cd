//! From rows to a trained flow in one call.

use ndarray::{Array2, ArrayView2};
use pdmap_core::{Flow, Real};
use pdmap_data::split_rows;
use serde::{Deserialize, Serialize};

use crate::description::ModelSpec;
use crate::{Architecture, Model, Preprocess, Preset, TrainConfig, TrainError, Trained, registry, train};

/// Rows that kinds of layers with a start that depends on data may look at.
pub(crate) const SAMPLE: usize = 4096;

/// What to fit, and how. [`FitConfig::builder`] says it step by step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitConfig {
    /// The model.
    pub model: ModelSpec,
    /// The training. Its seed is that of the initial weights too.
    pub training: TrainConfig,
    /// Share of the rows that is set apart at random for validation, in (0, 1).
    pub validation: f64,
}

impl Default for FitConfig {
    /// The preset `dense-relative` on standardized rows, for a minute.
    fn default() -> Self {
        let model = Preset::DenseRelative.model(Architecture::default());
        Self { training: model.training.onto(TrainConfig::default()), model, validation: 0.1 }
    }
}

/// A flow and how it came about.
#[derive(Debug, Clone)]
pub struct Fitted<F: Real> {
    /// The flow, with the weights of the best validation; the first layers are its preprocessing.
    pub flow: Flow<F>,
    /// How many of the layers are.
    pub preprocessing: usize,
    /// What training did.
    pub trained: Trained,
}

impl<F: Real> Fitted<F> {
    /// The flow as a model that can be saved; `space` says in words in which space its likelihoods are stated.
    pub fn into_model(self, space: impl Into<String>) -> Model<F> {
        Model::new(self.flow, space.into(), self.preprocessing)
    }
}

/// Fits a flow to rows `[rows, features]`.
///
/// # Errors
/// Fewer rows than a batch, constant features, layers that cannot be made; as [`train`].
pub fn fit<F: Real>(rows: ArrayView2<'_, F>, config: &FitConfig) -> Result<Fitted<F>, TrainError> {
    pdmap_data::check_training(rows, "rows", config.training.batch)?;
    let (rows, validation, _) = split_rows(rows.to_owned(), config.validation, 0.0, config.training.seed)?;
    let steps = config.model.preprocess.clone().unwrap_or_else(|| vec![Preprocess::Standardize]);
    let mut flow = config.model.build_on(&rows, &steps, config.training.seed, &registry())?;
    let trained = train(&mut flow, &rows, validation.view(), &config.training, &mut |_| {})?;
    Ok(Fitted { flow, preprocessing: Preprocess::layers(&steps), trained })
}

/// [`fit`] as a constructor: `Flow::fit(&x, &config)`.
///
/// ```
/// use pdmap_core::{Base, Flow};
/// use pdmap_train::{Fit, FitConfig, Preset};
/// use rand::SeedableRng;
///
/// # fn main() -> Result<(), pdmap_train::TrainError> {
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let x = Base::normal().sample::<f64>(500, 3, &mut rng)?.mapv(|v| v + v.powi(3));
/// let config = FitConfig::builder(Preset::DenseOrthonormal).steps(100).build()?;
/// let flow = Flow::fit(&x, &config)?;
/// assert_eq!(flow.log_prob(&x)?.len(), 500);
/// # Ok(())
/// # }
/// ```
pub trait Fit<F: Real>: Sized {
    /// Fits to rows `[rows, features]`.
    ///
    /// # Errors
    /// As [`fit`].
    fn fit(rows: &Array2<F>, config: &FitConfig) -> Result<Self, TrainError>;
}

impl<F: Real> Fit<F> for Flow<F> {
    fn fit(rows: &Array2<F>, config: &FitConfig) -> Result<Self, TrainError> {
        fit(rows.view(), config).map(|fitted| fitted.flow)
    }
}
