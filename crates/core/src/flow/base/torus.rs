//! Angles beside other features.

use ndarray::{ArrayView2, ArrayViewMut2, Axis, Slice};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::normal::Normal;
use crate::contract::{Base, BaseSpec, BuildContext, Draw, Input, Out, ParamGrad, Parametric, Registry, Tensors};
use crate::pool::Pool;
use crate::{LayerError, Real, Result, check, delegate_parameters};

/// Name in the registry.
const KIND: &str = "torus";

/// The last `angles` features are angles in turns, uniform on the circle: `x` and `x + 1` are the
/// same, and the density of each, in turns, is 1. The others have the density `base`.
///
/// A density on a circle integrates to 1 over one turn, not over the line. Draws are in `[−½, ½)`; at
/// temperature `T` in `[−T/2, T/2)`.
#[derive(Debug, Clone)]
pub struct Torus<F: Real> {
    angles: usize,
    base: Box<dyn Base<F>>,
    pool: Pool<Vec<F>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    angles: usize,
    #[serde(default)]
    base: BaseSpec,
}

impl<F: Real> Torus<F> {
    /// Angles behind the features of `base`.
    ///
    /// # Errors
    /// [`LayerError::Range`] without an angle; [`LayerError::Conflict`] for a torus beside a torus.
    pub fn new(angles: usize, base: Box<dyn Base<F>>) -> Result<Self> {
        if !(1..=MOST_ANGLES).contains(&angles) {
            let (value, range) = (angles as f64, "in [1, 2^20]");
            return Err(LayerError::Range { what: "angles", value, range });
        }
        if base.spec().kind == KIND {
            return Err(LayerError::Conflict { first: "a torus", second: "a torus beside it: count all angles" });
        }
        Ok(Self { angles, base, pool: Pool::default() })
    }

    /// The number of angles.
    pub fn angles(&self) -> usize {
        self.angles
    }

    /// The density of the features in front of the angles.
    pub fn beside(&self) -> &dyn Base<F> {
        &*self.base
    }

    /// Features in front of the angles, of rows of so many.
    fn others(&self, features: usize) -> Result<usize> {
        let (what, expected) = ("rows with angles", self.angles);
        features.checked_sub(self.angles).ok_or(LayerError::Features { what, expected, actual: features })
    }

    /// Calls `body` with the features in front of the angles.
    fn with<T>(&self, z: &Input<'_, F>, body: impl FnOnce(Input<'_, F>) -> Result<T>) -> Result<Option<T>> {
        let others = self.others(z.x.ncols())?;
        if others == 0 {
            return Ok(None);
        }
        self.pool.with(|buffer| {
            let x = gathered(z.x.reborrow(), others, buffer)?;
            body(z.reborrow().with(x)).map(Some)
        })
    }

    /// The scores of the features in front of the angles, which `write` computes.
    fn scatter(
        &self,
        mut delta: ArrayViewMut2<'_, F>,
        write: impl FnOnce(ArrayViewMut2<'_, F>) -> Result<()>,
    ) -> Result<()> {
        let others = self.others(delta.ncols())?;
        delta.slice_axis_mut(Axis(1), Slice::from(others..)).fill(F::zero());
        self.pool.with(|buffer| {
            grow(buffer, delta.nrows() * others);
            let shape = (delta.nrows(), others);
            let part = ArrayViewMut2::from_shape(shape, &mut buffer[..shape.0 * others]);
            let mut part = part.map_err(|_| LayerError::NoFeatures)?;
            write(part.view_mut())?;
            delta.slice_axis_mut(Axis(1), Slice::from(..others)).assign(&part);
            Ok(())
        })
    }
}

/// Most angles, so that no file makes a program allocate much.
const MOST_ANGLES: usize = 1 << 20;

/// The first columns, contiguous.
fn gathered<'b, F: Real>(z: ArrayView2<'_, F>, others: usize, buffer: &'b mut Vec<F>) -> Result<ArrayView2<'b, F>> {
    let shape = (z.nrows(), others);
    grow(buffer, shape.0 * others);
    let part = &mut buffer[..shape.0 * others];
    for (to, from) in part.chunks_exact_mut(others).zip(z.rows()) {
        to.iter_mut().zip(from).for_each(|(to, &from)| *to = from);
    }
    ArrayView2::from_shape(shape, part).map_err(|_| LayerError::NoFeatures)
}

fn grow<F: Real>(buffer: &mut Vec<F>, size: usize) {
    if buffer.len() < size {
        buffer.resize(size, F::zero());
    }
}

impl<F: Real> Parametric<F> for Torus<F> {
    delegate_parameters!(F, base);
}

impl<F: Real> Base<F> for Torus<F> {
    fn spec(&self) -> BaseSpec {
        BaseSpec::new(KIND, &Options { angles: self.angles, base: self.base.spec() })
    }

    fn features(&self) -> Option<usize> {
        self.base.features().map(|others| others + self.angles)
    }

    fn conditions(&self) -> usize {
        self.base.conditions()
    }

    /// The features of a density of any number of them are counted from the front, so that its
    /// angles cannot be told from them: they are where the others end.
    fn marginal(&self, feature: usize) -> Result<Box<dyn Base<F>>> {
        match self.base.features() {
            Some(others) if feature >= others => Ok(Box::new(Self::new(1, Box::new(Normal))?)),
            _ => self.base.marginal(feature),
        }
    }

    fn add_log_density(&self, z: Input<'_, F>, out: &mut [f64]) -> Result<()> {
        check::log_det(z.x.nrows(), Some(&*out))?;
        self.with(&z, |z| self.base.add_log_density(z, out)).map(drop)
    }

    fn score(&self, z: Input<'_, F>, delta: ArrayViewMut2<'_, F>) -> Result<()> {
        check::shape("score", z.x.dim(), delta.dim())?;
        self.scatter(delta, |delta| self.with(&z, |z| self.base.score(z, delta)).map(drop))
    }

    fn accumulate(&self, z: Input<'_, F>, grads: &mut [ParamGrad<F>]) -> Result<()> {
        self.with(&z, |z| self.base.accumulate(z, grads)).map(drop)
    }

    fn differentiate(
        &self,
        z: Input<'_, F>,
        out: &mut [f64],
        delta: ArrayViewMut2<'_, F>,
        grads: &mut [ParamGrad<F>],
    ) -> Result<()> {
        check::shape("score", z.x.dim(), delta.dim())?;
        self.scatter(delta, |delta| self.with(&z, |z| self.base.differentiate(z, out, delta, grads)).map(drop))
    }

    fn sample_into(&self, draw: Draw<'_, F>, rng: &mut dyn Rng, mut z: Out<F>) -> Result<()> {
        check::temperature(draw.temperature)?;
        let others = self.others(z.ncols())?;
        for row in 0..z.nrows() {
            let range = Slice::from(row..row + 1);
            let condition = draw.condition.as_ref().map(|all| all.slice_axis(Axis(0), range));
            let mut row = z.slice_axis_mut(Axis(0), range);
            if others > 0 {
                let part = row.slice_axis_mut(Axis(1), Slice::from(..others));
                self.base.sample_into(Draw { condition, ..draw }, rng, part)?;
            }
            let angles = row.slice_axis_mut(Axis(1), Slice::from(others..));
            angles.into_iter().for_each(|z| *z = F::of(draw.temperature * (rng.random::<f64>() - 0.5)));
        }
        Ok(())
    }
}

/// Registers the torus, which is fitted where the density beside the angles is.
pub(super) fn register<F: Real>(registry: &mut Registry<F>) {
    registry.insert_fitted_base(
        KIND,
        |spec, tensors, registry| Ok(Box::new(restore(spec, tensors, registry)?)),
        |spec, context, registry| Ok(Box::new(build(spec, context, registry)?)),
    );
}

fn restore<F: Real>(spec: &BaseSpec, tensors: &mut Tensors<F>, registry: &Registry<F>) -> Result<Torus<F>> {
    let Options { angles, base } = spec.parse()?;
    not_nested(&base)?;
    Torus::new(angles, registry.restore_base(&base, tensors)?)
}

fn build<F: Real>(spec: &BaseSpec, context: &mut BuildContext<'_, F>, registry: &Registry<F>) -> Result<Torus<F>> {
    let Options { angles, base } = spec.parse()?;
    not_nested(&base)?;
    let (what, actual) = ("rows with angles", context.features);
    let others = actual.checked_sub(angles).ok_or(LayerError::Features { what, expected: angles, actual })?;
    if others == 0 {
        return Torus::new(angles, Box::new(Normal));
    }
    let rows = context.rows()?.slice_axis(Axis(1), Slice::from(..others)).to_owned();
    let mut sample = context.sample.with(rows);
    let base = registry.build_base(&base, &mut context.on(others.into(), &mut sample))?;
    Torus::new(angles, base)
}

/// Before a torus of a torus of … is built.
fn not_nested(base: &BaseSpec) -> Result<()> {
    if base.kind != KIND {
        return Ok(());
    }
    Err(LayerError::Conflict { first: "a torus", second: "a torus beside it: count all angles" })
}
