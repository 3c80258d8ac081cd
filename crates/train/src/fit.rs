//! From rows to a trained flow in one call.

use std::borrow::Cow;

use ndarray::{Array2, ArrayView2, Axis, CowArray, Ix2, concatenate};
use pdmap_core::{Flow, Real, RowWeights, check};
use pdmap_data::split_row_numbers;
use pdmap_spec::{FitConfig, InMemory, Model, Preprocess, Rows, TrainConfig, registry, validation_share};

use crate::error::TrainError;
use crate::hooks::Hooks;
use crate::outcome::Trained;
use crate::training::train_with;
use crate::validation::ValidationRows;

/// A flow and how it was trained.
#[derive(Debug, Clone)]
pub struct Fitted<F: Real> {
    /// The flow, with the weights of the best validation; its first layers are the preprocessing.
    pub flow: Flow<F>,
    /// The number of preprocessing layers.
    pub preprocessing: usize,
    /// What training did.
    pub trained: Trained,
    /// The configuration of the training, with the defaults for the number of rows.
    pub config: TrainConfig,
}

impl<F: Real> Fitted<F> {
    /// The flow as a model that can be saved; `space` describes the space of its likelihoods.
    pub fn into_model(self, space: impl Into<String>) -> Model<F> {
        Model::new(self.flow, space.into(), self.preprocessing)
    }
}

/// What a flow is fitted to: views of rows, of their conditions and of validation rows. Nothing is
/// copied but the rows of a validation.
#[derive(Debug)]
pub struct FitData<'a, F> {
    rows: ArrayView2<'a, F>,
    condition: Option<ArrayView2<'a, F>>,
    weights: Option<&'a RowWeights>,
    validation: Option<(ArrayView2<'a, F>, Option<ArrayView2<'a, F>>)>,
    validation_weights: Option<&'a RowWeights>,
}

impl<'a, F: Real> FitData<'a, F> {
    /// Rows `[rows, features]`.
    pub fn new(rows: ArrayView2<'a, F>) -> Self {
        Self { rows, condition: None, weights: None, validation: None, validation_weights: None }
    }

    /// One row of conditions for each row: the flow is a density `p(x | c)`. They are what the flow
    /// sees: [`Condition::standardized`](pdmap_spec::Condition::standardized) brings numbers in large
    /// units to its scale.
    #[must_use]
    pub fn condition(self, condition: ArrayView2<'a, F>) -> Self {
        Self { condition: Some(condition), ..self }
    }

    /// Validation rows, with their conditions where there are any. Without this call, a share of
    /// the rows is held out.
    #[must_use]
    pub fn validation(self, rows: ArrayView2<'a, F>, condition: Option<ArrayView2<'a, F>>) -> Self {
        Self { validation: Some((rows, condition)), ..self }
    }

    /// How often each row counts; those that are held out for validation keep their weights. A row of
    /// weight `w` counts as `w` equal rows in preprocessing, in the likelihood and in the validation,
    /// and comes into batches in proportion to `w`.
    #[must_use]
    pub fn weights(self, weights: &'a RowWeights) -> Self {
        Self { weights: Some(weights), ..self }
    }

    /// How often each of the validation rows that were [given](Self::validation) counts.
    #[must_use]
    pub fn validation_weights(self, weights: &'a RowWeights) -> Self {
        Self { validation_weights: Some(weights), ..self }
    }
}

impl<F> FitData<'_, F> {
    /// Numbers of a condition, where there is one.
    pub(crate) fn conditions(&self) -> Option<usize> {
        self.condition.as_ref().map(|condition| condition.ncols())
    }
}

impl<'a, F: Real> From<&'a Array2<F>> for FitData<'a, F> {
    fn from(rows: &'a Array2<F>) -> Self {
        Self::new(rows.view())
    }
}

/// Fits a flow to rows `[rows, features]`.
///
/// # Errors
/// Fewer rows than a batch that was set, or than [`LEAST_ROWS`](crate::LEAST_ROWS); constant features, layers that cannot be built; as
/// [`train`](crate::train()).
pub fn fit<F: Real>(rows: ArrayView2<'_, F>, config: &FitConfig) -> Result<Fitted<F>, TrainError> {
    fit_with(FitData::new(rows), config, Hooks::default())
}

/// Like [`fit`], with conditions, validation rows and [`Hooks`].
///
/// ```
/// use ndarray::Array2;
/// use pdmap_train::{Event, FitConfig, FitData, Hooks, Preset, fit_with};
///
/// # fn main() -> Result<(), pdmap_train::TrainError> {
/// let x = Array2::from_shape_fn((300, 2), |(i, j)| ((7 * i + 3 * j) as f64).sin());
/// let validation = Array2::from_shape_fn((50, 2), |(i, j)| ((5 * i + 2 * j) as f64).cos());
/// let mut validations = 0;
/// let mut watch = |event| validations += u32::from(matches!(event, Event::Validated(_)));
/// let config = FitConfig::builder(Preset::DENSE_SVD).steps(20).batch(50).evaluations(4).build()?;
/// let data = FitData::new(x.view()).validation(validation.view(), None);
/// let fitted = fit_with(data, &config, Hooks::new(&mut watch))?;
/// assert_eq!((fitted.trained.steps, validations), (20, 5));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`fit`] and [`train_with`]; conditions that do not fit the rows.
pub fn fit_with<F: Real>(data: FitData<'_, F>, config: &FitConfig, hooks: Hooks<'_>) -> Result<Fitted<F>, TrainError> {
    let FitConfig { model, training, adaptive, .. } = config;
    let conditions = data.conditions().unwrap_or(0);
    let share = (!adaptive.share).then_some(config.validation);
    let parts = Parts::of(data, adaptive.least_rows(training.batch), share, training.seed)?;
    let (rows, validation) = parts.views()?;
    let training = adaptive.settle(training.clone(), rows.count(), rows.features() - conditions);
    let steps = model.preprocess.clone().unwrap_or_else(|| vec![Preprocess::Standardize]);
    let mut spec = model.clone();
    spec.conditions = conditions;
    let mut flow = spec.build_on(rows, &steps, training.seed, &registry())?;
    let trained = train_with(&mut flow, rows, validation, &training, hooks)?;
    Ok(Fitted { flow, preprocessing: spec.preprocessing(&steps), trained, config: training })
}

/// Rows for training and for validation.
#[derive(Debug)]
pub(crate) struct Parts<'a, F> {
    all: InMemory<'a, F>,
    /// The numbers of the training rows, unless they are all.
    chosen: Option<Vec<usize>>,
    validation: CowArray<'a, F, Ix2>,
    validation_weights: Option<Cow<'a, RowWeights>>,
}

impl<'a, F: Real> Parts<'a, F> {
    /// Holds out a `share` of the rows, by default [`validation_share`], unless there are validation
    /// rows.
    pub(crate) fn of(data: FitData<'a, F>, least: usize, share: Option<f64>, seed: u64) -> Result<Self, TrainError> {
        let FitData { rows, condition, weights, validation, validation_weights } = data;
        pdmap_data::check_training(rows.reborrow(), "rows", least)?;
        let all = InMemory::with_condition(rows, condition)?.weighted(weights)?;
        if let Some((rows, condition)) = validation {
            let (validation, validation_weights) = (joined(rows, condition)?, validation_weights.map(Cow::Borrowed));
            return Ok(Self { all, chosen: None, validation, validation_weights });
        }
        let share = share.unwrap_or_else(|| validation_share(all.count() as u64));
        let (train, held_out, _) = split_row_numbers(all.count(), share, 0.0, seed)?;
        let own = weights.map(|weights| weights.choose(&held_out)).transpose()?.map(Cow::Owned);
        weights.map(|weights| weights.choose(&train)).transpose()?;
        let validation = all.gather(held_out.into_iter()).into();
        Ok(Self { all, chosen: Some(train), validation, validation_weights: own })
    }

    /// The training rows and the validation rows.
    pub(crate) fn views(&self) -> Result<(Rows<'_, F>, ValidationRows<'_, F>), TrainError> {
        let all = self.all.reborrow();
        let rows = self.chosen.as_deref().map_or(all, |chosen| all.choose(chosen));
        Ok((rows.into(), ValidationRows::new(self.validation.view(), self.validation_weights.as_deref())?))
    }
}

/// Rows followed by their conditions; copied only where there are conditions.
fn joined<'a, F: Real>(
    rows: ArrayView2<'a, F>,
    condition: Option<ArrayView2<'a, F>>,
) -> Result<CowArray<'a, F, Ix2>, TrainError> {
    let Some(condition) = condition else { return Ok(rows.into()) };
    check::shape("condition", (rows.nrows(), condition.ncols()), condition.dim())?;
    // Both have as many rows, so that they go beside each other.
    let joined = concatenate(Axis(1), &[rows.reborrow(), condition]).unwrap_or_else(|_| rows.to_owned());
    Ok(joined.into())
}

/// [`fit`] as a constructor: `Flow::fit(&x, &config)`.
///
/// ```
/// use pdmap_core::Flow;
/// use pdmap_core::flow::base::{Normal, draw};
/// use pdmap_train::{Fit, FitConfig, Preset};
/// use rand::SeedableRng;
///
/// # fn main() -> Result<(), pdmap_train::TrainError> {
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let x = draw::<f64>(&Normal, 500, 3, &mut rng)?.mapv(|v| v + v.powi(3));
/// let config = FitConfig::builder(Preset::DENSE_ORTHONORMAL).steps(100).build()?;
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
