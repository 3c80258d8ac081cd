//! What a new layer is made of beside its options.

use std::cell::Cell;
use std::fmt::{Debug, Formatter};
use std::rc::Rc;

use ndarray::Array2;
use rand::Rng;

use super::{Layer, Sample, Shape};
use crate::{LayerError, Real, Result};

/// What a new layer depends on beside its options: the rows that will enter it, and random numbers.
#[non_exhaustive]
pub struct BuildContext<'a, F: Real> {
    /// Features a row.
    pub features: usize,
    /// What the features of a row are, as they reach this layer.
    pub shape: Shape,
    /// Random numbers for the start.
    pub rng: &'a mut dyn Rng,
    /// Some training rows.
    pub sample: &'a mut Sample<F>,
    /// The layers before this one.
    pub before: &'a [Box<dyn Layer<F>>],
    /// Numbers of the condition that rows come with; 0 where there is none.
    pub conditions: usize,
    /// Numbers that layers of this flow may still [reserve](Self::reserve_parameters).
    left: Rc<Cell<usize>>,
}

/// Numbers that all layers of a flow may reserve whatever the rows (a quarter of a gigabyte in `f64`),
/// for each feature of a row (170 splines of 8 bins), and for each pair of features (64 matrices).
const RESERVABLE: [usize; 3] = [1 << 25, 1 << 12, 64];

fn reservable(features: usize) -> usize {
    let [constant, each, pair] = RESERVABLE;
    let pairs = features.saturating_mul(features);
    constant.saturating_add(each.saturating_mul(features)).saturating_add(pair.saturating_mul(pairs))
}

impl<'a, F: Real> BuildContext<'a, F> {
    /// For the first layer of a flow.
    pub fn new(features: usize, rng: &'a mut dyn Rng, sample: &'a mut Sample<F>) -> Self {
        let left = Rc::new(Cell::new(reservable(features)));
        Self { features, shape: features.into(), rng, sample, before: &[], conditions: 0, left }
    }

    /// The same for rows of a known shape.
    #[must_use]
    pub fn shaped(self, shape: Option<Shape>) -> Self {
        Self { shape: shape.unwrap_or(self.shape), ..self }
    }

    /// The same for rows that come with a condition of so many numbers.
    #[must_use]
    pub fn conditioned(self, conditions: usize) -> Self {
        Self { conditions, ..self }
    }

    /// For the layer behind `before`: all layers so far, beginning with the one that this context was
    /// made for. The shape is the one that leaves them.
    ///
    /// # Errors
    /// [`LayerError::Features`] where the layers do not fit together.
    pub fn behind<'b>(&'b mut self, before: &'b [Box<dyn Layer<F>>]) -> Result<BuildContext<'b, F>> {
        let (features, conditions, left) = (self.features, self.conditions, Rc::clone(&self.left));
        let mut shape = self.shape;
        // A description that is only tried out has fewer features than its shape says.
        if shape.features() == features {
            shape = before.iter().try_fold(shape, |shape, layer| layer.shape(shape))?;
        }
        Ok(BuildContext {
            features,
            shape,
            rng: &mut *self.rng,
            sample: &mut *self.sample,
            before,
            conditions,
            left,
        })
    }

    /// For layers inside this one, on rows of another shape and a sample of their own.
    pub fn on<'b>(&'b mut self, shape: Shape, sample: &'b mut Sample<F>) -> BuildContext<'b, F> {
        let (conditions, left) = (self.conditions, Rc::clone(&self.left));
        let inside = BuildContext::new(shape.features(), &mut *self.rng, sample);
        BuildContext { left, ..inside }.shaped(Some(shape)).conditioned(conditions)
    }

    /// Reserves numbers for a layer that is about to be made. A few bytes of a description can ask for
    /// more than any memory holds, in one layer or in thousands.
    ///
    /// # Errors
    /// [`LayerError::Range`] where all layers of the flow together have more than 2^25 numbers, 4096
    /// for each feature and 64 for each pair of features.
    pub fn reserve_parameters(&mut self, numbers: usize) -> Result<()> {
        let Some(left) = self.left.get().checked_sub(numbers) else {
            let range = "at most 2^25, 4096 for each feature and 64 for each pair of features, together";
            return Err(LayerError::Range { what: "numbers of all layers", value: numbers as f64, range });
        };
        self.left.set(left);
        Ok(())
    }

    /// For layers inside this one on the same rows: the sample advances among them without advancing
    /// for the layers after this one.
    ///
    /// # Errors
    /// Those of the layers before.
    pub fn inside<T>(&mut self, build: impl FnOnce(&mut BuildContext<'_, F>) -> Result<T>) -> Result<T> {
        let rows = self.rows()?.clone();
        let mut sample = Sample::new(rows).given(self.sample.condition().cloned());
        let (features, shape) = (self.features, self.shape);
        let mut inside = self.on(shape, &mut sample);
        inside.features = features;
        build(&mut inside)
    }

    /// Some training rows as they reach this layer, for a start that depends on data. There may be
    /// none.
    ///
    /// # Errors
    /// Those of the layers before.
    pub fn rows(&mut self) -> Result<&Array2<F>> {
        self.sample.behind(self.before)
    }
}

impl<F: Real> Debug for BuildContext<'_, F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BuildContext").field("shape", &self.shape).finish_non_exhaustive()
    }
}
