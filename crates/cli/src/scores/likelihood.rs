//! A mean log-likelihood and its standard error.

use std::fmt::{Display, Formatter};

use anyhow::{Context, Result};
use ndarray::Array2;
use pdmap_compare::statistics::grouped_mean;
use pdmap_core::Real;
use pdmap_train::Model;
use serde::Serialize;

use super::labelled_rows::LabelledRows;
use super::moments::Moments;
use crate::terminal::exit::BadInput;

/// Mean and standard error over rows.
#[derive(Debug, Serialize)]
pub(crate) struct Likelihood {
    rows: u64,
    mean: f64,
    /// Null for fewer than two rows or images.
    standard_error: Option<f64>,
    unit: &'static str,
    space: String,
}

/// How rows count: the images that they were cut from, and their weights.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counted<'a> {
    pub(crate) groups: Option<&'a [u32]>,
    pub(crate) weights: Option<&'a [f64]>,
}

impl Likelihood {
    /// `log p` of each row and its mean. `name` names the rows in messages. Fails for finite rows
    /// so far out that they have no finite log-likelihood. `groups` are the images that the rows
    /// were cut from; without them, rows count as independent, each as often as its weight says.
    /// Rows of a model with categories are followed by one-hot vectors; with `other`, unknown
    /// labels are part of its density.
    pub(crate) fn of<F: Real>(
        model: &Model<F>,
        rows: &Array2<F>,
        (Counted { groups, weights }, other): (Counted<'_>, bool),
        name: &str,
    ) -> Result<(Vec<f64>, Self)> {
        let log_prob = match model.categorical() {
            Some(_) => LabelledRows::joint(model, rows.view(), other),
            None => model.flow.log_prob(model.flow.given(rows.view())).map_err(Into::into),
        };
        let log_prob = log_prob.with_context(|| name.to_owned())?;
        let mut moments = Moments::default();
        moments.add(&log_prob, weights);
        let mut likelihood = Self::from_moments(moments, model, name)?;
        if groups.is_some() {
            let error = grouped_mean(&log_prob, groups).1.error;
            likelihood.standard_error = error.is_finite().then_some(error);
        }
        Ok((log_prob, likelihood))
    }

    /// The mean in nats.
    pub(crate) fn mean(&self) -> f64 {
        self.mean
    }

    /// The mean of scores of independent rows called `name`.
    pub(crate) fn from_moments<F: Real>(moments: Moments, model: &Model<F>, name: &str) -> Result<Self> {
        Self::within(moments, model.header.space.clone(), name)
    }

    /// The same for scores in a space of their own.
    pub(crate) fn within(moments: Moments, space: String, name: &str) -> Result<Self> {
        let (rows, mean, error) = (moments.count(), moments.mean(), moments.standard_error());
        if !mean.is_finite() {
            let message = format!("{name}: the mean log-likelihood of {rows} rows is {mean}");
            return Err(BadInput(message).into());
        }
        let standard_error = error.is_finite().then_some(error);
        Ok(Self { rows, mean, standard_error, unit: "nats", space })
    }
}

impl Display for Likelihood {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let error = self.standard_error.map_or_else(String::new, |error| format!(" ± {error:.4}"));
        write!(f, "{} rows: {:.4}{error} {}, in {}", self.rows, self.mean, self.unit, self.space)
    }
}
