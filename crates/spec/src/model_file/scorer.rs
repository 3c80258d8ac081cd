//! Log-likelihoods of blocks of rows: over draws of the noise, and with rows outside the domain.

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis, Slice};
use pdmap_core::special::log_sum_exp;
use pdmap_core::{Evaluator, Input, LayerError, Real};
use serde::Serialize;

use super::model::Model;
use crate::dequantize::Dequantizer;

/// What is reported over the draws of the noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Over {
    /// `mean log p`, a lower bound.
    Mean,
    /// `log mean p`, which the draws bring closer to the log-probability of a cell.
    LogMeanExp,
}

/// Scores rows.
///
/// Rows outside the model's domain have the density 0, as those have whose density underflows: they
/// score `-inf`, and their gradient is NaN. Rows off the subspace of the training rows or outside
/// the bounds of a column, which are read as NaN, are such rows. For a model with discrete
/// features, a score is taken over several draws of the noise.
#[derive(Debug)]
pub struct Scorer<'m, F: Real> {
    evaluator: Evaluator<'m, F>,
    noise: Option<Dequantizer>,
    draws: u64,
    over: Over,
    /// Rows outside the domain so far.
    outside: u64,
    /// Whether rows of NaN lie outside the domain.
    marked: bool,
    rows: Array2<F>,
    once: Vec<f64>,
    slopes: Vec<F>,
}

type Result<T> = std::result::Result<T, LayerError>;

impl<'m, F: Real> Scorer<'m, F> {
    /// `draws` is at least 1, and is 1 without discrete features.
    pub fn new(model: &'m Model<F>, noise: Option<Dequantizer>, draws: u64, over: Over) -> Self {
        let draws = if noise.is_some() { draws } else { 1 };
        let (rows, once, slopes) = (Array2::zeros((0, 0)), Vec::new(), Vec::new());
        let marked = model.header.columns.subspace.is_some() || !model.header.columns.domains.is_empty();
        Self { evaluator: model.flow.evaluator(), noise, draws, over, outside: 0, marked, rows, once, slopes }
    }

    /// Scores rows as they are.
    pub fn plain(model: &'m Model<F>) -> Self {
        Self::new(model, None, 1, Over::Mean)
    }

    /// Rows outside the domain so far.
    pub fn outside(&self) -> u64 {
        self.outside
    }

    /// The scores of rows, of which the first has the number `first`, in nats, and the gradient of each
    /// score in its features.
    ///
    /// # Errors
    /// Wrong shapes; numbers that are not finite, unless they mark rows outside.
    pub fn score(
        &mut self,
        input: Input<'_, F>,
        first: u64,
        log_prob: &mut [f64],
        mut gradient: Option<ArrayViewMut2<'_, F>>,
    ) -> Result<()> {
        let mut out = vec![false; log_prob.len()];
        log_prob.fill(match self.over {
            Over::Mean => 0.0,
            Over::LogMeanExp => f64::NEG_INFINITY,
        });
        if let Some(gradient) = &mut gradient {
            gradient.fill(F::zero());
        }
        let count = self.draws as f64;
        for draw in 0..self.draws {
            self.once(&input, first, draw, &mut out, gradient.is_some())?;
            for (row, (score, &value)) in log_prob.iter_mut().zip(&self.once).enumerate() {
                // What the gradients so far count for, and the new one.
                let shares = match self.over {
                    Over::Mean => {
                        *score += value / count;
                        (1.0, 1.0 / count)
                    }
                    Over::LogMeanExp => {
                        let (before, value) = (*score, value - count.ln());
                        *score = log_sum_exp([before, value].into_iter());
                        ((before - *score).exp(), (value - *score).exp())
                    }
                };
                if let Some(gradient) = &mut gradient {
                    let (kept, new) = (F::of(shares.0), F::of(shares.1));
                    let slopes = &self.slopes[row * gradient.ncols()..];
                    gradient.row_mut(row).iter_mut().zip(slopes).for_each(|(g, &s)| *g = kept * *g + new * s);
                }
            }
        }
        for (row, (score, _)) in log_prob.iter_mut().zip(&out).enumerate().filter(|(_, (_, out))| **out) {
            self.outside += 1;
            *score = f64::NEG_INFINITY;
            if let Some(gradient) = &mut gradient {
                gradient.row_mut(row).fill(F::nan());
            }
        }
        Ok(())
    }

    /// One draw. Rows outside the domain are replaced by one inside it, and noted in `out`.
    fn once(&mut self, input: &Input<'_, F>, first: u64, draw: u64, out: &mut [bool], slopes: bool) -> Result<()> {
        let condition = input.condition.as_ref().map(|condition| condition.view());
        if self.rows.dim() != input.x.dim() {
            self.rows = Array2::zeros(input.x.dim());
        }
        self.rows.assign(&input.x);
        if let Some(noise) = &self.noise {
            noise.add(draw, first, self.rows.view_mut());
        }
        self.once.resize(out.len(), 0.0);
        self.slopes.resize(if slopes { input.x.len() } else { 0 }, F::zero());
        if self.marked {
            let nan = |row: ArrayView1<'_, F>| row.iter().next().is_some_and(|value| value.is_nan());
            let rows = self.rows.rows().into_iter().enumerate();
            let found: Vec<usize> = rows.filter(|(_, row)| nan(*row)).map(|(row, _)| row).collect();
            if !self.patch(&found, out) {
                return Ok(());
            }
        }
        match self.evaluator.log_prob_into(Input::new(self.rows.view(), condition), &mut self.once) {
            Err(error) if has_no_density(&error) => {
                let found = outside(&mut self.evaluator, Input::new(self.rows.view(), condition))?;
                if !self.patch(&found, out) {
                    return Ok(());
                }
                let patched = Input::new(self.rows.view(), condition);
                self.evaluator.log_prob_into(patched, &mut self.once)?;
            }
            result => result?,
        }
        if slopes {
            let to = ArrayViewMut2::from_shape(input.x.dim(), &mut self.slopes).map_err(|_| LayerError::NoFeatures)?;
            self.evaluator.input_gradient_into(Input::new(self.rows.view(), condition), to)?;
        }
        Ok(())
    }

    /// Notes rows outside the domain, in order, and replaces them by one inside it. Returns whether
    /// there is one.
    fn patch(&mut self, found: &[usize], out: &mut [bool]) -> bool {
        found.iter().for_each(|&row| out[row] = true);
        let Some(inside) = (0..out.len()).find(|row| found.binary_search(row).is_err()) else { return false };
        let inside = self.rows.row(inside).to_owned();
        found.iter().for_each(|&row| self.rows.row_mut(row).assign(&inside));
        true
    }
}

/// Whether a row has the density 0: it lies outside the domain, or so far out that the density is
/// below all numbers, as that of a fill value of 1e37 in single precision. A layer may then subtract
/// infinities, which is NaN.
fn has_no_density(error: &LayerError) -> bool {
    match error {
        LayerError::Domain { .. } => true,
        LayerError::NonFinite { what: "log-likelihood", value, .. } => *value != f64::INFINITY,
        _ => false,
    }
}

/// The rows outside the domain, by bisection.
fn outside<F: Real>(evaluator: &mut Evaluator<'_, F>, input: Input<'_, F>) -> Result<Vec<usize>> {
    let mut found = Vec::new();
    // Ranges that are to be tried, the first one last.
    let mut open = vec![(0, input.x.nrows())];
    let mut scores = vec![0.0; input.x.nrows()];
    while let Some((from, to)) = open.pop() {
        let part = |rows: &ArrayView2<'_, F>| rows.slice_axis(Axis(0), Slice::from(from..to)).to_owned();
        let (x, condition) = (part(&input.x), input.condition.as_ref().map(part));
        let input = Input::new(x.view(), condition.as_ref().map(|condition| condition.view()));
        match evaluator.log_prob_into(input, &mut scores[from..to]) {
            Ok(()) => {}
            Err(error) if has_no_density(&error) && to - from == 1 => found.push(from),
            Err(error) if has_no_density(&error) => {
                let middle = from.midpoint(to);
                open.extend([(middle, to), (from, middle)]);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}
