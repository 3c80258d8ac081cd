//! What is fitted to a table, and how.

use std::time::Duration;

use pdmap_spec::{
    Adaptive, Architecture, Budget, ColumnDomains, ModelSpec, Preprocess, Preset, TrainConfig, TrainingSpec,
};

/// Most features for Gaussian mixtures under [`TableModel::Auto`]: the covariances of more are costly.
const WIDE: usize = 256;

/// The model for a table.
#[derive(Debug, Clone, PartialEq)]
pub enum TableModel {
    /// Found by comparison ([`train_auto`](crate::train_auto)); for more than 256 features
    /// [`Preset::GAUSSIANIZATION_ORTHONORMAL`].
    Auto,
    /// A named model.
    Named(Preset, Architecture),
    /// A description, such as one of a file.
    Described(Box<ModelSpec>),
}

impl TableModel {
    /// The model that stands for `Auto` on rows of so many features, if one does.
    pub fn auto_preset(features: usize) -> Option<Preset> {
        (features > WIDE).then_some(Preset::GAUSSIANIZATION_ORTHONORMAL)
    }

    /// The description for so many features; none where it is searched for.
    pub(super) fn spec(&self, features: usize) -> Option<ModelSpec> {
        match self {
            Self::Auto => Self::auto_preset(features).map(ModelSpec::from),
            Self::Named(preset, architecture) => Some(preset.model(*architecture)),
            Self::Described(spec) => Some((**spec).clone()),
        }
    }
}

/// What happens to discrete columns: integers, rounded or binary numbers that repeat.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DiscreteColumns {
    /// Uniform noise of one step is added, anew in each epoch; samples are rounded to the steps.
    #[default]
    Dequantize,
    /// They are trained on as they are: their density has no upper bound.
    Keep,
}

/// How a model is fitted to a table. The defaults are those of `pdmap train`.
#[derive(Debug, Clone, PartialEq)]
pub struct TableConfig {
    /// The model.
    pub model: TableModel,
    /// Time or steps.
    pub budget: Budget,
    /// Seed of the initial weights and of the order of the rows.
    pub seed: u64,
    /// Seed of the choice of validation rows, and of the noise on discrete columns.
    pub data_seed: u64,
    /// Training options instead of the model's.
    pub training: TrainingSpec,
    /// Preprocessing instead of the model's.
    pub preprocess: Option<Vec<Preprocess>>,
    /// What happens to discrete columns.
    pub discrete: DiscreteColumns,
    /// Whether constant, duplicate and dependent columns are left out; otherwise they are refused.
    pub drop_degenerate: bool,
    /// Bounds and periods of columns.
    pub domains: ColumnDomains,
}

impl Default for TableConfig {
    /// `auto`, for a minute.
    fn default() -> Self {
        Self {
            model: TableModel::Auto,
            budget: Budget::Time(Duration::from_secs(60)),
            seed: TrainConfig::default().seed,
            data_seed: 0,
            training: TrainingSpec::default(),
            preprocess: None,
            discrete: DiscreteColumns::default(),
            drop_degenerate: false,
            domains: ColumnDomains::default(),
        }
    }
}

impl TableConfig {
    /// The training options, and which of them follow from the rows. The batch of a named model is the
    /// one for enough rows.
    pub(super) fn settled(&self, spec: Option<&ModelSpec>) -> (TrainConfig, Adaptive) {
        let own = spec.map(|spec| spec.training.clone()).unwrap_or_default();
        let options = own.overridden_by(&self.training);
        let batch = if let TableModel::Described(_) = self.model { options.batch } else { self.training.batch };
        let adaptive = Adaptive::default().without(&TrainingSpec { batch, ..options.clone() });
        let config = TrainConfig { seed: self.seed, ..options.onto(TrainConfig::new(self.budget)) };
        (config, adaptive)
    }
}
