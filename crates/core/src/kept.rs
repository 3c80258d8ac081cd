//! Layers on the first part of a row.

use ndarray::{ArrayD, ArrayView2, ArrayViewMut2};
use serde::{Deserialize, Serialize};

use crate::optim::{StepReport, UpdateRule};
use crate::tape::Buffer;
use crate::{
    Chain, Diagnostic, Fresh, Input, Layer, LayerError, LayerGrads, LayerSpec, Real, Recorded, Registry,
    Result, Sample, State, Tape, Tensors, check,
};

/// The first `keep` features of a row go through layers of their own; the others leave as they are, towards the base density: a multi-scale architecture
/// factors out what stands there (Dinh et al. 2017, section 3.6). `log|det|` is that of the layers inside.
#[derive(Debug, Clone)]
pub struct Kept<F: Real> {
    features: usize,
    keep: usize,
    inner: Chain<F>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    /// Of a saved layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    features: Option<usize>,
    keep: usize,
    layers: Vec<LayerSpec>,
}

/// Buffers of the tape: the first part on its way in and out, and (2, 3) the gradients by both.
const IN: usize = 0;
const OUT: usize = 1;
const BY_IN: usize = 3;

impl<F: Real> Kept<F> {
    /// Name in the registry.
    pub const KIND: &'static str = "kept";

    /// `inner` on the first `keep` of `features` numbers.
    ///
    /// # Errors
    /// [`LayerError::Features`] where that are too many, or `inner` is for another number.
    pub fn new(features: usize, keep: usize, inner: Chain<F>) -> Result<Self> {
        if keep == 0 || keep > features {
            return Err(LayerError::Features {
                what: "the part that is kept",
                expected: features,
                actual: keep,
            });
        }
        check::features("layers of the part that is kept", keep, inner.features().unwrap_or(keep))?;
        Ok(Self { features, keep, inner })
    }

    /// The layers of the first part.
    pub fn inner(&self) -> &Chain<F> {
        &self.inner
    }

    pub(crate) fn build(
        spec: &LayerSpec,
        fresh: &mut Fresh<'_, F>,
        registry: &Registry<F>,
    ) -> Result<Box<dyn Layer<F>>> {
        let Options { keep, layers, .. } = spec.parse()?;
        let inner = |inside: &mut Fresh<'_, F>| Chain::build(&layers, inside, registry);
        Ok(Box::new(Self::build_inner(fresh, keep, None, inner)?))
    }

    /// Makes the layers inside by `build`, which sees the first part of the sample, of the given shape.
    ///
    /// # Errors
    /// As [`new`](Self::new); those of `build`.
    pub fn build_inner(
        fresh: &mut Fresh<'_, F>,
        keep: usize,
        shape: Option<&[usize]>,
        build: impl FnOnce(&mut Fresh<'_, F>) -> Result<Chain<F>>,
    ) -> Result<Self> {
        let (features, conditions) = (fresh.features, fresh.conditions);
        if keep == 0 || keep > features {
            return Err(LayerError::Features {
                what: "the part that is kept",
                expected: features,
                actual: keep,
            });
        }
        let rows = fresh.rows()?;
        let rows = first(rows.view(), keep).to_owned();
        let mut sample = Sample::new(rows).given(fresh.sample.condition().cloned());
        let inside = fresh.on(keep, &mut sample);
        Self::new(features, keep, build(&mut inside.shaped(shape).conditioned(conditions))?)
    }

    pub(crate) fn restore(
        spec: &LayerSpec,
        tensors: &mut Tensors<F>,
        registry: &Registry<F>,
    ) -> Result<Box<dyn Layer<F>>> {
        let Options { features, keep, layers } = spec.parse()?;
        let inner = Chain::from_specs(&layers, tensors, registry)?;
        Ok(Box::new(Self::new(features.unwrap_or(0), keep, inner)?))
    }

    fn check(&self, from: (usize, usize), to: (usize, usize), log_det: Option<&[f64]>) -> Result<()> {
        check::features("input", self.features, from.1)?;
        check::shape("output", from, to)?;
        check::log_det(from.0, log_det)
    }

    fn pass(
        &self,
        input: Input<'_, F>,
        mut out: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
        inner: impl FnOnce(
            &Chain<F>,
            Input<'_, F>,
            ArrayViewMut2<'_, F>,
            Option<&mut [f64]>,
            &mut Tape<F>,
        ) -> Result<()>,
    ) -> Result<()> {
        self.check(input.x.dim(), out.dim(), log_det.as_deref())?;
        let rows = input.x.nrows();
        tape.reserve(BY_IN + 1, 1);
        let Tape { buffers, children, .. } = tape;
        let (from, to) = two(buffers, IN, OUT)?;
        from.shaped(rows, self.keep).assign(&first(input.x.reborrow(), self.keep));
        inner(&self.inner, input.with(from.view()), to.shaped(rows, self.keep), log_det, &mut children[0])?;
        out.assign(&input.x);
        first_mut(out, self.keep).assign(&to.view());
        Ok(())
    }
}

/// The first columns.
fn first<F>(rows: ArrayView2<'_, F>, keep: usize) -> ArrayView2<'_, F> {
    rows.split_at(ndarray::Axis(1), keep).0
}

fn first_mut<F>(rows: ArrayViewMut2<'_, F>, keep: usize) -> ArrayViewMut2<'_, F> {
    rows.split_at(ndarray::Axis(1), keep).0
}

/// Two buffers at once, the first before the second.
fn two<F>(buffers: &mut [Buffer<F>], a: usize, b: usize) -> Result<(&mut Buffer<F>, &mut Buffer<F>)> {
    match buffers.split_at_mut_checked(b) {
        Some((left, [second, ..])) if a < b => Ok((&mut left[a], second)),
        _ => Err(LayerError::Tape { index: b }),
    }
}

impl<F: Real> Layer<F> for Kept<F> {
    fn spec(&self) -> LayerSpec {
        let (features, keep, layers) = (Some(self.features), self.keep, self.inner.specs());
        LayerSpec::new(Self::KIND, &Options { features, keep, layers })
    }

    fn features(&self) -> Option<usize> {
        Some(self.features)
    }

    fn conditions(&self) -> usize {
        self.inner.conditions()
    }

    fn forward(
        &self,
        input: Input<'_, F>,
        y: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        self.pass(input, y, log_det, tape, |inner, x, y, log_det, tape| inner.forward(x, y, log_det, tape))
    }

    fn inverse(
        &self,
        output: Input<'_, F>,
        x: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        self.pass(output, x, log_det, tape, |inner, y, x, log_det, tape| inner.inverse(y, x, log_det, tape))
    }

    fn backward(
        &self,
        at: Recorded<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
        grads: &mut LayerGrads<F>,
    ) -> Result<()> {
        let Recorded { input, tape, .. } = at;
        let rows = input.x.nrows();
        self.check(input.x.dim(), dy.dim(), None)?;
        tape.load(IN, rows, self.keep)?;
        tape.load(OUT, rows, self.keep)?;
        tape.reserve(BY_IN + 1, 1);
        let [inner] = &mut grads.children[..] else {
            return Err(LayerError::Grads { expected: 1, actual: grads.children.len() });
        };
        grads.rows += rows;
        let Tape { buffers, children, .. } = tape;
        let [x, y, by_y, by_x, ..] = &mut buffers[..] else { return Err(LayerError::Tape { index: BY_IN }) };
        by_y.shaped(rows, self.keep).assign(&first(dy.reborrow(), self.keep));
        let at = Recorded { input: input.with(x.view()), y: y.view(), tape: &mut children[0] };
        match dx {
            None => self.inner.backward(at, by_y.view(), None, inner),
            Some(mut dx) => {
                check::shape("gradient of the input", input.x.dim(), dx.dim())?;
                self.inner.backward(at, by_y.view(), Some(by_x.shaped(rows, self.keep)), inner)?;
                dx.assign(&dy);
                first_mut(dx, self.keep).assign(&by_x.view());
                Ok(())
            }
        }
    }

    fn new_grads(&self) -> LayerGrads<F> {
        LayerGrads { children: vec![self.inner.new_grads()], ..LayerGrads::default() }
    }

    fn direct(&self, grads: &mut LayerGrads<F>) -> Result<()> {
        match &mut grads.children[..] {
            [inner] => self.inner.direct(inner),
            others => Err(LayerError::Grads { expected: 1, actual: others.len() }),
        }
    }

    fn update(&mut self, rule: &mut dyn UpdateRule<F>, grads: &mut LayerGrads<F>) -> Result<StepReport> {
        match &mut grads.children[..] {
            [inner] => self.inner.update(rule, inner),
            others => Err(LayerError::Grads { expected: 1, actual: others.len() }),
        }
    }

    fn gradients(&self, grads: &LayerGrads<F>) -> Result<Vec<(String, ArrayD<F>)>> {
        match &grads.children[..] {
            [inner] => self.inner.gradients(inner),
            others => Err(LayerError::Grads { expected: 1, actual: others.len() }),
        }
    }

    fn tensors(&self) -> Vec<(String, ArrayD<F>)> {
        self.inner.tensors()
    }

    fn set_tensors(&mut self, tensors: &mut Tensors<F>) -> Result<()> {
        self.inner.set_tensors(tensors)
    }

    fn save_state(&self, state: &mut State<F>) {
        self.inner.save_state(state);
    }

    fn load_state(&mut self, state: &mut State<F>) -> Result<()> {
        self.inner.load_state(state)
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        self.inner.diagnostics()
    }

    fn duplicate(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::diagonal::Shift;

    #[test]
    fn a_part_that_is_kept_has_all_features_and_its_layers_only_some() {
        let inner = || Chain::<f64>::new(vec![Box::new(Shift::zero(2))]).unwrap();
        let kept = Kept::new(5, 2, inner()).unwrap();
        assert_eq!(kept.features(), Some(5));
        assert!(Kept::new(5, 0, inner()).is_err() && Kept::new(1, 2, inner()).is_err());
        assert!(Kept::new(5, 3, inner()).is_err(), "the layers are of two features");
    }
}
