//! The context in which a new layer is built.

use std::cell::Cell;
use std::fmt::{Debug, Formatter};
use std::rc::Rc;

use ndarray::Array2;
use rand::Rng;

use super::{Layer, Sample, Shape};
use crate::{LayerError, Real, Result};

/// What a new layer depends on besides its options: the shape of its input, training rows and
/// random numbers.
#[non_exhaustive]
pub struct BuildContext<'a, F: Real> {
    /// Features per row.
    pub features: usize,
    /// Shape of the rows that enter this layer.
    pub shape: Shape,
    /// Random numbers for the initialization.
    pub rng: &'a mut dyn Rng,
    /// Some training rows.
    pub sample: &'a mut Sample<F>,
    /// The layers before this one.
    pub before: &'a [Box<dyn Layer<F>>],
    /// Width of the condition; 0 if there is none.
    pub conditions: usize,
    /// Parameters that layers of this flow may still [reserve](Self::reserve_parameters).
    left: Rc<Cell<usize>>,
}

/// Parameters that all layers of a flow may reserve together: a constant (a quarter of a gigabyte
/// in `f64`), a number per feature (170 splines of 8 bins), and a number per pair of features (64
/// matrices).
const RESERVABLE: [usize; 3] = [1 << 25, 1 << 12, 64];

fn reservable(features: usize) -> usize {
    let [constant, each, pair] = RESERVABLE;
    let pairs = features.saturating_mul(features);
    constant.saturating_add(each.saturating_mul(features)).saturating_add(pair.saturating_mul(pairs))
}

impl<'a, F: Real> BuildContext<'a, F> {
    /// The context of the first layer of a flow.
    pub fn new(features: usize, rng: &'a mut dyn Rng, sample: &'a mut Sample<F>) -> Self {
        let left = Rc::new(Cell::new(reservable(features)));
        Self { features, shape: features.into(), rng, sample, before: &[], conditions: 0, left }
    }

    /// The same context for rows of a known shape.
    #[must_use]
    pub fn shaped(self, shape: Option<Shape>) -> Self {
        Self { shape: shape.unwrap_or(self.shape), ..self }
    }

    /// The same context for rows with a condition of this width.
    #[must_use]
    pub fn conditioned(self, conditions: usize) -> Self {
        Self { conditions, ..self }
    }

    /// The context of the layer after `before`, the list of all layers since the one that this
    /// context was made for. Its shape is the one that leaves them.
    ///
    /// # Errors
    /// [`LayerError::Features`] if the shapes of the layers do not match.
    pub fn behind<'b>(&'b mut self, before: &'b [Box<dyn Layer<F>>]) -> Result<BuildContext<'b, F>> {
        let (features, conditions, left) = (self.features, self.conditions, Rc::clone(&self.left));
        let mut shape = self.shape;
        // A trial build of a description may have fewer features than its shape.
        if shape.features() == features {
            shape = before.iter().try_fold(shape, |shape, layer| layer.shape(shape))?;
        }
        Ok(BuildContext { features, shape, rng: &mut *self.rng, sample: &mut *self.sample, before, conditions, left })
    }

    /// The context of layers inside this one, with another shape and sample.
    pub fn on<'b>(&'b mut self, shape: Shape, sample: &'b mut Sample<F>) -> BuildContext<'b, F> {
        let (conditions, left) = (self.conditions, Rc::clone(&self.left));
        let inside = BuildContext::new(shape.features(), &mut *self.rng, sample);
        BuildContext { left, ..inside }.shaped(Some(shape)).conditioned(conditions)
    }

    /// Reserves parameters for a layer about to be built. Without a limit, a few bytes of a
    /// description could ask for more memory than any machine has, in one layer or in thousands.
    ///
    /// # Errors
    /// [`LayerError::Range`] if all layers of the flow together exceed 2^25 numbers plus 4096 per
    /// feature plus 64 per pair of features.
    pub fn reserve_parameters(&mut self, numbers: usize) -> Result<()> {
        let Some(left) = self.left.get().checked_sub(numbers) else {
            let range = "at most 2^25, 4096 for each feature and 64 for each pair of features, together";
            return Err(LayerError::Range { what: "numbers of all layers", value: numbers as f64, range });
        };
        self.left.set(left);
        Ok(())
    }

    /// Builds layers inside this one on the same rows. They advance a copy of the sample, so the
    /// layers after this one still see theirs.
    ///
    /// # Errors
    /// Those of the layers before.
    pub fn inside<T>(&mut self, build: impl FnOnce(&mut BuildContext<'_, F>) -> Result<T>) -> Result<T> {
        let rows = self.rows()?.clone();
        let mut sample = self.sample.with(rows);
        let (features, shape) = (self.features, self.shape);
        let mut inside = self.on(shape, &mut sample);
        inside.features = features;
        build(&mut inside)
    }

    /// Some training rows as they reach this layer, for a data-dependent initialization. May be
    /// empty.
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
