//! A model in the precision of its file.

use std::path::Path;

use ndarray::{Array2, ArrayView2};
use pdmap_core::{BaseSpec, Diagnostic, Input, ParametricExt, Real};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::given::codes;
use super::header::Header;
use super::model::{Model, dtype_of};
use super::rows::Draws;
use crate::error::SpecError;
use crate::outside;
use crate::registry::registry;
use crate::table_rows::TableRows;
use crate::tensor_file::{self, IN_MEMORY};

/// A model in either precision, of the kinds of layers of this project. Its methods take and give
/// `f64`; for arrays of the model's own precision, match on it, for example with
/// [`each_precision`](crate::each_precision).
#[derive(Debug, Clone)]
pub enum AnyModel {
    /// Single precision.
    F32(Model<f32>),
    /// Double precision.
    F64(Model<f64>),
}

/// Evaluates an expression for the [`Model`] of an [`AnyModel`], whatever its precision:
/// `each_precision!(any, model => expression)`.
#[macro_export]
macro_rules! each_precision {
    ($any:expr, $model:ident => $body:expr) => {
        match $any {
            $crate::AnyModel::F32($model) => $body,
            $crate::AnyModel::F64($model) => $body,
        }
    };
}

/// What a model consists of.
#[derive(Debug, Serialize)]
pub struct Inspection<'a> {
    /// The header.
    pub header: &'a Header,
    /// Sizes of all tensors together.
    pub parameters: usize,
    /// A hash of all weights.
    pub weights_hash: String,
    /// Figures of each layer, `LAYER.TENSOR FIGURE`.
    pub diagnostics: Vec<Diagnostic>,
}

impl<F: Real> Model<F> {
    /// What the model consists of.
    pub fn inspect(&self) -> Inspection<'_> {
        Inspection {
            header: &self.header,
            parameters: self.flow.parameter_count(),
            weights_hash: self.weights_hash(),
            diagnostics: self.flow.chain().diagnostics(),
        }
    }
}

impl From<Model<f32>> for AnyModel {
    fn from(model: Model<f32>) -> Self {
        Self::F32(model)
    }
}

impl From<Model<f64>> for AnyModel {
    fn from(model: Model<f64>) -> Self {
        Self::F64(model)
    }
}

/// Rows and conditions in the precision of a model.
struct Owned<F> {
    rows: Array2<F>,
    condition: Option<Array2<F>>,
}

impl<F: Real> Owned<F> {
    fn input(&self) -> Input<'_, F> {
        let input = Input::from(&self.rows);
        match &self.condition {
            Some(condition) => input.given(condition.view()),
            None => input,
        }
    }
}

impl<F: Real> Model<F> {
    /// Rows of a table with their conditions, as the flow takes them.
    fn of_table(&self, x: ArrayView2<'_, f64>, condition: Option<ArrayView2<'_, f64>>) -> Result<Owned<F>, SpecError> {
        let condition = condition.map(|condition| self.seen(condition)).transpose()?;
        self.header.columns.check_rows(x.reborrow())?;
        Ok(Owned { rows: self.header.columns.features(x), condition })
    }

    /// The rows of a table with a value outside the domain of its column, ascending.
    fn excluded(&self, x: ArrayView2<'_, f64>) -> Vec<usize> {
        let columns = &self.header.columns;
        let rows = x.rows().into_iter().enumerate();
        rows.filter(|(_, row)| columns.outside(row.view()).is_some()).map(|(row, _)| row).collect()
    }
}

impl AnyModel {
    /// Reads a model file.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn load(path: &Path) -> Result<Self, SpecError> {
        Self::read(path, &tensor_file::read(path)?)
    }

    /// Reads the bytes of a model file.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SpecError> {
        Self::read(Path::new(IN_MEMORY), bytes)
    }

    fn read(path: &Path, bytes: &[u8]) -> Result<Self, SpecError> {
        Ok(match dtype_of(path, bytes)?.as_str() {
            "f32" => Self::F32(Model::read(path, bytes, &registry())?),
            _ => Self::F64(Model::read(path, bytes, &registry())?),
        })
    }

    /// Writes the model atomically.
    ///
    /// # Errors
    /// As [`Model::save`].
    pub fn save(&self, path: &Path) -> Result<(), SpecError> {
        each_precision!(self, model => model.save(path))
    }

    /// The bytes of the model's file.
    ///
    /// # Errors
    /// As [`Model::to_bytes`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, SpecError> {
        each_precision!(self, model => model.to_bytes())
    }

    /// The header.
    pub fn header(&self) -> &Header {
        each_precision!(self, model => &model.header)
    }

    /// What the model consists of.
    pub fn inspect(&self) -> Inspection<'_> {
        each_precision!(self, model => model.inspect())
    }

    /// Features a row.
    pub fn features(&self) -> usize {
        each_precision!(self, model => model.flow.features())
    }

    /// Numbers of the condition of a row; 0 where the model is unconditional.
    pub fn conditions(&self) -> usize {
        each_precision!(self, model => model.flow.conditions())
    }

    /// The base density.
    pub fn base(&self) -> BaseSpec {
        self.header().base.clone()
    }

    /// `log p(x)` or `log p(x | c)` of each row, nats; for a model with columns of categories,
    /// whose codes are the condition, `log p(c) + log p(x | c)`. Discrete features are taken as
    /// they are, without noise: see [`Dequantizer`](crate::Dequantizer) for a bound on the
    /// probability of a cell. It is `−∞` for rows with a value outside the [domain](crate::Domain)
    /// of its column.
    ///
    /// # Errors
    /// Rows or conditions that do not fit the model; numbers that are not finite.
    pub fn log_prob(
        &self,
        x: ArrayView2<'_, f64>,
        condition: Option<ArrayView2<'_, f64>>,
    ) -> Result<Vec<f64>, SpecError> {
        each_precision!(self, model => {
            let excluded = model.excluded(x.reborrow());
            let mut scores = outside::log_prob(&model.flow, &model.of_table(x, condition)?.input(), &excluded)?;
            if let (Some((categories, labels)), Some(condition)) = (model.categorical(), condition) {
                let log_p = labels.log_density(codes(categories, condition)?.view(), false)?;
                scores.iter_mut().zip(log_p).for_each(|(score, log_p)| *score += log_p);
            }
            Ok(scores)
        })
    }

    /// The scores that `pdmap score` gives: `log p` of each row of a table, in nats, of discrete features
    /// over draws of the noise; `−∞` outside the [domain](crate::Domain). Rows of the model's precision are
    /// not copied.
    ///
    /// # Errors
    /// As [`log_prob`](Self::log_prob).
    pub fn score_rows(
        &self,
        rows: &TableRows<'_>,
        condition: Option<ArrayView2<'_, f64>>,
        draws: Draws,
    ) -> Result<Vec<f64>, SpecError> {
        each_precision!(self, model => model.scores(rows, condition, draws))
    }

    /// `∂ log p / ∂x` of each row, nats per unit of each feature; NaN for rows outside the domain.
    ///
    /// # Errors
    /// As [`log_prob`](Self::log_prob).
    pub fn score(
        &self,
        x: ArrayView2<'_, f64>,
        condition: Option<ArrayView2<'_, f64>>,
    ) -> Result<Array2<f64>, SpecError> {
        each_precision!(self, model => {
            let excluded = model.excluded(x.reborrow());
            Ok(outside::input_gradient(&model.flow, &model.of_table(x, condition)?.input(), &excluded)?.mapv(Real::f64))
        })
    }

    /// Member `index` of an ensemble.
    ///
    /// # Errors
    /// [`SpecError::NoMember`].
    pub fn member(&self, index: usize) -> Result<Self, SpecError> {
        each_precision!(self, model => Ok(model.member(index)?.into()))
    }

    /// `z = f(x)`.
    ///
    /// # Errors
    /// As [`log_prob`](Self::log_prob); [`SpecError::NoCodes`] for an ensemble.
    pub fn encode(
        &self,
        x: ArrayView2<'_, f64>,
        condition: Option<ArrayView2<'_, f64>>,
    ) -> Result<Array2<f64>, SpecError> {
        each_precision!(self, model => {
            model.has_codes()?;
            Ok(model.flow.encode(model.of_table(x, condition)?.input())?.mapv(Real::f64))
        })
    }

    /// `x = f⁻¹(z)`.
    ///
    /// # Errors
    /// As [`log_prob`](Self::log_prob).
    pub fn decode(
        &self,
        z: ArrayView2<'_, f64>,
        condition: Option<ArrayView2<'_, f64>>,
    ) -> Result<Array2<f64>, SpecError> {
        each_precision!(self, model => {
            model.has_codes()?;
            let given = condition.map(|condition| model.seen(condition)).transpose()?;
            let decoded = model.flow.decode(Owned { rows: z.mapv(Real::of), condition: given }.input())?;
            Ok(model.header.columns.columns(decoded.view()))
        })
    }

    /// Draws `count` rows.
    ///
    /// # Errors
    /// A conditional model: see [`sample_given`](Self::sample_given) and, for columns of categories,
    /// [`sample_labelled`](Self::sample_labelled).
    pub fn sample(&self, count: usize, seed: u64) -> Result<Array2<f64>, SpecError> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        each_precision!(self, model => {
            Ok(model.header.columns.columns(model.flow.sample(count, &mut rng)?.view()))
        })
    }

    /// Draws `count` rows of a model with columns of categories: their codes `[count, columns]`,
    /// and the numbers given them.
    ///
    /// # Errors
    /// [`SpecError::NoCategories`] for a model without.
    pub fn sample_labelled(&self, count: usize, seed: u64) -> Result<(Array2<u32>, Array2<f64>), SpecError> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        each_precision!(self, model => {
            let (categories, labels) = model.categorical().ok_or(SpecError::NoCategories)?;
            let codes = labels.sample(count, &mut rng);
            let drawn = model.flow.sample_given(categories.one_hot(codes.view()).view(), &mut rng)?;
            Ok((codes, model.header.columns.columns(drawn.view())))
        })
    }

    /// Draws one row for each row of `condition`.
    ///
    /// # Errors
    /// Conditions that do not fit the model.
    pub fn sample_given(&self, condition: ArrayView2<'_, f64>, seed: u64) -> Result<Array2<f64>, SpecError> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        each_precision!(self, model => {
            let drawn = model.flow.sample_given(model.seen(condition)?.view(), &mut rng)?;
            Ok(model.header.columns.columns(drawn.view()))
        })
    }
}
