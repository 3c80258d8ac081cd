//! The full-covariance Gaussian beside a flow: fitted to the same training rows, on the same rows,
//! in the same space.

use std::fmt::{Display, Formatter};

use ndarray::{ArrayView2, Axis, Slice};
use pdmap_compare::baseline::Gaussian;
use pdmap_compare::statistics::grouped_mean;
use pdmap_core::Real;
use pdmap_core::row_weights::mean;
use pdmap_train::{Rows, SpecError};
use serde::Serialize;

use super::moments::Moments;

/// Most features: a fit decomposes the covariance once, in time that grows with their cube.
const FEATURES: usize = 4096;

/// Most products of two numbers for a covariance, about ten seconds on two cores. More rows are
/// thinned.
const PRODUCTS: usize = 200_000_000_000;

/// Rows a feature that are always used.
const ROWS: usize = 10;

/// A Gaussian fitted to training rows.
#[derive(Debug)]
pub(crate) struct Fitted {
    gaussian: Gaussian,
    /// Number of rows that it was fitted to.
    rows: u64,
}

/// The Gaussian, or why there is none.
pub(crate) type Fit = Result<Fitted, String>;

/// Fits a Gaussian to the training rows of a flow with this number of `conditions`, or to evenly
/// spaced ones of them if they are many.
pub(crate) fn fit<F: Real>(rows: Rows<'_, F>, conditions: usize) -> Fit {
    if conditions > 0 {
        return Err("the model is conditional, p(x | c), and the Gaussian is not".into());
    }
    let features = rows.features();
    if features > FEATURES {
        return Err(format!("{features} features, more than the {FEATURES} of a covariance that is decomposed"));
    }
    let most = (PRODUCTS / features.max(1).pow(2)).max(ROWS * features) as u64;
    fit_to(rows, most)
}

fn fit_to<F: Real>(rows: Rows<'_, F>, most: u64) -> Fit {
    let stride = rows.count().div_ceil(most.max(1)).max(1) as usize;
    let weights = rows.weights();
    let gaussian = Gaussian::fit_in_passes::<F, SpecError>(&mut |visit| {
        let (mut next, mut first) = (0, 0);
        rows.pass(&mut |block| {
            let count = block.nrows();
            if next < count {
                let own = weights.as_ref().map(|weights| -> Vec<f64> {
                    (next..count).step_by(stride).map(|row| weights[first + row]).collect()
                });
                visit(block.slice_axis(Axis(0), Slice::from(next..).step_by(stride as isize)), own.as_deref())?;
                next += (count - next).div_ceil(stride) * stride;
            }
            next -= count;
            first += count;
            Ok(())
        })
    });
    match gaussian {
        Ok(gaussian) => Ok(Fitted { gaussian, rows: rows.count().div_ceil(stride as u64) }),
        Err(error) => Err(format!("no covariance of full rank: {error}")),
    }
}

/// The comparison of a flow with the Gaussian, or why there is none.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Baseline {
    Measured(Measured),
    LeftOut { left_out: String },
}

/// Mean log-likelihoods on the same rows.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    name: &'static str,
    /// Number of training rows that it was fitted to.
    fitted_rows: u64,
    /// What the rows are: test or validation rows.
    on: String,
    rows: usize,
    /// Of the Gaussian.
    mean: f64,
    /// Of the flow.
    flow: f64,
    /// Of the flow, minus that of the Gaussian.
    difference: f64,
    /// Of the difference; null for fewer than two rows or images.
    standard_error: Option<f64>,
    /// Whether the flow is below the Gaussian.
    flow_below: bool,
    unit: &'static str,
}

impl Baseline {
    /// Compares the flow's log-likelihoods `scores` of `rows`, called `on`, with those of the
    /// Gaussian. `groups` are the images that the rows were cut from; without them, rows count as
    /// independent.
    pub(crate) fn of<F: Real>(
        fit: &Fit,
        rows: ArrayView2<'_, F>,
        scores: &[f64],
        (groups, weights): (Option<&[u32]>, Option<&[f64]>),
        on: &str,
    ) -> Self {
        let measured = fit.as_ref().map_err(Clone::clone).and_then(|fitted| {
            let gaussian = fitted.gaussian.log_prob(rows).map_err(|error| error.to_string())?;
            let differences: Vec<f64> = scores.iter().zip(&gaussian).map(|(flow, gaussian)| flow - gaussian).collect();
            let mut moments = Moments::default();
            moments.add(&differences, weights);
            let error = match groups {
                Some(_) => grouped_mean(&differences, groups).1.error,
                None => moments.standard_error(),
            };
            let difference = moments.mean();
            Ok(Measured {
                name: "Gaussian, full covariance",
                fitted_rows: fitted.rows,
                on: on.to_owned(),
                rows: differences.len(),
                mean: mean(&gaussian, weights),
                flow: mean(scores, weights),
                difference,
                standard_error: Some(error).filter(|error| error.is_finite()),
                flow_below: difference < 0.0,
                unit: "nats",
            })
        });
        measured.map_or_else(Self::left_out, Self::Measured)
    }

    /// No comparison, for this reason.
    pub(crate) fn left_out(reason: String) -> Self {
        Self::LeftOut { left_out: reason }
    }

    /// A warning with what helps, if the flow is below the Gaussian.
    pub(crate) fn warning(&self) -> Option<String> {
        let Self::Measured(measured) = self else { return None };
        measured.flow_below.then(|| {
            format!(
                "the flow is {} nats a row below a Gaussian with full covariance on the same {} {}; more steps (--budget, --steps), --preprocess whiten or another model (--model gaussianization-orthonormal; `pdmap presets` lists them) may help",
                measured.distance(), measured.rows, measured.on
            )
        })
    }
}

impl Measured {
    fn distance(&self) -> String {
        let error = self.standard_error.map_or_else(String::new, |error| format!(" ± {error:.4}"));
        format!("{:.4}{error}", self.difference.abs())
    }
}

impl Display for Baseline {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Measured(measured) => write!(
                f,
                "{:.4} nats on the same {} {} (fitted to {} training rows); the flow is {} {}",
                measured.mean,
                measured.rows,
                measured.on,
                measured.fitted_rows,
                measured.distance(),
                if measured.flow_below { "below" } else { "above" }
            ),
            Self::LeftOut { left_out } => write!(f, "left out: {left_out}"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ndarray::Array2;

    use super::*;

    fn rows() -> Array2<f64> {
        Array2::from_shape_fn((9000, 2), |(row, column)| ((row * row * (column + 3) + 5 * row) % 997) as f64 / 100.0)
    }

    #[test]
    fn many_rows_are_thinned_evenly_across_blocks() {
        let rows = rows();
        for most in [9000, 4000, 1300, 3] {
            let stride = 9000usize.div_ceil(most);
            let kept: Vec<usize> = (0..9000).step_by(stride).collect();
            let fitted = fit_to(Rows::from(&rows), most as u64).unwrap();
            assert_eq!(fitted.rows, kept.len() as u64);
            let expected = Gaussian::fit(rows.select(Axis(0), &kept).view()).unwrap().log_prob(rows.view()).unwrap();
            let scores = fitted.gaussian.log_prob(rows.view()).unwrap();
            let far = scores.iter().zip(&expected).map(|(a, b)| (a - b).abs() / b.abs()).fold(0.0, f64::max);
            assert!(far < 1e-9, "{most}: {far}");
        }
    }

    #[test]
    fn the_sign_of_the_difference_decides() {
        let rows = rows();
        let fit = fit(Rows::from(&rows), 0);
        let own = fit.as_ref().unwrap().gaussian.log_prob(rows.view()).unwrap();
        let shifted = |by: f64| {
            let scores: Vec<f64> = own.iter().map(|score| score + by).collect();
            Baseline::of(&fit, rows.view(), &scores, (None, None), "test rows")
        };
        let above = shifted(0.25);
        assert!(above.warning().is_none() && above.to_string().contains("0.2500 ± 0.0000 above"), "{above}");
        let below = shifted(-0.25);
        assert!(below.warning().unwrap().contains("0.2500 ± 0.0000 nats a row below"));
        let json = serde_json::to_value(&below).unwrap();
        assert_eq!((json["flow_below"].as_bool(), json["rows"].as_u64()), (Some(true), Some(9000)));
    }

    #[test]
    fn what_has_no_gaussian_is_left_out() {
        let reason = |fit: Fit| Baseline::of(&fit, rows().view(), &[], (None, None), "test rows").to_string();
        assert!(reason(fit(Rows::from(&rows()), 1)).contains("conditional"));
        assert!(reason(fit(Rows::from(&Array2::<f32>::zeros((1, 4097))), 0)).contains("4097 features"));
        let twice = Array2::from_shape_fn((100, 2), |(row, _)| row as f64);
        assert!(reason(fit(Rows::from(&twice), 0)).contains("dependent"));
    }
}
