//! The E-step where cells are missing (Ghahramani & Jordan 1994, "Supervised learning from
//! incomplete data via an EM approach"): the sums of the M-step hold `E[φ(x) | x_o]`, with the
//! observed cells `x_o` of each row.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use pdmap_core::LayerError;
use pdmap_core::linalg::{Add, gemm};
use pdmap_core::special::log_sum_exp;
use rayon::prelude::*;

use super::design::Design;
use crate::error::Result;
use crate::mixture::GaussianMixture;
use crate::patterns::{Pattern, patterns};
use crate::regression::Regression;
use crate::standardized::Standardized;

/// Rows of one pattern that are taken together.
const BLOCK: usize = 512;

/// Parts of the rows, each summed by one thread at a time and added in order, so that results do not
/// depend on the number of threads.
const PARTS: usize = 16;

/// Rows with missing cells, by pattern.
#[derive(Debug)]
pub(super) struct Observed {
    design: Design,
    patterns: Vec<Pattern>,
    /// Blocks `(pattern, from, to)` of rows, in parts.
    parts: Vec<Vec<(usize, usize, usize)>>,
}

/// What decides which components a row belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Responsible<'a> {
    Posterior,
    /// The component of each row, whose missing cells are those of the first component.
    Labels(&'a [usize]),
}

/// `Σ_n w_n r_nk (1, x̂, E[x xᵀ])` of one component.
#[derive(Debug, Clone)]
struct Sums {
    count: f64,
    rows: Array1<f64>,
    products: Array2<f64>,
}

impl Observed {
    pub(super) fn new(design: Design, rows: ArrayView2<'_, f64>) -> Self {
        let patterns = patterns(rows);
        let blocks: Vec<(usize, usize, usize)> = patterns
            .iter()
            .enumerate()
            .flat_map(|(index, pattern)| {
                let count = pattern.rows.len();
                (0..count).step_by(BLOCK).map(move |from| (index, from, (from + BLOCK).min(count)))
            })
            .collect();
        let size = blocks.len().div_ceil(PARTS).max(1);
        Self { design, patterns, parts: blocks.chunks(size).map(<[_]>::to_vec).collect() }
    }

    /// Operations of a pass for each component, beside those for each row: the factorizations.
    pub(super) fn factorizations(&self) -> usize {
        self.parts.iter().map(Vec::len).sum()
    }

    /// Writes the sums of `components` components, `[K, monomials]`, and returns `Σ_n w_n log
    /// p(x_o)` under `mixture` (for labels 0).
    pub(super) fn run(
        &self,
        rows: &Standardized,
        mixture: &GaussianMixture,
        (responsible, components): (Responsible<'_>, usize),
        out: &mut [f64],
    ) -> Result<f64> {
        let covariances: Vec<Array2<f64>> =
            mixture.components().iter().map(|component| component.factor().covariance()).collect();
        let (rows, weights) = (rows.rows(), rows.weights());
        let pass = Pass { rows, weights, mixture, covariances: &covariances, responsible, components };
        let parts: Vec<(Vec<Sums>, f64)> = self
            .parts
            .par_iter()
            .map(|blocks| {
                let mut sums = vec![Sums::zeros(rows.ncols()); components];
                let mut log_likelihood = 0.0;
                for &(pattern, from, to) in blocks {
                    log_likelihood += pass.add(&self.patterns[pattern], from..to, &mut sums)?;
                }
                Ok((sums, log_likelihood))
            })
            .collect::<Result<_>>()?;
        let width = self.design.width(rows.ncols());
        out[..components * width].fill(0.0);
        for (sums, _) in &parts {
            for (own, out) in sums.iter().zip(out.chunks_exact_mut(width)) {
                own.add_to(self.design, out);
            }
        }
        let log_likelihood: f64 = parts.iter().map(|(_, own)| own).sum();
        if log_likelihood.is_finite() {
            return Ok(log_likelihood);
        }
        let (what, value) = ("log-likelihood of a mixture", log_likelihood);
        Err(LayerError::NonFinite { what, row: 0, column: 0, value }.into())
    }
}

/// One E-step.
struct Pass<'a> {
    rows: ArrayView2<'a, f64>,
    weights: Option<&'a [f64]>,
    mixture: &'a GaussianMixture,
    covariances: &'a [Array2<f64>],
    responsible: Responsible<'a>,
    components: usize,
}

impl Pass<'_> {
    fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    /// Adds some rows of a pattern to the sums of each component.
    fn add(&self, pattern: &Pattern, range: std::ops::Range<usize>, sums: &mut [Sums]) -> Result<f64> {
        let numbers = &pattern.rows[range];
        let cells = Pattern::cells(self.rows, numbers, &pattern.observed);
        let of = |k: usize| Regression::new(self.mixture.components()[k].mean(), self.covariances[k].view(), pattern);
        if let Responsible::Labels(labels) = self.responsible {
            let regression = of(0)?;
            for (k, sums) in sums.iter_mut().enumerate() {
                let own: Vec<usize> = (0..numbers.len()).filter(|&row| labels[numbers[row]] == k).collect();
                let cells = cells.select(Axis(0), &own);
                let weights: Array1<f64> = own.iter().map(|&row| self.weight(numbers[row])).collect();
                sums.add(pattern, &regression, &cells, weights.view())?;
            }
            return Ok(0.0);
        }
        let regressions: Vec<Regression> = (0..self.components).map(of).collect::<Result<_>>()?;
        let mut joint = Array2::zeros((self.components, numbers.len()));
        let mut y = Array2::zeros(cells.dim());
        for (k, regression) in regressions.iter().enumerate() {
            let mut centred = cells.clone();
            regression.centre(&mut centred);
            joint.row_mut(k).assign(&regression.log_density(centred.view(), &mut y)?);
            joint.row_mut(k).mapv_inplace(|log| log + self.mixture.log_weights()[k]);
        }
        let mut log_likelihood = 0.0;
        for (mut row, &number) in joint.columns_mut().into_iter().zip(numbers) {
            let (total, weight) = (log_sum_exp(row.iter().copied()), self.weight(number));
            row.mapv_inplace(|joint| weight * (joint - total).exp());
            log_likelihood += weight * total;
        }
        for ((regression, posterior), sums) in regressions.iter().zip(joint.rows()).zip(sums) {
            sums.add(pattern, regression, &cells, posterior)?;
        }
        Ok(log_likelihood)
    }
}

impl Sums {
    fn zeros(columns: usize) -> Self {
        Self { count: 0.0, rows: Array1::zeros(columns), products: Array2::zeros((columns, columns)) }
    }

    /// Adds rows with these responsibilities, their missing cells by the regression.
    fn add(
        &mut self,
        pattern: &Pattern,
        regression: &Regression,
        cells: &Array2<f64>,
        responsible: ArrayView1<'_, f64>,
    ) -> Result<()> {
        let count = responsible.sum();
        if count <= 0.0 {
            return Ok(());
        }
        let mut centred = cells.clone();
        regression.centre(&mut centred);
        let means = regression.means(centred.view())?;
        let mut filled = Array2::zeros((cells.nrows(), self.rows.len()));
        for (from, columns) in [(cells, &pattern.observed), (&means, &pattern.missing)] {
            for (column, from) in columns.iter().zip(from.columns()) {
                filled.column_mut(*column).assign(&from);
            }
        }
        let weighted = &filled * &responsible.insert_axis(Axis(1));
        self.count += count;
        self.rows += &weighted.sum_axis(Axis(0));
        gemm(1.0, weighted.t(), filled.view(), Add::Yes, self.products.view_mut())?;
        for (i, &row) in pattern.missing.iter().enumerate() {
            for (j, &column) in pattern.missing.iter().enumerate() {
                self.products[[row, column]] += count * regression.covariance[[i, j]];
            }
        }
        Ok(())
    }

    fn add_to(&self, design: Design, out: &mut [f64]) {
        let columns = self.rows.len();
        let linear = std::iter::once(self.count).chain(self.rows.iter().copied());
        let ends = |i: usize| match design {
            Design::Linear => i..i,
            Design::Squares => i..i + 1,
            Design::Products => i..columns,
        };
        let products = (0..columns).flat_map(|i| ends(i).map(move |j| (i, j))).map(|at| self.products[at]);
        out.iter_mut().zip(linear.chain(products)).for_each(|(out, own)| *out += own);
    }
}
