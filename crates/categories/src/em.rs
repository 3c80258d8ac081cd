//! Expectation maximization.

use ndarray::{Array1, Array2};
use pdmap_core::special::log_sum_exp;
use rand::{Rng, RngExt};
use rayon::prelude::*;

use crate::counts::Counts;
use crate::error::{CategoriesError, Result};
use crate::latent::{LatentClasses, ranges};

/// When a fit ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EmOptions {
    /// Most iterations.
    pub iterations: usize,
    /// It ends when an iteration gains less than this, in nats a row.
    pub tolerance: f64,
}

impl Default for EmOptions {
    fn default() -> Self {
        Self { iterations: 200, tolerance: 1e-6 }
    }
}

/// What a fit did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Iterations.
    pub iterations: usize,
    /// The objective before the last iteration, in nats a row.
    pub objective: f64,
}

/// Chunks of rows whose sums are added in order: their number does not depend on the threads.
const CHUNKS: usize = 16;

/// Probability that a class starts with at the labels of the row that it starts from; the rest is that
/// of all rows.
const PEAK: f64 = 0.5;

/// EM of a latent class model under Dirichlet smoothing.
///
/// The objective is `Σ_n log p(c_n) + α Σ_kjl log θ_kj(l)`, in which each class counts `α` more
/// rows of each label: a Dirichlet prior with parameters `1 + α`. With `r_nk` the posterior of
/// class `k`,
///
/// ```text
/// π_k = n_k/N,   θ_kj(l) = (α + Σ_n r_nk [c_nj = l]) / (α L_j + n_k),   n_k = Σ_n r_nk,
/// ```
///
/// and no iteration lowers it (Dempster, Laird & Rubin 1977). With one class, θ are the smoothed
/// frequencies of the columns.
#[derive(Debug, Clone)]
pub struct Em<'a> {
    rows: &'a Counts,
    starts: Vec<usize>,
    smoothing: f64,
    weights: Array1<f64>,
    probabilities: Array2<f64>,
    log_weights: Array1<f64>,
    log_probabilities: Array2<f64>,
    chunks: Vec<Chunk>,
}

/// The sums of some rows.
#[derive(Debug, Clone)]
struct Chunk {
    /// First row, and the one after the last.
    rows: (usize, usize),
    /// `Σ_n r_nk`.
    classes: Vec<f64>,
    /// `Σ_n r_nk [c_nj = l]`, `[K, Σ_j L_j]`.
    labels: Vec<f64>,
    /// `Σ_n log p(c_n)`.
    log_density: f64,
    /// Of one row.
    joint: Vec<f64>,
}

impl<'a> Em<'a> {
    /// A fit of `classes` classes with `smoothing` rows more of each label, from classes around rows
    /// that are drawn far from each other: k-means++ (Arthur & Vassilvitskii 2007) with the number of
    /// columns in which rows differ as the squared distance.
    ///
    /// # Errors
    /// [`CategoriesError::NoClasses`], [`CategoriesError::Smoothing`].
    pub fn start(rows: &'a Counts, classes: usize, smoothing: f64, rng: &mut dyn Rng) -> Result<Self> {
        if classes == 0 {
            return Err(CategoriesError::NoClasses);
        }
        if !(smoothing.is_finite() && smoothing > 0.0) {
            return Err(CategoriesError::Smoothing { value: smoothing });
        }
        let ranges = ranges(rows.labels());
        let all: usize = rows.labels().iter().sum();
        let mut overall = vec![0.0; all];
        for (row, &count) in rows.rows().rows().into_iter().zip(rows.counts()) {
            row.iter().zip(&ranges).for_each(|(&code, range)| overall[range.start + code as usize] += count);
        }
        for range in &ranges {
            let total = rows.total() + smoothing * range.len() as f64;
            overall[range.clone()].iter_mut().for_each(|sum| *sum = (*sum + smoothing) / total);
        }
        let mut probabilities = Array2::from_shape_fn((classes, all), |(_, label)| overall[label]);
        if classes > 1 {
            for (mut own, row) in probabilities.rows_mut().into_iter().zip(seeds(rows, classes, rng)) {
                own.mapv_inplace(|probability| (1.0 - PEAK) * probability);
                let codes = rows.rows().row(row).to_owned();
                codes.iter().zip(&ranges).for_each(|(&code, range)| own[range.start + code as usize] += PEAK);
            }
        }
        let weights = Array1::from_elem(classes, 1.0 / classes as f64);
        let distinct = rows.counts().len();
        let size = distinct.div_ceil(CHUNKS);
        let chunk = |index: usize| Chunk {
            rows: ((index * size).min(distinct), ((index + 1) * size).min(distinct)),
            classes: vec![0.0; classes],
            labels: vec![0.0; classes * all],
            log_density: 0.0,
            joint: vec![0.0; classes],
        };
        Ok(Self {
            rows,
            starts: ranges.iter().map(|range| range.start).collect(),
            smoothing,
            log_weights: weights.mapv(f64::ln),
            log_probabilities: probabilities.mapv(f64::ln),
            weights,
            probabilities,
            chunks: (0..CHUNKS).map(chunk).filter(|chunk| chunk.rows.0 < chunk.rows.1).collect(),
        })
    }

    /// Iterates, and returns what it did.
    pub fn run(&mut self, options: EmOptions) -> Progress {
        let mut progress = Progress { iterations: 0, objective: f64::NEG_INFINITY };
        while progress.iterations < options.iterations {
            let objective = self.step();
            let gain = objective - progress.objective;
            progress = Progress { iterations: progress.iterations + 1, objective };
            if gain < options.tolerance {
                break;
            }
        }
        progress
    }

    /// One iteration; returns the objective before it, in nats a row.
    pub fn step(&mut self) -> f64 {
        let objective = self.expectation();
        self.maximization();
        objective
    }

    /// The model as it is now.
    ///
    /// # Errors
    /// None for a fit that was started.
    pub fn model(&self) -> Result<LatentClasses> {
        LatentClasses::new(self.rows.labels(), self.weights.clone(), self.probabilities.clone())
    }

    /// Fills the sums of all chunks.
    fn expectation(&mut self) -> f64 {
        let Self { rows, starts, log_weights, log_probabilities, chunks, .. } = self;
        let (codes, counts, all) = (rows.rows(), rows.counts(), log_probabilities.ncols());
        chunks.par_iter_mut().for_each(|chunk| {
            chunk.classes.fill(0.0);
            chunk.labels.fill(0.0);
            chunk.log_density = 0.0;
            for (row, &count) in counts.iter().enumerate().take(chunk.rows.1).skip(chunk.rows.0) {
                let row = codes.row(row);
                for (class, joint) in chunk.joint.iter_mut().enumerate() {
                    let own = log_probabilities.row(class);
                    let sum: f64 = row.iter().zip(&*starts).map(|(&code, &start)| own[start + code as usize]).sum();
                    *joint = log_weights[class] + sum;
                }
                let total = log_sum_exp(chunk.joint.iter().copied());
                chunk.log_density += count * total;
                for (class, &joint) in chunk.joint.iter().enumerate() {
                    let share = count * (joint - total).exp();
                    chunk.classes[class] += share;
                    let own = &mut chunk.labels[class * all..(class + 1) * all];
                    row.iter().zip(&*starts).for_each(|(&code, &start)| own[start + code as usize] += share);
                }
            }
        });
        let prior = smoothing_term(self.smoothing, &self.log_probabilities);
        (self.chunks.iter().map(|chunk| chunk.log_density).sum::<f64>() + prior) / self.rows.total()
    }

    fn maximization(&mut self) {
        let all = self.probabilities.ncols();
        let Self { rows, smoothing, weights, probabilities, chunks, .. } = self;
        for (class, mut own) in probabilities.rows_mut().into_iter().enumerate() {
            let in_class: f64 = chunks.iter().map(|chunk| chunk.classes[class]).sum();
            weights[class] = in_class / rows.total();
            own.fill(*smoothing);
            for chunk in &*chunks {
                own.iter_mut().zip(&chunk.labels[class * all..]).for_each(|(own, sum)| *own += sum);
            }
            let mut own = own.iter_mut();
            for &labels in rows.labels() {
                // The sum of the column's own numbers, so that probabilities sum to 1 to rounding.
                let column: Vec<&mut f64> = own.by_ref().take(labels).collect();
                let total: f64 = column.iter().map(|number| **number).sum();
                column.into_iter().for_each(|number| *number /= total);
            }
        }
        self.log_weights.zip_mut_with(&self.weights, |log, weight| *log = weight.ln());
        self.log_probabilities.zip_mut_with(&self.probabilities, |log, probability| *log = probability.ln());
    }
}

fn smoothing_term(smoothing: f64, log_probabilities: &Array2<f64>) -> f64 {
    smoothing * log_probabilities.sum()
}

/// Rows to start from. More classes than distinct rows start from some rows twice.
fn seeds(rows: &Counts, classes: usize, rng: &mut dyn Rng) -> Vec<usize> {
    let (codes, counts) = (rows.rows(), rows.counts());
    let mut distance = vec![f64::INFINITY; counts.len()];
    let mut chosen = Vec::with_capacity(classes);
    let mut weights: Vec<f64> = counts.to_vec();
    for _ in 0..classes {
        let total: f64 = weights.iter().sum();
        let mut left = rng.random::<f64>() * total;
        let row = weights.iter().position(|&weight| {
            left -= weight;
            weight > 0.0 && left < 0.0
        });
        // All rows are chosen, or rounding: any row.
        let row = row.unwrap_or_else(|| rng.random_range(0..counts.len()));
        chosen.push(row);
        let centre = codes.row(row);
        for (index, (distance, weight)) in distance.iter_mut().zip(&mut weights).enumerate() {
            let apart = codes.row(index).iter().zip(&centre).filter(|(a, b)| a != b).count();
            *distance = distance.min(apart as f64);
            *weight = counts[index] * *distance;
        }
    }
    chosen
}
