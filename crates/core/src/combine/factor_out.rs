//! Layers on the first features of a row.

use ndarray::{ArrayView2, ArrayViewMut2, Axis};
use serde::{Deserialize, Serialize};

use super::Chain;
use crate::contract::{
    BuildContext, ForwardPass, In, Input, Kind, Layer, LayerSpec, Out, ParamGrad, Parametric, Registry, Shape, Tape,
    Tensors,
};
use crate::delegate_parameters;
use crate::{LayerError, Real, Result};

/// Applies the layers inside to the first `keep` features of a row and passes the others through
/// unchanged to the base density: the factoring out of a multi-scale architecture (Dinh et al.
/// 2017, section 3.6). `log|det|` is that of the layers inside.
#[derive(Debug, Clone)]
pub struct FactorOut<F: Real> {
    features: usize,
    keep: usize,
    inner: Chain<F>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    /// Given for a saved layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    features: Option<usize>,
    keep: usize,
    layers: Vec<LayerSpec>,
}

/// Buffers of the tape: the first features before and after the layers inside, and the gradients
/// with respect to both.
const IN: usize = 0;
const OUT: usize = 1;
const BUFFERS: usize = 4;

impl<F: Real> FactorOut<F> {
    /// Name of this kind in older files.
    pub const FORMER_KIND: &'static str = "kept";

    /// Applies `inner` to the first `keep` of `features` numbers.
    ///
    /// # Errors
    /// [`LayerError::Features`] if `keep` exceeds `features` or `inner` has another number of
    /// features.
    pub fn new(features: usize, keep: usize, inner: Chain<F>) -> Result<Self> {
        check_part(features, keep)?;
        inner.shape(keep.into())?;
        Ok(Self { features, keep, inner })
    }

    /// The number of features that the layers inside act on.
    pub fn keep(&self) -> usize {
        self.keep
    }

    /// The layers on the first features.
    pub fn inner(&self) -> &Chain<F> {
        &self.inner
    }

    /// Builds the layers inside with `build`, whose context has the first features of the sample
    /// and the given shape.
    ///
    /// # Errors
    /// As [`new`](Self::new); those of `build`.
    pub fn build_inner(
        context: &mut BuildContext<'_, F>,
        shape: Shape,
        build: impl FnOnce(&mut BuildContext<'_, F>) -> Result<Chain<F>>,
    ) -> Result<Self> {
        let (features, keep) = (context.features, shape.features());
        check_part(features, keep)?;
        let rows = first(context.rows()?.view(), keep).to_owned();
        let mut sample = context.sample.with(rows);
        Self::new(features, keep, build(&mut context.on(shape, &mut sample))?)
    }

    fn pass(
        &self,
        input: Input<'_, F>,
        mut out: ArrayViewMut2<'_, F>,
        tape: &mut Tape<F>,
        inner: impl FnOnce(Input<'_, F>, ArrayViewMut2<'_, F>, &mut Tape<F>) -> Result<()>,
    ) -> Result<()> {
        let rows = input.x.nrows();
        tape.reserve(BUFFERS, 1);
        let Tape { buffers, children, .. } = tape;
        let [from, to, ..] = &mut buffers[..] else { return Err(LayerError::Tape { index: OUT }) };
        from.shaped(rows, self.keep).assign(&first(input.x.reborrow(), self.keep));
        inner(input.with(from.view()), to.shaped(rows, self.keep), &mut children[0])?;
        out.assign(&input.x);
        first_mut(out, self.keep).assign(&to.view());
        Ok(())
    }
}

fn check_part(features: usize, keep: usize) -> Result<()> {
    if (1..=features).contains(&keep) {
        return Ok(());
    }
    Err(LayerError::Features { what: "the part that is kept", expected: features, actual: keep })
}

/// The first columns.
fn first<F>(rows: ArrayView2<'_, F>, keep: usize) -> ArrayView2<'_, F> {
    rows.split_at(Axis(1), keep).0
}

fn first_mut<F>(rows: ArrayViewMut2<'_, F>, keep: usize) -> ArrayViewMut2<'_, F> {
    rows.split_at(Axis(1), keep).0
}

impl<F: Real> Parametric<F> for FactorOut<F> {
    delegate_parameters!(F, inner);
}

impl<F: Real> Kind<F> for FactorOut<F> {
    const KIND: &'static str = "factor-out";

    fn build(spec: &LayerSpec, context: &mut BuildContext<'_, F>, registry: &Registry<F>) -> Result<Self> {
        let Options { keep, layers, .. } = spec.parse()?;
        Self::build_inner(context, keep.into(), |inside| Chain::of_specs(&layers, inside, registry))
    }

    fn restore(spec: &LayerSpec, tensors: &mut Tensors<F>, registry: &Registry<F>) -> Result<Self> {
        let Options { features, keep, layers } = spec.parse()?;
        Self::new(features.unwrap_or(0), keep, Chain::from_specs(&layers, tensors, registry)?)
    }
}

impl<F: Real> Layer<F> for FactorOut<F> {
    fn spec(&self) -> LayerSpec {
        let (features, keep, layers) = (Some(self.features), self.keep, self.inner.specs());
        LayerSpec::new(Self::KIND, &Options { features, keep, layers })
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        input.with_features(self.features)
    }

    fn conditions(&self) -> usize {
        self.inner.conditions()
    }

    fn forward(&self, input: Input<F>, y: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()> {
        self.pass(input, y, tape, |x, y, tape| self.inner.forward(x, y, log_det, tape))
    }

    fn inverse(&self, output: Input<F>, x: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()> {
        self.pass(output, x, tape, |y, x, tape| self.inner.inverse(y, x, log_det, tape))
    }

    fn backward(&self, at: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, grads: &mut [ParamGrad<F>]) -> Result<()> {
        let ForwardPass { input, tape, .. } = at;
        let rows = input.x.nrows();
        tape.load(IN, rows, self.keep)?;
        tape.load(OUT, rows, self.keep)?;
        tape.reserve(BUFFERS, 1);
        let Tape { buffers, children, .. } = tape;
        let [x, y, by_y, by_x, ..] = &mut buffers[..] else {
            return Err(LayerError::Tape { index: BUFFERS });
        };
        by_y.shaped(rows, self.keep).assign(&first(dy.reborrow(), self.keep));
        let at = ForwardPass { input: input.with(x.view()), y: y.view(), tape: &mut children[0] };
        let Some(mut dx) = dx else { return self.inner.backward(at, by_y.view(), None, grads) };
        self.inner.backward(at, by_y.view(), Some(by_x.shaped(rows, self.keep)), grads)?;
        dx.assign(&dy);
        first_mut(dx, self.keep).assign(&by_x.view());
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::combine::testing::Twice;

    #[test]
    fn the_inner_layers_have_some_features_and_the_layer_has_all() {
        let inner = || Chain::<f64>::new(vec![Box::new(Twice)]).unwrap();
        let layer = FactorOut::new(5, 2, inner()).unwrap();
        assert!(layer.shape(5.into()).is_ok() && layer.shape(4.into()).is_err());
        assert!(FactorOut::new(5, 0, inner()).is_err() && FactorOut::new(1, 2, inner()).is_err());
        let wide = Chain::<f64>::new(vec![Box::new(FactorOut::new(3, 2, inner()).unwrap())]).unwrap();
        assert!(FactorOut::new(5, 2, wide).is_err(), "the layers inside have three features");
    }
}
