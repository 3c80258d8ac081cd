//! Squeeze (space to depth).

use ndarray::{ArrayView2, ArrayViewMut2};
use pdmap_core::prelude::*;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::layer::shaped;

/// Turns positions into channels: rows `[C, n]` become `[C·f, n/f]`, and `[C, H, W]` become
/// `[C·f², H/f, W/f]`. Channel `k·C + c` holds the numbers of channel `c` at offset `k` of each
/// block of `f` positions (`k = p·f + q` in images). A permutation: `log|det| = 0` (Dinh et al.
/// 2017, section 3.6). The order is that of the [subbands](crate::Output::Subbands) of a
/// convolution of period `f`.
#[derive(Debug, Clone)]
pub struct Squeeze {
    options: Options,
    /// For each output, the index of its input.
    from: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    shape: Vec<usize>,
    #[serde(default = "two")]
    factor: usize,
}

fn two() -> usize {
    2
}

/// Maximum number of features that a specification alone may request.
const MOST_FEATURES: usize = 1 << 22;

/// Up to this many numbers, one thread handles all rows.
const ALONE: usize = 1 << 15;

impl Squeeze {
    /// For rows of this shape, `[C, n]` or `[C, H, W]`.
    ///
    /// # Errors
    /// Another number of dimensions; a factor below 2 or that does not divide a length; more than
    /// 2²² features.
    pub fn new(shape: &[usize], factor: usize) -> Result<Self> {
        if factor < 2 {
            return Err(LayerError::Range { what: "factor", value: factor as f64, range: "at least 2" });
        }
        let (channels, size) = match *shape {
            [channels, length] => (channels, [1, length]),
            [channels, height, width] => (channels, [height, width]),
            _ => {
                let range = "2 for signals, [channels, length], or 3 for images, [channels, height, width]";
                return Err(LayerError::Range { what: "numbers in shape", value: shape.len() as f64, range });
            }
        };
        let features = shape.iter().try_fold(1_usize, |product, &length| product.checked_mul(length));
        let features = features.filter(|&features| features <= MOST_FEATURES).unwrap_or(0);
        if features == 0 {
            return Err(LayerError::Range { what: "features", value: f64::NAN, range: "in [1, 2^22]" });
        }
        let steps = if shape.len() == 2 { [1, factor] } else { [factor, factor] };
        for ((what, length), step) in ["height", "length or width"].into_iter().zip(size).zip(steps) {
            if !length.is_multiple_of(step) {
                return Err(LayerError::Indivisible { what, length, period: step });
            }
        }
        let mut from = Vec::with_capacity(features);
        for offset in 0..steps[0] * steps[1] {
            for channel in 0..channels {
                for y in 0..size[0] / steps[0] {
                    for x in 0..size[1] / steps[1] {
                        let (row, column) = (y * steps[0] + offset / steps[1], x * steps[1] + offset % steps[1]);
                        from.push(((channel * size[0] + row) * size[1] + column) as u32);
                    }
                }
            }
        }
        Ok(Self { options: Options { shape: shape.to_vec(), factor }, from })
    }

    /// Shape of the output.
    pub fn output_shape(&self) -> Vec<usize> {
        let factor = self.options.factor;
        match self.options.shape[..] {
            [channels, length] => vec![channels * factor, length / factor],
            [channels, height, width] => vec![channels * factor * factor, height / factor, width / factor],
            _ => vec![],
        }
    }

    /// Applies the permutation or its inverse to each row.
    fn permute<F: Real>(
        &self,
        direction: Direction,
        from: ArrayView2<'_, F>,
        mut to: ArrayViewMut2<'_, F>,
    ) -> Result<()> {
        let features = self.from.len();
        let (from, to) = (check::slice("input", &from)?, check::slice_mut("output", &mut to)?);
        let row = |(to, from): (&mut [F], &[F])| match direction {
            Direction::Forward => to.iter_mut().zip(&self.from).for_each(|(to, &index)| *to = from[index as usize]),
            Direction::Inverse => from.iter().zip(&self.from).for_each(|(&from, &index)| to[index as usize] = from),
        };
        if from.len() <= ALONE {
            to.chunks_exact_mut(features).zip(from.chunks_exact(features)).for_each(row);
        } else {
            to.par_chunks_exact_mut(features).zip(from.par_chunks_exact(features)).for_each(row);
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Direction {
    Forward,
    Inverse,
}

impl<F: Real> Kind<F> for Squeeze {
    const KIND: &'static str = "squeeze";

    fn build(spec: &LayerSpec, context: &mut BuildContext<'_, F>, _: &Registry<F>) -> Result<Self> {
        let Options { shape, factor } = shaped(spec, context).parse()?;
        let made = Self::new(&shape, factor)?;
        check::features("shape", context.features, made.from.len())?;
        Ok(made)
    }

    fn restore(spec: &LayerSpec, _: &mut Tensors<F>, _: &Registry<F>) -> Result<Self> {
        let Options { shape, factor } = spec.parse()?;
        Self::new(&shape, factor)
    }
}

impl<F: Real> Parametric<F> for Squeeze {}

impl<F: Real> Layer<F> for Squeeze {
    fn spec(&self) -> LayerSpec {
        LayerSpec::new(<Self as Kind<F>>::KIND, &self.options)
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        input.with_features(self.from.len())?;
        Shape::of(&self.output_shape())
    }

    fn forward(&self, input: Input<F>, y: Out<F>, _: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        self.permute(Direction::Forward, input.x, y)
    }

    fn inverse(&self, output: Input<F>, x: Out<F>, _: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        self.permute(Direction::Inverse, output.x, x)
    }

    fn backward(&self, _: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, _: &mut [ParamGrad<F>]) -> Result<()> {
        dx.map_or(Ok(()), |dx| self.permute(Direction::Inverse, dy, dx))
    }
}
