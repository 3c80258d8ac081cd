//! What is known about generated rows: the mixing of sources, or the AR(1) process.

use std::time::Instant;

use ndarray::Axis;
use pdmap_conv::kernels_of;
use pdmap_core::{Flow, Layer, Real};
use pdmap_data::{Ar1, DataFacts, Generator, IcaTruth, Splits};

use crate::ica::{amari_index, fast_ica, jacobian};
use crate::records::FastIcaResult;

/// The known process behind generated rows.
#[derive(Debug)]
pub(crate) enum Truth {
    /// Independent sources and their mixing matrix.
    Ica(IcaTruth),
    /// An AR(1) series.
    Ar1(Ar1),
}

/// Seed of FastICA's initial matrix.
const START: u64 = 1;

impl Truth {
    /// The process that the facts name, if it is known.
    pub(crate) fn of(facts: &DataFacts) -> Option<Self> {
        let seed = facts.generator_seed?;
        match facts.name.parse().ok()? {
            Generator::Ica(ica) => ica.truth(seed).ok().map(Self::Ica),
            Generator::Ar1(ar1) => Some(Self::Ar1(ar1)),
            _ => None,
        }
    }

    /// The Amari index of a flow's Jacobian at the mean of the test rows. Scales after the last
    /// mixing layer do not affect it.
    pub(crate) fn amari<F: Real>(&self, flow: &Flow<F>, data: &Splits<F>) -> Option<f64> {
        let Self::Ica(truth) = self else { return None };
        let mean = data.test.mapv(F::f64).mean_axis(Axis(0))?.mapv(F::of);
        let jacobian = jacobian(flow, mean.view()).ok()?;
        Some(amari_index(jacobian.dot(&truth.mixing).view())).filter(|index| index.is_finite())
    }

    /// Runs FastICA on the training rows.
    pub(crate) fn fast_ica<F: Real>(&self, data: &Splits<F>) -> Option<FastIcaResult> {
        let Self::Ica(truth) = self else { return None };
        let start = Instant::now();
        let found = fast_ica(data.train.view(), START).ok()?;
        Some(FastIcaResult {
            amari: amari_index(found.unmixing.dot(&truth.mixing).view()),
            iterations: found.iterations,
            converged: found.converged,
            seconds: start.elapsed().as_secs_f64(),
        })
    }

    /// The coding gain in dB of a flow's first orthonormal convolution. It does not include a scale
    /// in front of it that varies with position.
    pub(crate) fn coding_gain<F: Real>(&self, flow: &Flow<F>) -> Option<f64> {
        let Self::Ar1(Ar1 { rho, .. }) = self else { return None };
        let gain = |layer: &dyn Layer<F>| kernels_of(layer).ok()??.coding_gain(*rho).ok();
        flow.chain().layers().iter().find_map(|layer| gain(layer.as_ref()))
    }
}
