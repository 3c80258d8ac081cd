//! The fit itself.

use ndarray::{Array2, ArrayView2, Axis, CowArray, Ix2, concatenate};
use pdmap_core::{LayerError, Real, RowWeights, check};
use pdmap_data::{check_training, split_row_numbers, split_strata};
use pdmap_spec::{
    Condition, Dequantizer, InMemory, Model, ModelSpec, Precision, Preprocess, Rows, TrainConfig, TrainingRecord,
    Tried, registry, validation_share,
};

use super::columns::{Columns, NAME};
use super::config::TableConfig;
use super::data::{TableData, Validation};
use crate::auto::{AutoConfig, train_auto};
use crate::error::TrainError;
use crate::hooks::Hooks;
use crate::outcome::Trained;
use crate::training::train_with;
use crate::validation::ValidationRows;

/// A model of a table, and how it was trained.
#[derive(Debug, Clone)]
pub struct FittedTable<F: Real> {
    /// The model, ready to be saved.
    pub model: Model<F>,
    /// What training did.
    pub trained: Trained,
    /// The members of an ensemble that was found by comparison.
    pub tried: Vec<Tried>,
}

/// Fits a model in precision `F` to a table: with equal seeds and precision the weights that `pdmap train` gives
/// for a file of these rows, bit for bit.
///
/// ```
/// use ndarray::Array2;
/// use pdmap_train::{Budget, Hooks, TableConfig, TableData, fit_table};
///
/// # fn main() -> Result<(), pdmap_train::TrainError> {
/// let x = Array2::from_shape_fn((300, 2), |(i, j)| ((7 * i + 3 * j) as f64).sin() + 0.01 * i as f64);
/// let config = TableConfig { budget: Budget::Steps(20), ..TableConfig::default() };
/// let fitted = fit_table::<f64>(TableData::new(x.view()), &config, Hooks::default())?;
/// assert_eq!(fitted.model.header.features, 2);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Too few rows; constant, duplicate and dependent columns, unless they are left out; a condition that the
/// model does not read; as [`train_with`].
pub fn fit_table<F: Precision>(
    data: TableData<'_>,
    config: &TableConfig,
    hooks: Hooks<'_>,
) -> Result<FittedTable<F>, TrainError> {
    let TableData { rows, names, condition, weights, validation } = data;
    let columns = Columns::of::<F>(&rows, &names, config)?;
    let features = columns.features::<F>(&rows)?;
    let spec = config.model.spec(features.ncols());
    let (training, adaptive) = config.settled(spec.as_ref());
    check_training(features.view(), NAME, adaptive.least_rows(training.batch))?;
    let noise = Dequantizer::new(&columns.map.discrete, config.data_seed);
    let parts = Parts::of(features, condition, weights, validation, &columns, config.data_seed, noise.as_ref())?;
    let (rows, judges) = parts.views(noise.as_ref())?;
    let width = parts.condition.as_ref().map_or(0, Condition::width);
    let training = adaptive.settle(training, rows.count(), rows.features() - width);
    let domains = columns.map.feature_domains();
    let (flow, fixed, trained, tried) = match spec {
        None => {
            let auto = AutoConfig {
                seed: config.seed,
                training: config.training.clone(),
                preprocess: config.preprocess.clone(),
                conditions: width,
                domains,
                ..AutoConfig::new(training.budget)
            };
            let found = train_auto(rows, judges, &auto, hooks)?;
            (found.flow, 0, found.trained, found.tried)
        }
        Some(spec) => {
            let spec = ModelSpec { conditions: width, domains, ..spec.shaped(shape(rows.features() - width)) };
            let given = config.preprocess.clone().or_else(|| spec.preprocess.clone());
            let steps = given.unwrap_or_else(|| vec![Preprocess::Standardize]);
            let mut flow = spec.build_on(rows, &steps, config.seed, &registry())?;
            if width > 0 && flow.conditions() == 0 {
                return Err(TrainError::Unconditional);
            }
            let trained = train_with(&mut flow, rows, judges, &training, hooks)?;
            (flow, spec.preprocessing(&steps), trained, vec![])
        }
    };
    let mut model = Model::new(flow, columns.map.space(rows.features() - width), fixed);
    if model.flow.conditions() > 0 {
        model.header.condition.clone_from(&parts.condition);
    }
    model.header.training = Some(record(&trained, training, &tried, (&columns, rows.features() - width)));
    model.header.columns = columns.map;
    Ok(FittedTable { model, trained, tried })
}

fn record(
    trained: &Trained,
    config: TrainConfig,
    tried: &[Tried],
    (columns, features): (&Columns, usize),
) -> TrainingRecord {
    TrainingRecord {
        columns: columns.names.clone(),
        left_out: columns.left_out.clone(),
        tried: tried.to_vec(),
        shape: shape(features),
        ..trained.record(NAME, config)
    }
}

/// Rows of a table are signals of one channel, for layers that need a shape.
fn shape(features: usize) -> Vec<usize> {
    vec![1, features]
}

/// Rows for training and for validation.
struct Parts<'a, F> {
    rows: CowArray<'a, F, Ix2>,
    /// The condition, as the flow sees it.
    given: Option<Array2<F>>,
    condition: Option<Condition>,
    weights: Option<RowWeights>,
    /// The numbers of the training rows, unless they are all.
    chosen: Option<Vec<usize>>,
    validation: CowArray<'a, F, Ix2>,
    validation_weights: Option<RowWeights>,
}

impl<'a, F: Precision> Parts<'a, F> {
    fn of(
        rows: CowArray<'a, F, Ix2>,
        condition: Option<(Condition, ArrayView2<'a, f64>)>,
        weights: Option<&'a RowWeights>,
        validation: Option<Validation<'a>>,
        columns: &Columns,
        seed: u64,
        noise: Option<&Dequantizer>,
    ) -> Result<Self, TrainError> {
        let count = rows.nrows();
        let encoded = condition.map(|(kind, given)| -> Result<_, TrainError> {
            check::shape("condition", (count, given.ncols()), given.dim())?;
            let encoded = kind.encode(given.to_owned(), "condition")?;
            Ok((kind, encoded))
        });
        let encoded = encoded.transpose()?;
        let chosen = match &validation {
            Some(_) => None,
            None => Some(split(count, encoded.as_ref(), seed)?),
        };
        // Vectors are standardized by the training rows.
        let standardized = encoded.map(|(kind, rows)| -> Result<_, TrainError> {
            let kind = match (&kind, &chosen) {
                (Condition::Vector { names, .. }, None) => Condition::standardized(rows.view())?.named(names),
                (Condition::Vector { names, .. }, Some((train, _))) => {
                    Condition::standardized(rows.select(Axis(0), train).view())?.named(names)
                }
                _ => return Ok((kind, rows.mapv(F::of))),
            };
            let seen = kind.encode(rows, "condition")?.mapv(F::of);
            Ok((kind, seen))
        });
        let (condition, given) = standardized.transpose()?.unzip();
        let (chosen, mut validation, weights) = match (validation, chosen) {
            (Some(own), _) => {
                let features = columns.features(&own.rows)?;
                let seen = own.condition.map(|rows| beside(condition.as_ref(), rows)).transpose()?;
                (None, joined(features, seen)?, Weights::beside(weights, own.weights)?)
            }
            (None, Some((train, held_out))) => {
                let all = InMemory::with_condition(rows.view(), given.as_ref().map(|given| given.view()))?;
                let gathered = all.gather(held_out.iter().copied());
                let weights = weights.map(|all| Weights::split(all, (&train, &held_out))).transpose()?;
                (Some(train), gathered.into(), weights)
            }
            (None, None) => return Err(TrainError::NoValidation),
        };
        let (weights, validation_weights) = weights.map(|own| (own.rows, own.validation)).unzip();
        if let Some(noise) = noise {
            let mut owned = validation.into_owned();
            noise.add(Dequantizer::VALIDATION, 0, owned.view_mut());
            validation = owned.into();
        }
        Ok(Self { rows, given, condition, weights, chosen, validation, validation_weights })
    }

    /// The training rows and the validation rows.
    fn views<'s>(&'s self, noise: Option<&'s Dequantizer>) -> Result<(Rows<'s, F>, ValidationRows<'s, F>), TrainError> {
        let given = self.given.as_ref().map(|given| given.view());
        let all = InMemory::with_condition(self.rows.view(), given)?.weighted(self.weights.as_ref())?;
        let rows = self.chosen.as_deref().map_or(all, |chosen| all.choose(chosen)).dequantized(noise);
        Ok((rows.into(), ValidationRows::new(self.validation.view(), self.validation_weights.as_ref())?))
    }
}

/// Weights that count rows.
struct Weights {
    /// Of all rows from which training rows are chosen.
    rows: RowWeights,
    validation: RowWeights,
}

impl Weights {
    /// Those of all rows, of which some train and some validate.
    fn split(all: &RowWeights, (train, held_out): (&[usize], &[usize])) -> Result<Self, TrainError> {
        let (train, validation) = (all.choose(train)?, all.choose(held_out)?);
        let (sum, factor) = (train.sum(), train.counting_factor(validation.each()).unwrap_or(1.0));
        // The sum of the training rows is scaled, as for a file.
        let own = factor * sum / sum;
        Ok(Self { rows: scaled(all, own)?, validation: scaled(&validation, factor)? })
    }

    /// Those of training rows and of other validation rows; none without any.
    fn beside(train: Option<&RowWeights>, validation: Option<&RowWeights>) -> Result<Option<Self>, TrainError> {
        let (Some(train), Some(validation)) = (train, validation) else {
            return match (train, validation) {
                (None, None) => Ok(None),
                (Some(_), _) => Err(TrainError::PartlyWeighted { given: "training", missing: "validation" }),
                (None, _) => Err(TrainError::PartlyWeighted { given: "validation", missing: "training" }),
            };
        };
        let factor = train.counting_factor(validation.each()).unwrap_or(1.0);
        let rows = train.scaled_to(factor * train.sum())?;
        Ok(Some(Self { rows, validation: scaled(validation, factor)? }))
    }
}

fn scaled(weights: &RowWeights, factor: f64) -> Result<RowWeights, LayerError> {
    RowWeights::new(weights.each().iter().map(|weight| weight * factor).collect())
}

/// Row numbers of the training rows and of those that are held out, with equal shares of each class.
fn split(
    count: usize,
    condition: Option<&(Condition, Array2<f64>)>,
    seed: u64,
) -> Result<(Vec<usize>, Vec<usize>), TrainError> {
    let share = validation_share(count as u64);
    let classes = condition.filter(|(kind, _)| kind.classes().is_some()).map(|(_, one_hot)| {
        let class = |row: ndarray::ArrayView1<'_, f64>| row.iter().position(|&one| one > 0.0).unwrap_or(0) as u32;
        one_hot.rows().into_iter().map(class).collect::<Vec<u32>>()
    });
    let (train, held_out, _) = match classes {
        Some(classes) => split_strata(&classes, share, 0.0, seed)?,
        None => split_row_numbers(count, share, 0.0, seed)?,
    };
    Ok((train, held_out))
}

/// A condition of validation rows, as the flow sees it.
fn beside<F: Real>(kind: Option<&Condition>, rows: ArrayView2<'_, f64>) -> Result<Array2<F>, TrainError> {
    let Some(kind) = kind else {
        let (expected, actual) = (0, rows.ncols());
        return Err(LayerError::Features { what: "condition of validation rows", expected, actual }.into());
    };
    Ok(kind.encode(rows.to_owned(), "condition of validation rows")?.mapv(F::of))
}

/// Rows followed by their condition; copied only where there is one.
fn joined<'a, F: Real>(
    rows: CowArray<'a, F, Ix2>,
    given: Option<Array2<F>>,
) -> Result<CowArray<'a, F, Ix2>, TrainError> {
    let Some(given) = given else { return Ok(rows) };
    check::shape("condition of validation rows", (rows.nrows(), given.ncols()), given.dim())?;
    // Both have as many rows, so that they go beside each other.
    Ok(concatenate(Axis(1), &[rows.view(), given.view()]).unwrap_or_default().into())
}
