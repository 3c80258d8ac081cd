//! The parameters of some splines, and the bins that they make.

use ndarray::{Array1, Array2, ArrayD};

use super::rational::{FIELDS, LANES};
use super::table::{Table, lanes_of};
use super::{LEAST, SplineOptions, inverse_softplus};
use crate::optim::UpdateRule;
use crate::{LayerError, ParamGrad, Real, Result, Tensors, check};

/// Unconstrained parameters of `units` splines, each of which serves `positions` features that follow each other.
#[derive(Debug, Clone)]
pub(crate) struct Parameters<F> {
    options: SplineOptions,
    positions: usize,
    /// `[units, bins]`.
    widths: Array2<F>,
    heights: Array2<F>,
    /// `[units, slopes]`.
    slopes: Array2<F>,
    /// `log B`, where it is learned.
    log_bound: Option<Array1<F>>,
    table: Table<F>,
    scratch: Vec<F>,
}

impl<F: Real> Parameters<F> {
    /// Splines that are the identity.
    pub(crate) fn identity(options: SplineOptions, units: usize, positions: usize) -> Result<Self> {
        options.validate()?;
        if units * positions == 0 {
            return Err(LayerError::NoFeatures);
        }
        let form = options.form();
        let log_bound = options.learned_bound.then(|| Array1::from_elem(units, F::of(options.bound.ln())));
        let mut made = Self {
            options,
            positions,
            widths: Array2::zeros((units, options.bins)),
            heights: Array2::zeros((units, options.bins)),
            slopes: Array2::from_elem((units, form.slopes()), F::of(inverse_softplus(1.0 - LEAST))),
            log_bound,
            table: Table::new(form, units * positions),
            scratch: Vec::new(),
        };
        made.refill();
        Ok(made)
    }

    /// Numbers of splines of so many features at most: widths, heights and slopes of their bins, and the table that is made of them, whose blocks are whole.
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
        self.widths.nrows() * self.positions
    }

    pub(crate) fn table(&self) -> &Table<F> {
        &self.table
    }

    /// Sets the shares of width of a unit's bins, and the slopes at its inner knots (heights stay equal).
    pub(crate) fn set_unit(&mut self, unit: usize, shares: &[f64], inner_slopes: &[f64]) {
        for (raw, &share) in self.widths.row_mut(unit).iter_mut().zip(shares) {
            *raw = F::of((share - LEAST).max(LEAST * LEAST).ln());
        }
        let edge = usize::from(self.slopes.ncols() > self.options.bins);
        for (raw, &slope) in self.slopes.row_mut(unit).iter_mut().skip(edge).zip(inner_slopes) {
            *raw = F::of(inverse_softplus((slope - LEAST).max(LEAST)));
        }
    }

    /// Makes the bins anew, after the parameters have changed.
    pub(crate) fn refill(&mut self) {
        let Self { widths, heights, slopes, log_bound, positions, options, table, scratch } = self;
        let (bins, fixed) = (options.bins, F::of(options.bound));
        let positions = *positions;
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

    pub(crate) fn new_grads(&self) -> Vec<ParamGrad<F>> {
        let mut params = vec![
            ParamGrad::flat("widths", self.widths.len()),
            ParamGrad::flat("heights", self.heights.len()),
            ParamGrad::flat("slopes", self.slopes.len()),
        ];
        params.extend(self.log_bound.as_ref().map(|bound| ParamGrad::flat("log-bound", bound.len())));
        params
    }

    /// Runs `backward`, which adds gradients by the bins to the sums that it is given, and adds what that is for the parameters to `params`.
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
        let slope_count = self.slopes.ncols();
        let size = 2 * bins + slope_count;
        let bound =
            |feature: usize| bound(&self.log_bound, F::of(self.options.bound), feature / self.positions);
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
                            // By log B.
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

    /// Follows the directions of the parameters.
    pub(crate) fn update(&mut self, rule: &mut dyn UpdateRule<F>, params: &mut [ParamGrad<F>]) -> Result<()> {
        let actual = params.len();
        let mut own = vec_of(&mut self.widths, &mut self.heights, &mut self.slopes, &mut self.log_bound);
        let expected = own.iter().filter(|slot| slot.is_some()).count();
        if actual != expected {
            return Err(LayerError::Grads { expected, actual });
        }
        for (values, param) in own.iter_mut().flatten().zip(params) {
            check::features("step of a spline", values.len(), param.direction.len())?;
            rule.ascend(&mut param.memory, values, &mut param.direction)?;
            check::finite(
                "step of a spline",
                ndarray::ArrayView2::from_shape((1, param.direction.len()), &param.direction)
                    .map_err(|_| LayerError::NoFeatures)?,
            )?;
        }
        self.refill();
        Ok(())
    }

    /// Means of the accumulated gradients, by tensor.
    pub(crate) fn gradients(&self, params: &[ParamGrad<F>], rows: F) -> Result<Vec<(String, ArrayD<F>)>> {
        let named = self.tensors().into_iter().zip(params);
        named
            .map(|((name, tensor), param)| {
                let mean = ArrayD::from_shape_vec(tensor.raw_dim(), param.mean(rows)?);
                let actual = param.direction.len();
                Ok((name, mean.map_err(|_| LayerError::Memory { expected: tensor.len(), actual })?))
            })
            .collect()
    }

    pub(crate) fn tensors(&self) -> Vec<(String, ArrayD<F>)> {
        let mut tensors = vec![
            ("widths".to_owned(), self.widths.clone().into_dyn()),
            ("heights".to_owned(), self.heights.clone().into_dyn()),
            ("slopes".to_owned(), self.slopes.clone().into_dyn()),
        ];
        tensors
            .extend(self.log_bound.as_ref().map(|bound| ("log-bound".to_owned(), bound.clone().into_dyn())));
        tensors
    }

    /// Takes what [`tensors`](Self::tensors) gave; the number of splines is that of the rows of `widths`.
    pub(crate) fn restore(
        options: SplineOptions,
        positions: usize,
        tensors: &mut Tensors<F>,
    ) -> Result<Self> {
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
        let log_bound =
            if options.learned_bound { Some(tensors.vector("log-bound", Some(units))?) } else { None };
        for (what, tensor) in [("widths", &widths), ("heights", &heights), ("slopes", &slopes)] {
            check::finite(what, tensor.view())?;
        }
        if let Some(bound) = &log_bound {
            check::finite("log-bound", bound.view().insert_axis(ndarray::Axis(0)))?;
        }
        let mut made =
            Self { widths, heights, slopes, log_bound, ..Self::identity(options, units, positions)? };
        made.refill();
        Ok(made)
    }
}

/// Features that positions may make of the splines of a file.
const MOST_FEATURES: usize = 1 << 20;

fn bound<F: Real>(log_bound: &Option<Array1<F>>, fixed: F, unit: usize) -> F {
    log_bound.as_ref().map_or(fixed, |bound| num_traits::Float::exp(bound[unit]))
}

fn vec_of<'a, F: Real>(
    widths: &'a mut Array2<F>,
    heights: &'a mut Array2<F>,
    slopes: &'a mut Array2<F>,
    log_bound: &'a mut Option<Array1<F>>,
) -> [Option<&'a mut [F]>; 4] {
    [
        widths.as_slice_mut(),
        heights.as_slice_mut(),
        slopes.as_slice_mut(),
        log_bound.as_mut().and_then(|bound| bound.as_slice_mut()),
    ]
}

/// A matrix of `columns` columns, and of `rows` rows where that is given.
fn matrix<F: Real>(
    tensors: &mut Tensors<F>,
    name: &str,
    rows: Option<usize>,
    columns: usize,
) -> Result<Array2<F>> {
    let tensor = tensors.take(name)?;
    let actual = tensor.shape().to_vec();
    let expected = vec![rows.unwrap_or(actual.first().copied().unwrap_or(0)), columns];
    if actual != expected {
        return Err(LayerError::TensorShape { name: name.to_owned(), expected, actual });
    }
    let tensor =
        tensor.into_dimensionality().map_err(|_| LayerError::MissingTensor { name: name.to_owned() })?;
    Ok(tensor.as_standard_layout().into_owned())
}
