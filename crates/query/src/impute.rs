//! Missing cells, by their density given the others of the row.

use ndarray::{Array1, ArrayView1, ArrayViewMut2};
use pdmap_core::{Real, check};
use pdmap_mixture::{Pattern, patterns};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::copula::{Copula, Given};
use crate::error::Result;

/// What stands for a missing cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// Its mean given the other cells of the row: the least expected squared error.
    Mean,
    /// Its median: the least expected absolute error.
    Median,
    /// Its most likely value.
    Mode,
    /// A draw of all missing cells of the row together, given the others.
    Draw {
        /// Seed of the draws. Each row has draws of its own, whatever other rows there are.
        seed: u64,
    },
}

impl<F: Real> Copula<F> {
    /// Fills the missing cells of rows, which are NaN; `first` is the number of the first row, for draws.
    ///
    /// # Errors
    /// Rows of another number of columns; cells outside the domain of the model.
    pub fn impute(&self, mut rows: ArrayViewMut2<'_, F>, fill: Fill, first: u64) -> Result<()> {
        check::features("rows", self.columns(), rows.ncols())?;
        let wide = rows.mapv(F::f64);
        for pattern in patterns(wide.view()).into_iter().filter(|pattern| !pattern.missing.is_empty()) {
            let Pattern { observed, missing, rows: numbers } = &pattern;
            let given = self.given(observed)?;
            let of_row = |&row: &usize| {
                let values: Array1<F> = observed.iter().map(|&column| rows[[row, column]]).collect();
                Self::cells(&given, values.view(), fill, first + row as u64)
            };
            let filled: Vec<Vec<F>> = numbers.par_iter().map(of_row).collect::<Result<_>>()?;
            for (&row, cells) in numbers.iter().zip(filled) {
                missing.iter().zip(cells).for_each(|(&column, cell)| rows[[row, column]] = cell);
            }
        }
        Ok(())
    }

    /// The missing cells of one row.
    fn cells(given: &Given<'_, F>, values: ArrayView1<'_, F>, fill: Fill, row: u64) -> Result<Vec<F>> {
        let density = given.at(values)?;
        if let Fill::Draw { seed } = fill {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(row);
            return Ok(density.sample(1, &mut rng)?.into_iter().collect());
        }
        let of = |&column: &usize| {
            let column = density.column(column)?;
            match fill {
                Fill::Mean => Ok(F::of(column.mean()?)),
                Fill::Median => column.quantile(0.5),
                _ => column.mode(),
            }
        };
        given.columns().iter().map(of).collect()
    }
}
