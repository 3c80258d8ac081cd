//! Arcsinh curves of all columns, fitted together with a mixture behind them.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use pdmap_core::{Chain, Layer, Real};
use pdmap_layers::elementwise::{Asinh, Elementwise};
use pdmap_layers::preprocess::Standardize;
use pdmap_mixture::{CovarianceForm, Em, EmOptions, GaussianMixture, Prior, SelectOptions, Standardized, select};
use rand::Rng;
use rayon::prelude::*;

use crate::curve::Curve;
use crate::error::Result;

/// Most rows from which curves are learned.
const ROWS: usize = 8192;

/// With missing cells, most numbers in the factors of all their patterns, if each row has its own.
const NUMBERS: usize = 1 << 23;

/// Fewest rows, whatever their number of columns.
const LEAST: usize = 512;

/// One in so many of them is held out, to choose the components of the first mixture.
const HELD_OUT: usize = 6;

/// Most components of the mixture that curves are learned with.
const COMPONENTS: usize = 8;

/// Floating-point operations for the choice of that mixture.
const OPERATIONS: f64 = 2e10;

/// Most rounds, and the least gain of one, in nats a row.
const ROUNDS: usize = 40;
const GAIN: f64 = 2e-4;

/// EM iterations for the mixture in each round.
const ITERATIONS: usize = 3;

/// Rows that uncorrelated columns count as in the covariance of each component.
const PRIOR: f64 = 3.0;

/// The curve of each column.
#[derive(Debug, Clone)]
pub(crate) struct Arcsinh {
    curves: Vec<Curve>,
}

impl Arcsinh {
    /// Learns curves from rows with missing cells, which are NaN. Each column starts with the curve
    /// after which it is nearest to a normal distribution. Then the curves and a mixture behind
    /// them take turns in raising the likelihood of the cells that are there: given the posterior
    /// of the components, each column has a likelihood of its own ([`Pull`](pdmap_mixture::Pull)),
    /// as in EM with a conditional maximization (Meng & Rubin 1993).
    ///
    /// # Errors
    /// A column without two different cells.
    pub(crate) fn fit(rows: ArrayView2<'_, f64>, rng: &mut dyn Rng) -> Result<Self> {
        let rows = spread_out(rows);
        let columns: Vec<Vec<f64>> = rows.columns().into_iter().map(|column| there(column.iter().copied())).collect();
        let mut fitted = Self { curves: columns.par_iter().map(|cells| Curve::normal(cells)).collect() };
        let mut z = fitted.codes(rows.view());
        let mut mixture = first(z.view(), rng)?;
        let mut last = f64::NEG_INFINITY;
        for _ in 0..ROUNDS {
            let pulls_on = mixture.pulls(z.view())?;
            for (column, cells) in columns.iter().enumerate() {
                let pulls = pulls_on.on(z.view(), column)?;
                let own = pulls.into_iter().zip(rows.column(column)).filter(|(_, x)| !x.is_nan());
                let pulls: Vec<_> = own.map(|(pull, _)| pull).collect();
                let curve = fitted.curves[column].pulled(cells, &pulls);
                fitted.curves[column] = curve;
                z.column_mut(column).zip_mut_with(&rows.column(column), |z, &x| *z = curve.value(x));
            }
            mixture = further(z.view(), &mixture)?;
            let codes = mixture.mean_log_density_observed(z.view())?;
            let found = codes + fitted.mean_log_slopes(&columns, rows.nrows());
            if found - last < GAIN {
                break;
            }
            last = found;
        }
        Ok(fitted)
    }

    fn codes(&self, rows: ArrayView2<'_, f64>) -> Array2<f64> {
        let mut z = rows.to_owned();
        z.columns_mut().into_iter().zip(&self.curves).for_each(|(mut z, curve)| z.mapv_inplace(|x| curve.value(x)));
        z
    }

    fn mean_log_slopes(&self, columns: &[Vec<f64>], rows: usize) -> f64 {
        let of_column = |(curve, cells): (&Curve, &Vec<f64>)| cells.iter().map(|&x| curve.log_slope(x)).sum::<f64>();
        self.curves.iter().zip(columns).map(of_column).sum::<f64>() / rows as f64
    }

    /// The curves as one layer.
    ///
    /// # Errors
    /// Numbers that overflow in `F`.
    pub(crate) fn layer<F: Real>(&self) -> Result<Box<dyn Layer<F>>> {
        let of =
            |number: fn(&Curve) -> f64| self.curves.iter().map(|curve| F::of(number(curve))).collect::<Array1<F>>();
        let inner = Standardize::new(of(|curve| curve.location), of(|curve| curve.scale))?;
        let outer = Standardize::new(of(|curve| curve.centre), of(|curve| curve.spread))?;
        let asinh = Elementwise::new(Asinh {})?;
        Ok(Box::new(Chain::new(vec![Box::new(inner), Box::new(asinh), Box::new(outer)])?))
    }
}

/// The cells that are there.
fn there(cells: impl Iterator<Item = f64>) -> Vec<f64> {
    cells.filter(|x| !x.is_nan()).collect()
}

/// Evenly spaced rows, not too many.
fn spread_out(rows: ArrayView2<'_, f64>) -> Array2<f64> {
    let most = match rows.iter().any(|x| x.is_nan()) {
        true => (NUMBERS / (COMPONENTS * rows.ncols().pow(2)).max(1)).clamp(LEAST, ROWS),
        false => ROWS,
    };
    let count = rows.nrows().min(most);
    let chosen: Vec<usize> = (0..count).map(|row| row * rows.nrows() / count).collect();
    rows.select(Axis(0), &chosen)
}

/// The mixture of the first codes.
fn first(z: ArrayView2<'_, f64>, rng: &mut dyn Rng) -> Result<GaussianMixture> {
    let held_out = |wanted: bool| (0..z.nrows()).filter(move |row| row.is_multiple_of(HELD_OUT) == wanted).collect();
    let part = |rows: Vec<usize>| z.select(Axis(0), &rows);
    let options = SelectOptions {
        most_components: Some(COMPONENTS),
        forms: vec![CovarianceForm::Full],
        missing: z.iter().any(|z| z.is_nan()),
        operations: Some(OPERATIONS),
        ..SelectOptions::default()
    };
    Ok(select(part(held_out(false)).view(), part(held_out(true)).view(), &options, rng)?.mixture)
}

/// Some iterations of EM from a mixture on.
fn further(z: ArrayView2<'_, f64>, mixture: &GaussianMixture) -> Result<GaussianMixture> {
    let rows = Standardized::observed(z)?;
    let prior = Prior::new(PRIOR, Array2::eye(rows.columns()));
    let mut em = Em::new(&rows, CovarianceForm::Full, mixture.components().len(), &prior)?;
    em.resume(&rows.standardize(mixture)?)?;
    em.run(EmOptions { iterations: ITERATIONS, tolerance: 0.0 })?;
    Ok(rows.restore(&em.mixture()?)?)
}
