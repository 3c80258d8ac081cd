//! Preprocessing in front of a flow.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

use ndarray::{Array2, ArrayView2, Axis};
use pdmap_core::options::nearest;
use pdmap_core::{Layer, LayerError, LayerExt, Real};
use pdmap_layers::elementwise::{Elementwise, Sigmoid, logit};
use pdmap_layers::preprocess::{Bins, Histogram, Standardize, Visit, Whitening};
use pdmap_query::fit_columns;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::error::SpecError;
use crate::rows::Rows;

/// Default λ of the logit (Papamakarios et al. 2017).
const LAMBDA: f64 = 1e-6;

/// Default numbers of bins of a histogram and of grey levels.
const BINS: usize = 128;
const LEVELS: usize = 256;

/// One step of preprocessing: a layer in front of the trained ones, fitted to the training rows and
/// then fixed. It is part of the model, and its log-determinant part of the likelihood: the space
/// in which data are scored does not change.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Preprocess {
    /// Nothing.
    None,
    /// Zero mean, unit variance for each feature; wild rows, at most one in 200, do not count.
    Standardize,
    /// Median 0 and scale 1 for each feature, by quartiles.
    Robust,
    /// PCA whitening: an unconstrained linear map, whatever follows.
    Whiten,
    /// `logit(λ + (1 − 2λ)x)` of numbers in [0, 1].
    Logit {
        /// λ, in (0, 0.5).
        #[serde(default = "lambda")]
        lambda: f64,
    },
    /// The inverse of the logit, for rows in logit space.
    Sigmoid {
        /// λ, in (0, 0.5).
        #[serde(default = "lambda")]
        lambda: f64,
    },
    /// Gaussianization of each feature by its histogram: bins of equal mass.
    Histogram {
        /// Bins of each feature, in [2, 4096].
        #[serde(default = "bins")]
        bins: usize,
    },
    /// Gaussianization by grey levels: bins of equal width on [0, 1].
    Levels {
        /// The number of levels, in [2, 4096].
        #[serde(default = "levels")]
        count: usize,
    },
    /// A map of each feature for a Gaussian mixture behind it, chosen by held-out rows: a
    /// standardization, an arcsinh curve or a histogram (see [`fit_columns`]).
    Columns,
}

fn bins() -> usize {
    BINS
}

fn levels() -> usize {
    LEVELS
}

fn lambda() -> f64 {
    LAMBDA
}

impl Preprocess {
    /// All steps, with default options.
    pub const ALL: [Self; 9] = [
        Self::None,
        Self::Standardize,
        Self::Robust,
        Self::Whiten,
        Self::Logit { lambda: LAMBDA },
        Self::Sigmoid { lambda: LAMBDA },
        Self::Histogram { bins: BINS },
        Self::Levels { count: LEVELS },
        Self::Columns,
    ];

    /// Their names.
    pub const NAMES: &[&str] =
        &["none", "standardize", "robust", "whiten", "logit", "sigmoid", "histogram", "levels", "columns"];

    /// Says that the options are in their ranges.
    ///
    /// # Errors
    /// [`LayerError::Range`].
    pub fn validate(self) -> Result<(), LayerError> {
        match self {
            Self::Logit { lambda } => logit(lambda).map(drop),
            Self::Sigmoid { lambda } => Elementwise::new(Sigmoid { lambda }).map(drop),
            Self::Histogram { bins } => Bins::Bins(bins).validate(),
            Self::Levels { count } => Bins::Levels(count).validate(),
            Self::None | Self::Standardize | Self::Robust | Self::Whiten | Self::Columns => Ok(()),
        }
    }

    /// The number of layers of a list of steps.
    pub fn layers(steps: &[Self]) -> usize {
        steps.iter().filter(|&&step| step != Self::None).count()
    }

    /// The layers of a list of steps, each fitted to the training rows as mapped by those before
    /// it, each as often as its weight says. Rows in a file are read as often as the steps require;
    /// sums run over blocks in order, so that rows in memory and in a file give the same bits.
    ///
    /// # Errors
    /// Constant features; for whitening, linearly dependent ones; for the logit, numbers
    /// outside [0, 1]; a file that cannot be read.
    pub fn fit<'a, F: Real>(steps: &[Self], rows: impl Into<Rows<'a, F>>) -> Result<Vec<Box<dyn Layer<F>>>, SpecError> {
        Self::fit_behind(&[], usize::MAX, steps, rows.into())
    }

    /// The same for the first `keep` features of the rows as mapped by the layers `before`.
    pub(crate) fn fit_behind<F: Real>(
        before: &[Box<dyn Layer<F>>],
        keep: usize,
        steps: &[Self],
        rows: Rows<'_, F>,
    ) -> Result<Vec<Box<dyn Layer<F>>>, SpecError> {
        let weights = rows.weights();
        let mut layers: Vec<Box<dyn Layer<F>>> = Vec::new();
        for step in steps {
            let mut passes = |visit: &mut Visit<'_, F>| {
                let mut first = 0;
                rows.pass(&mut |block| {
                    // Features without their condition are not contiguous.
                    let block = block.as_standard_layout();
                    let block = block.view();
                    let mapped = behind((before, keep), &layers, block).map_err(|error| error.below(first))?;
                    let weights = weights.as_ref().map(|weights| &weights[first..first + block.nrows()]);
                    first += block.nrows();
                    Ok(visit(mapped.as_ref().map_or(block, |mapped| mapped.view()), weights)?)
                })
            };
            let layer: Box<dyn Layer<F>> = match *step {
                Self::None => continue,
                Self::Standardize => Box::new(Standardize::fit_in_passes(&mut passes)?),
                Self::Robust => Box::new(Standardize::fit_robust_in_passes(&mut passes)?),
                Self::Whiten => Box::new(Whitening::fit_in_passes(&mut passes)?),
                Self::Logit { lambda } => Box::new(logit(lambda)?),
                Self::Sigmoid { lambda } => Box::new(Elementwise::new(Sigmoid { lambda })?),
                Self::Histogram { bins } => Box::new(histogram((before, keep), &layers, rows, Bins::Bins(bins))?),
                Self::Levels { count } => Box::new(histogram((before, keep), &layers, rows, Bins::Levels(count))?),
                Self::Columns => match columns((before, keep), &layers, rows)? {
                    Some(layer) => layer,
                    None => Box::new(Standardize::fit_in_passes(&mut passes)?),
                },
            };
            layers.push(layer);
        }
        Ok(layers)
    }
}

/// Numbers to which a histogram is fitted at most; of more, evenly spaced rows.
const SORTED: usize = 1 << 26;

/// Layers, and the number of features behind them that others are fitted to.
type Before<'l, F> = (&'l [Box<dyn Layer<F>>], usize);

/// The histograms of the rows after some layers.
fn histogram<F: Real>(
    before: Before<'_, F>,
    layers: &[Box<dyn Layer<F>>],
    rows: Rows<'_, F>,
    bins: Bins,
) -> Result<Histogram<F>, SpecError> {
    let most = (SORTED / rows.features().max(1)).max(1);
    let (sample, weights) = (rows.sample(most)?, rows.weights_of_sample(most));
    let mapped = behind(before, layers, sample.view())?;
    let mapped = mapped.as_ref().map_or(sample.view(), |mapped| mapped.view());
    Ok(Histogram::fit_weighted(mapped, weights.as_deref(), bins)?)
}

/// A block of rows after the layers before, and those of the kept features; none without layers.
fn behind<F: Real>(
    (before, keep): Before<'_, F>,
    layers: &[Box<dyn Layer<F>>],
    block: ArrayView2<'_, F>,
) -> Result<Option<Array2<F>>, LayerError> {
    let Some(mapped) = through(before, block.reborrow())? else { return through(layers, block) };
    let kept = mapped.view().split_at(Axis(1), keep.min(mapped.ncols())).0.to_owned();
    Ok(Some(through(layers, kept.view())?.unwrap_or(kept)))
}

/// Rows from which the maps of columns are chosen, and the seed of the choice.
const CHOSEN_FROM: usize = 1 << 14;
const SEED: u64 = 0;

/// The maps of the columns of the rows after some layers; none for a standardization.
fn columns<F: Real>(
    before: Before<'_, F>,
    layers: &[Box<dyn Layer<F>>],
    rows: Rows<'_, F>,
) -> Result<Option<Box<dyn Layer<F>>>, SpecError> {
    let sample = rows.sample_by_weight(CHOSEN_FROM)?;
    let mapped = behind(before, layers, sample.view())?;
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    // What cannot be fitted by EM, such as a column that hardly varies, may still be standardized, or is
    // refused with the reason.
    Ok(fit_columns(mapped.as_ref().map_or(sample.view(), |mapped| mapped.view()), &mut rng).unwrap_or(None))
}

/// A block of rows after some layers; none without layers.
fn through<F: Real>(layers: &[Box<dyn Layer<F>>], block: ArrayView2<'_, F>) -> Result<Option<Array2<F>>, LayerError> {
    let mut mapped: Option<Array2<F>> = None;
    for layer in layers {
        let from = mapped.as_ref().map_or(block, |mapped| mapped.view());
        mapped = Some(layer.transform(from)?.0);
    }
    Ok(mapped)
}

impl Display for Preprocess {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Standardize => f.write_str("standardize"),
            Self::Robust => f.write_str("robust"),
            Self::Whiten => f.write_str("whiten"),
            Self::Logit { lambda } if *lambda == LAMBDA => f.write_str("logit"),
            Self::Logit { lambda } => write!(f, "logit (λ {lambda:e})"),
            Self::Sigmoid { lambda } if *lambda == LAMBDA => f.write_str("sigmoid"),
            Self::Sigmoid { lambda } => write!(f, "sigmoid (λ {lambda:e})"),
            Self::Histogram { bins: BINS } => f.write_str("histogram"),
            Self::Histogram { bins } => write!(f, "histogram ({bins} bins)"),
            Self::Levels { count: LEVELS } => f.write_str("levels"),
            Self::Levels { count } => write!(f, "levels ({count})"),
            Self::Columns => f.write_str("columns"),
        }
    }
}

impl FromStr for Preprocess {
    type Err = String;

    /// A step by name, with default options.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.map(|step| step.to_string());
        Self::ALL.into_iter().find(|step| step.to_string() == name).ok_or_else(|| {
            let nearest = nearest(name, known.iter().map(String::as_str)).unwrap_or_default();
            format!("unknown preprocessing `{name}`; nearest is `{nearest}`, known: {}", known.join(", "))
        })
    }
}
