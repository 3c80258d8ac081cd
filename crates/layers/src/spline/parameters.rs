//! The parameters of splines, and the bins computed from them.

use ndarray::{Array1, Array2, Ix1, Ix2};
use pdmap_core::contract::{Visit, VisitMut};
use pdmap_core::group::Free;
use pdmap_core::{LayerError, ParamGrad, Parametric, Real, Result, Tensors};

use super::rational::{FIELDS, LANES};
use super::table::{Table, lanes_of};
use super::{LEAST, SplineOptions, inverse_softplus};

/// Unconstrained parameters of `units` splines, each applied to `positions` consecutive features.
#[derive(Debug, Clone)]
pub(crate) struct Parameters<F> {
    options: SplineOptions,
    positions: usize,
    /// `[units, bins]`.
    widths: Free<F, Ix2>,
    heights: Free<F, Ix2>,
    /// `[units, slopes]`.
    slopes: Free<F, Ix2>,
    /// `log B`, if learned.
    log_bound: Option<Free<F, Ix1>>,
    table: Table<F>,
    scratch: Vec<F>,
}

impl<F: Real> Parameters<F> {
    /// Splines initialized to the identity.
    pub(crate) fn identity(options: SplineOptions, units: usize, positions: usize) -> Result<Self> {
        options.validate()?;
        if units * positions == 0 {
            return Err(LayerError::NoFeatures);
        }
        let form = options.form();
        let one = F::of(inverse_softplus(1.0 - LEAST));
        let bound = || Free::new("log-bound", Array1::from_elem(units, F::of(options.bound.ln())));
        let mut made = Self {
            options,
            positions,
            widths: Free::new("widths", Array2::zeros((units, options.bins)))?,
            heights: Free::new("heights", Array2::zeros((units, options.bins)))?,
            slopes: Free::new("slopes", Array2::from_elem((units, form.slopes()), one))?,
            log_bound: options.learned_bound.then(bound).transpose()?,
            table: Table::new(form, units * positions),
            scratch: Vec::new(),
        };
        made.refill();
        Ok(made)
    }

    /// Upper bound on the numbers stored for splines of so many features: widths, heights and
    /// slopes, and the table of bins in whole blocks.
    pub(crate) fn numbers(options: SplineOptions, features: usize) -> usize {
        let padded = features.checked_next_multiple_of(LANES).unwrap_or(usize::MAX);
        padded.saturating_mul(options.bins).saturating_mul(3 + FIELDS)
    }

    pub(crate) fn options(&self) -> SplineOptions {
        self.options
    }

    pub(crate) fn positions(&self) -> usize {
        self.positions
    }

    pub(crate) fn features(&self) -> usize {
        self.widths.values().nrows() * self.positions
    }

    pub(crate) fn table(&self) -> &Table<F> {
        &self.table
    }

    /// Sets the shares of width of a unit's bins and the slopes at its inner knots; heights stay
    /// equal.
    pub(crate) fn set_unit(&mut self, unit: usize, shares: &[f64], inner_slopes: &[f64]) {
        for (raw, &share) in self.widths.values_mut().row_mut(unit).iter_mut().zip(shares) {
            *raw = F::of((share - LEAST).max(LEAST * LEAST).ln());
        }
        let edge = usize::from(self.slopes.values().ncols() > self.options.bins);
        for (raw, &slope) in self.slopes.values_mut().row_mut(unit).iter_mut().skip(edge).zip(inner_slopes) {
            *raw = F::of(inverse_softplus((slope - LEAST).max(LEAST)));
        }
    }

    /// Recomputes the bins from the parameters.
    pub(crate) fn refill(&mut self) {
        let Self { widths, heights, slopes, log_bound, positions, options, table, scratch } = self;
        let (bins, fixed) = (options.bins, F::of(options.bound));
        let positions = *positions;
        let (widths, heights, slopes) = (widths.values(), heights.values(), slopes.values());
        let raw = |index: usize, feature: usize| {
            let unit = feature / positions;
            match index {
                _ if index < bins => widths[[unit, index]],
                _ if index < 2 * bins => heights[[unit, index - bins]],
                _ => slopes[[unit, index - 2 * bins]],
            }
        };
        let bound = |feature: usize| bound(log_bound, fixed, feature / positions);
        table.fill(raw, bound, scratch);
    }

    /// Runs `backward`, which adds gradients with respect to the bins to the given sums, and adds
    /// the resulting parameter gradients to `params`.
    pub(crate) fn accumulate(
        &self,
        params: &mut [ParamGrad<F>],
        backward: impl FnOnce(&Table<F>, &mut [[F; LANES]]) -> Result<()>,
    ) -> Result<()> {
        let (found, expected) = (params.len(), 3 + usize::from(self.log_bound.is_some()));
        let [widths, heights, slopes, learned @ ..] = params else {
            return Err(LayerError::Grads { expected, actual: found });
        };
        if expected != found {
            return Err(LayerError::Grads { expected, actual: found });
        }
        let mut sums = std::mem::take(&mut widths.scratch);
        let lanes = lanes_of(&mut sums, self.table.sums());
        lanes.as_flattened_mut().fill(F::zero());
        let result = backward(&self.table, lanes);
        let mut scratch = std::mem::take(&mut heights.scratch);
        let bins = self.options.bins;
        let slope_count = self.slopes.values().ncols();
        let size = 2 * bins + slope_count;
        let bound = |feature: usize| bound(&self.log_bound, F::of(self.options.bound), feature / self.positions);
        {
            let (widths, heights, slopes) = (widths.flat_mut()?, heights.flat_mut()?, slopes.flat_mut()?);
            let mut learned = match learned {
                [param] => Some(param.flat_mut()?),
                _ => None,
            };
            self.table.chain(bound, lanes, &mut scratch, |index, feature, gradient| {
                let unit = feature / self.positions;
                match index {
                    _ if index < bins => widths[unit * bins + index] += gradient,
                    _ if index < 2 * bins => heights[unit * bins + index - bins] += gradient,
                    _ if index < size => slopes[unit * slope_count + index - 2 * bins] += gradient,
                    _ => {
                        if let Some(learned) = &mut learned {
                            // With respect to log B.
                            learned[unit] += gradient * bound(feature);
                        }
                    }
                }
            });
        }
        widths.scratch = sums;
        heights.scratch = scratch;
        result
    }

    /// From stored tensors; the number of splines is the number of rows of `widths`.
    pub(crate) fn restore(options: SplineOptions, positions: usize, tensors: &mut Tensors<F>) -> Result<Self> {
        options.validate()?;
        let widths = matrix(tensors, "widths", None, options.bins)?;
        let units = widths.nrows();
        let features = units.checked_mul(positions).filter(|&features| features <= MOST_FEATURES);
        if features.is_none() {
            return Err(LayerError::Range {
                what: "positions",
                value: positions as f64,
                range: "at most 2^20 features in all",
            });
        }
        let heights = matrix(tensors, "heights", Some(units), options.bins)?;
        let slopes = matrix(tensors, "slopes", Some(units), options.form().slopes())?;
        let log_bound = if options.learned_bound { Some(tensors.vector("log-bound", Some(units))?) } else { None };
        let mut made = Self {
            widths: Free::new("widths", widths)?,
            heights: Free::new("heights", heights)?,
            slopes: Free::new("slopes", slopes)?,
            log_bound: log_bound.map(|bound| Free::new("log-bound", bound)).transpose()?,
            ..Self::identity(options, units, positions)?
        };
        made.refill();
        Ok(made)
    }
}

impl<F: Real> Parametric<F> for Parameters<F> {
    fn parameters(&self, visit: &mut Visit<'_, F>) -> Result<()> {
        visit(&"widths", &self.widths)?;
        visit(&"heights", &self.heights)?;
        visit(&"slopes", &self.slopes)?;
        self.log_bound.as_ref().map_or(Ok(()), |bound| visit(&"log-bound", bound))
    }

    fn parameters_mut(&mut self, visit: &mut VisitMut<'_, F>) -> Result<()> {
        visit(&"widths", &mut self.widths)?;
        visit(&"heights", &mut self.heights)?;
        visit(&"slopes", &mut self.slopes)?;
        if let Some(bound) = &mut self.log_bound {
            visit(&"log-bound", bound)?;
        }
        self.refill();
        Ok(())
    }
}

/// Maximum number of features that a file may request through `positions`.
const MOST_FEATURES: usize = 1 << 20;

fn bound<F: Real>(log_bound: &Option<Free<F, Ix1>>, fixed: F, unit: usize) -> F {
    log_bound.as_ref().map_or(fixed, |bound| num_traits::Float::exp(bound.values()[unit]))
}

/// A matrix with `columns` columns, and `rows` rows if given.
fn matrix<F: Real>(tensors: &mut Tensors<F>, name: &str, rows: Option<usize>, columns: usize) -> Result<Array2<F>> {
    let tensor = tensors.take(name)?;
    let actual = tensor.shape().to_vec();
    let expected = vec![rows.unwrap_or(actual.first().copied().unwrap_or(0)), columns];
    if actual != expected {
        return Err(LayerError::TensorShape { name: name.to_owned(), expected, actual });
    }
    let tensor = tensor.into_dimensionality().map_err(|_| LayerError::MissingTensor { name: name.to_owned() })?;
    Ok(tensor.as_standard_layout().into_owned())
}
