//! Bounds and circles of columns.

use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use pdmap_core::prelude::*;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::domain::Domain;
use super::domain_fit::supports;
use super::support::{Code, Support};

/// Each column is mapped from the values that it can have to the real line, or, an angle, to turns:
/// `y_i = g_i(x_i)` with the [`Support`] of each; `log|det| = Σ log g_i'(x_i)`, nats. Fitted to the
/// training rows, then fixed.
///
/// Values outside are an error, and no row leaves the bounds on the way back. Within
/// [`EDGE`](super::EDGE) of a bound (as a probability), `y` and its slope are those at this distance,
/// so that a row on the bound has a finite density: the one beside it.
#[derive(Debug, Clone)]
pub struct Domains {
    columns: Vec<Support>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    columns: Vec<Support>,
}

/// Most columns that a file may ask for.
const MOST_COLUMNS: usize = 1 << 20;

/// Rows of a task.
const ROWS: usize = 64;

impl Domains {
    /// The maps of columns that have these values, fitted to rows in which cells may be missing. A
    /// circle is mapped to turns, or cut open and mapped to the `line`.
    ///
    /// # Errors
    /// Another number of domains than of columns; bounds out of order; a period that is not positive.
    pub fn fit<F: Real>(rows: ArrayView2<'_, F>, domains: &[Domain], line: bool) -> Result<Self> {
        check::features("domains", rows.ncols(), domains.len())?;
        domains.iter().try_for_each(|domain| domain.validate())?;
        Self::new::<F>(supports(rows, domains, line))
    }

    /// The given maps, with bounds rounded to `F` as the numbers of the rows are.
    ///
    /// # Errors
    /// No columns; numbers that are not finite, or out of order.
    pub fn new<F: Real>(columns: Vec<Support>) -> Result<Self> {
        if columns.is_empty() {
            return Err(LayerError::NoFeatures);
        }
        if columns.len() > MOST_COLUMNS {
            let (value, range) = (columns.len() as f64, "at most 2^20");
            return Err(LayerError::Range { what: "columns with domains", value, range });
        }
        let columns: Vec<Support> = columns.into_iter().map(|support| support.rounded(|x| F::of(x).f64())).collect();
        columns.iter().try_for_each(|support| support.validate())?;
        Ok(Self { columns })
    }

    /// The maps.
    pub fn columns(&self) -> &[Support] {
        &self.columns
    }

    /// Codes of rows whose cells may be missing: NaN stays NaN.
    ///
    /// # Errors
    /// Rows of another width; values outside.
    pub fn codes_observed<F: Real>(&self, rows: ArrayView2<'_, F>) -> Result<Array2<F>> {
        check::features("rows", self.columns.len(), rows.ncols())?;
        self.holds(rows.reborrow())?;
        Ok(Array2::from_shape_fn(rows.dim(), |(row, column)| match rows[[row, column]] {
            x if x.is_nan() => x,
            x => F::of(self.columns[column].code(x.f64()).z),
        }))
    }

    /// Says that all rows are inside.
    fn holds<F: Real>(&self, rows: ArrayView2<'_, F>) -> Result<()> {
        for (row, values) in rows.rows().into_iter().enumerate() {
            for (column, (value, support)) in values.iter().zip(&self.columns).enumerate() {
                if !support.domain().holds(value.f64()) {
                    let (value, range) = (value.f64(), "within the bounds of its column");
                    return Err(LayerError::Domain { row, column, value, range });
                }
            }
        }
        Ok(())
    }

    /// `to` and the sum of what is added to the log-determinant, number by number.
    fn pass<F: Real>(
        &self,
        from: ArrayView2<'_, F>,
        mut to: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        map: impl Fn(Support, f64) -> (F, f64) + Sync,
    ) -> Result<()> {
        let width = self.columns.len();
        let (from, to) = (check::slice("input", &from)?, check::slice_mut("output", &mut to)?);
        let row = |(to, from): (&mut [F], &[F])| -> f64 {
            let mut sum = 0.0;
            for ((to, &from), &support) in to.iter_mut().zip(from).zip(&self.columns) {
                let (value, log) = map(support, from.f64());
                *to = value;
                sum += log;
            }
            sum
        };
        let rows = to.par_chunks_mut(width).zip(from.par_chunks(width)).with_min_len(ROWS);
        match log_det {
            None => rows.for_each(|pair| {
                row(pair);
            }),
            Some(log_det) => rows.zip(log_det).for_each(|(pair, log_det)| *log_det += row(pair)),
        }
        Ok(())
    }
}

impl<F: Real> Kind<F> for Domains {
    const KIND: &'static str = "domain";

    fn build(spec: &LayerSpec, _: &mut BuildContext<'_, F>, _: &Registry<F>) -> Result<Self> {
        let reason = "it is fitted to the training rows: name columns under `columns`";
        Err(LayerError::NotBuildable { kind: spec.kind.clone(), reason })
    }

    fn restore(spec: &LayerSpec, _: &mut Tensors<F>, _: &Registry<F>) -> Result<Self> {
        let Options { columns } = spec.parse()?;
        Self::new::<F>(columns)
    }
}

impl<F: Real> Parametric<F> for Domains {}

impl<F: Real> Layer<F> for Domains {
    fn spec(&self) -> LayerSpec {
        LayerSpec::new(<Self as Kind<F>>::KIND, &Options { columns: self.columns.clone() })
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        input.with_features(self.columns.len())
    }

    fn forward(&self, input: Input<F>, y: Out<F>, log_det: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        self.holds(input.x.reborrow())?;
        self.pass(input.x, y, log_det, |support, x| {
            let Code { z, log_slope, .. } = support.code(x);
            (F::of(z), log_slope)
        })
    }

    fn inverse(&self, output: Input<F>, x: Out<F>, log_det: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        self.pass(output.x, x, log_det, |support, z| {
            let (value, log_slope) = support.value(z);
            // Rounding must not leave the bounds, nor reach the end of a period.
            (F::of(support.domain().nearest(F::of(value).f64())), -log_slope)
        })
    }

    fn backward(&self, at: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, _: &mut [ParamGrad<F>]) -> Result<()> {
        let Some(mut dx) = dx else { return Ok(()) };
        for (column, &support) in self.columns.iter().enumerate() {
            let rows = at.input.x.column(column).into_iter().zip(dy.column(column));
            for (dx, (x, dy)) in dx.column_mut(column).iter_mut().zip(rows) {
                let Code { slope, bend, .. } = support.code(x.f64());
                *dx = F::of(dy.f64() * slope + bend);
            }
        }
        Ok(())
    }
}
