//! Kinds of layers by name: how a saved flow finds the code of its layers again, and how a description becomes layers.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::{Debug, Formatter};
use std::rc::Rc;

use ndarray::Array2;
use rand::Rng;

use crate::options::nearest;
use crate::{Layer, LayerError, LayerSpec, Real, Result, Sample, Tensors};

/// Builds a layer of one kind from its specification and its tensors. Sizes come from the tensors, so that nothing
/// larger than the file is ever allocated.
pub type Restore<F> = fn(&LayerSpec, &mut Tensors<F>, &Registry<F>) -> Result<Box<dyn Layer<F>>>;

/// Makes a new layer of one kind from its options, with parameters as they are before training.
pub type Build<F> = fn(&LayerSpec, &mut Fresh<'_, F>, &Registry<F>) -> Result<Box<dyn Layer<F>>>;

/// What a new layer is made of beside its options.
#[non_exhaustive]
pub struct Fresh<'a, F: Real> {
    /// Features a row.
    pub features: usize,
    /// What is random about the start.
    pub rng: &'a mut dyn Rng,
    /// Some training rows.
    pub sample: &'a mut Sample<F>,
    /// The layers before this one.
    pub before: &'a [Box<dyn Layer<F>>],
    /// What the features of a row are, where that is known: `[channels, length]` of a signal, `[channels, height, width]` of an image.
    pub shape: Option<&'a [usize]>,
    /// Numbers of the condition that rows come with; 0 where there is none.
    pub conditions: usize,
    /// Numbers that layers of this flow may still [claim](Self::claim).
    left: Rc<Cell<usize>>,
}

/// Numbers that all layers of a flow may claim, whatever the rows: a quarter of a gigabyte in `f64`; for each feature of a row, as many as 170 splines of 8 bins have; and for
/// each pair of features, as many as 64 matrices have.
const CLAIMED: [usize; 3] = [1 << 25, 1 << 12, 64];

/// What they are together.
fn claimable(features: usize) -> usize {
    let [constant, each, pair] = CLAIMED;
    let pairs = features.saturating_mul(features);
    constant.saturating_add(each.saturating_mul(features)).saturating_add(pair.saturating_mul(pairs))
}

impl<'a, F: Real> Fresh<'a, F> {
    /// For the first layer of a flow.
    pub fn new(features: usize, rng: &'a mut dyn Rng, sample: &'a mut Sample<F>) -> Self {
        let left = Rc::new(Cell::new(claimable(features)));
        Self { features, rng, sample, before: &[], shape: None, conditions: 0, left }
    }

    /// The same, where it is known what the features of a row are.
    #[must_use]
    pub fn shaped(self, shape: Option<&'a [usize]>) -> Self {
        Self { shape, ..self }
    }

    /// The same for rows that come with a condition of so many numbers.
    #[must_use]
    pub fn conditioned(self, conditions: usize) -> Self {
        Self { conditions, ..self }
    }

    /// For the layer behind `before`, all of those that stand so far, beginning with the one that this was made for.
    pub fn behind<'b>(&'b mut self, before: &'b [Box<dyn Layer<F>>]) -> Fresh<'b, F> {
        let (features, shape, conditions) = (self.features, self.shape, self.conditions);
        let left = Rc::clone(&self.left);
        Fresh { features, rng: &mut *self.rng, sample: &mut *self.sample, before, shape, conditions, left }
    }

    /// For layers inside of this one, on other features and a sample of their own.
    pub fn on<'b>(&'b mut self, features: usize, sample: &'b mut Sample<F>) -> Fresh<'b, F> {
        let left = Rc::clone(&self.left);
        Fresh { left, ..Fresh::new(features, &mut *self.rng, sample) }
    }

    /// Says that a layer is about to have so many numbers. A few bytes of a description can ask for more than any memory holds, in one layer or in thousands.
    ///
    /// # Errors
    /// [`LayerError::Range`] where all layers of the flow have more than 2^25 numbers, 4096 for each feature and 64 for each pair of features, together.
    pub fn claim(&mut self, numbers: usize) -> Result<()> {
        match self.left.get().checked_sub(numbers) {
            Some(left) => self.left.set(left),
            None => {
                let range = "at most 2^25, 4096 for each feature and 64 for each pair of features, together";
                return Err(LayerError::Range {
                    what: "numbers of all layers",
                    value: numbers as f64,
                    range,
                });
            }
        }
        Ok(())
    }

    /// For the layers inside of this one: the sample moves on among them without moving for the layers after this one.
    ///
    /// # Errors
    /// Those of the layers before.
    pub fn inside<T>(&mut self, build: impl FnOnce(&mut Fresh<'_, F>) -> Result<T>) -> Result<T> {
        let rows = self.rows()?.clone();
        let mut sample = Sample::new(rows).given(self.sample.condition().cloned());
        let (features, shape, conditions) = (self.features, self.shape, self.conditions);
        let inside = self.on(features, &mut sample);
        build(&mut inside.shaped(shape).conditioned(conditions))
    }

    /// Some training rows as they reach this layer, for a start that depends on data. There may be none.
    ///
    /// # Errors
    /// Those of the layers before it.
    pub fn rows(&mut self) -> Result<&Array2<F>> {
        self.sample.behind(self.before)
    }
}

impl<F: Real> Debug for Fresh<'_, F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fresh").field("features", &self.features).finish_non_exhaustive()
    }
}

/// Both ways to a layer of one kind.
#[derive(Debug, Clone, Copy)]
struct Kind<F: Real> {
    restore: Restore<F>,
    build: Build<F>,
}

/// Kinds of layers by name.
///
/// [`Registry::core`] knows the layers of this crate; other crates add theirs with [`insert`](Self::insert), and so
/// does a program with layers of its own.
#[derive(Debug, Clone)]
pub struct Registry<F: Real> {
    kinds: BTreeMap<&'static str, Kind<F>>,
}

impl<F: Real> Registry<F> {
    /// No kinds at all.
    pub fn empty() -> Self {
        Self { kinds: BTreeMap::new() }
    }

    /// The layers of this crate.
    pub fn core() -> Self {
        let mut registry = Self::empty();
        crate::elementwise::register(&mut registry);
        crate::coupling::register(&mut registry);
        crate::diagonal::register(&mut registry);
        crate::mixture::register(&mut registry);
        crate::radial::register(&mut registry);
        crate::spline::register(&mut registry);
        registry.insert_built(crate::Chain::<F>::KIND, crate::Chain::restore, crate::Chain::build_boxed);
        registry.insert_built(crate::Kept::<F>::KIND, crate::Kept::restore, crate::Kept::build);
        registry
    }

    /// Adds a kind, or replaces it. A new layer of this kind is made by `restore` without tensors, which suits layers that have none.
    pub fn insert(&mut self, kind: &'static str, restore: Restore<F>) {
        self.insert_built(kind, restore, |spec, _, registry| registry.build_without_tensors(spec));
    }

    /// Adds a kind, or replaces it, with its own way to a new layer.
    pub fn insert_built(&mut self, kind: &'static str, restore: Restore<F>, build: Build<F>) {
        self.kinds.insert(kind, Kind { restore, build });
    }

    /// All kinds, in alphabetical order.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.kinds.keys().copied()
    }

    /// Builds a layer from its specification and tensors.
    ///
    /// # Errors
    /// An unknown kind; options that do not parse; tensors that are missing, misshapen or break an invariant.
    pub fn restore(&self, spec: &LayerSpec, tensors: &mut Tensors<F>) -> Result<Box<dyn Layer<F>>> {
        (self.find(spec)?.restore)(spec, tensors, self)
    }

    /// Makes a new layer from its options. Some kinds take options here that say how to start, and that a saved layer no longer has.
    ///
    /// # Errors
    /// An unknown kind; options that do not parse or are out of range; a kind that only exists with tensors
    /// ([`LayerError::NotBuildable`]).
    pub fn build(&self, spec: &LayerSpec, fresh: &mut Fresh<'_, F>) -> Result<Box<dyn Layer<F>>> {
        (self.find(spec)?.build)(spec, fresh, self)
    }

    fn build_without_tensors(&self, spec: &LayerSpec) -> Result<Box<dyn Layer<F>>> {
        self.restore(spec, &mut Tensors::default()).map_err(|error| match error {
            LayerError::MissingTensor { .. } => LayerError::NotBuildable {
                kind: spec.kind.clone(),
                reason: "it has tensors, and its kind was registered without a way to make new ones",
            },
            other => other,
        })
    }

    fn find(&self, spec: &LayerSpec) -> Result<&Kind<F>> {
        self.kinds.get(spec.kind.as_str()).ok_or_else(|| LayerError::UnknownKind {
            kind: spec.kind.clone(),
            nearest: nearest(&spec.kind, self.kinds()).unwrap_or_default().to_owned(),
            known: self.kinds().collect::<Vec<_>>().join(", "),
        })
    }
}
