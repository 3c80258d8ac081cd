//! A layer at rows moved along each feature.

use ndarray::{Array2, ArrayView2};
use pdmap_core::{Layer, LayerError, LayerExt, Real};

use crate::tolerance::step;

/// Images and log-determinants on both sides of each row along each feature: Jacobians and gradients by
/// central differences.
#[derive(Debug, Clone)]
pub(crate) struct Differences<F> {
    features: Vec<Sides<F>>,
}

/// One feature, moved.
#[derive(Debug, Clone)]
struct Sides<F> {
    above: (Array2<F>, Vec<f64>),
    below: (Array2<F>, Vec<f64>),
    /// Distance of the two points of each row.
    width: Vec<f64>,
}

impl<F: Real> Differences<F> {
    pub(crate) fn of(layer: &dyn Layer<F>, x: ArrayView2<'_, F>) -> Result<Self, LayerError> {
        let sides = |feature: usize| {
            let moved = |sign: f64| {
                let mut moved = x.to_owned();
                let shift = |v: F| F::of(v.f64() + sign * step::<F>() * v.f64().abs().max(1.0));
                moved.column_mut(feature).mapv_inplace(shift);
                moved
            };
            let (above, below) = (moved(1.0), moved(-1.0));
            let width = above.column(feature).into_iter().zip(below.column(feature));
            let width = width.map(|(above, below)| above.f64() - below.f64()).collect();
            Ok(Sides { above: layer.transform(&above)?, below: layer.transform(&below)?, width })
        };
        Ok(Self { features: (0..x.ncols()).map(sides).collect::<Result<_, LayerError>>()? })
    }

    /// `∂y/∂x` at one row.
    pub(crate) fn jacobian(&self, row: usize) -> Array2<f64> {
        let features = self.features.len();
        Array2::from_shape_fn((features, features), |(output, input)| {
            let Sides { above, below, width } = &self.features[input];
            (above.0[[row, output]].f64() - below.0[[row, output]].f64()) / width[row]
        })
    }

    /// `∂/∂x` of `c·y + log|det|` of each row.
    pub(crate) fn gradient(&self, c: ArrayView2<'_, F>) -> Array2<F> {
        Array2::from_shape_fn(c.dim(), |(row, input)| {
            let Sides { above, below, width } = &self.features[input];
            let objective = |(y, log_det): &(Array2<F>, Vec<f64>)| {
                let dot: f64 = y.row(row).iter().zip(c.row(row)).map(|(y, c)| y.f64() * c.f64()).sum();
                dot + log_det[row]
            };
            F::of((objective(above) - objective(below)) / width[row])
        })
    }
}
