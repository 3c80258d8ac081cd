//! Convolutions with cycled kernels, and filter banks.

use ndarray::ArrayD;
use numpy::{IntoPyArray, IxDyn, PyArray2, PyArrayDyn, ToPyArray};
use pdmap_conv::filterbank::{Analyzer, Kernels, Pyramid, Stages, Synthesizer, Window};
use pdmap_conv::{Boundary, CycledConv as Layer, Direction, Geometry, Group, LayerExt, Output, stages_of};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::arrays::Aligned;
use crate::error::{of_layer, value};
use crate::pool::work;

/// A bank of cycled kernels `h[k, o, i, j]`: `y[o, bK + k] = Σ_i Σ_j h[k, o, i, j] x[i, bK + j − offset]`.
#[pyclass(frozen, module = "pdmap._pdmap")]
pub(crate) struct Bank {
    kernels: Kernels,
    /// The matrices of the stages, where the bank is a product of them.
    stages: Option<Stages>,
}

impl Bank {
    fn of(stages: pdmap_core::Result<Stages>) -> PyResult<Self> {
        let stages = stages.map_err(of_layer)?;
        Ok(Self { kernels: stages.kernels().map_err(of_layer)?, stages: Some(stages) })
    }
}

#[pymethods]
impl Bank {
    /// The bank of this name: `haar`, `dct2`, `dct4`, `daubechies` (its size is the number of taps), `lot`,
    /// `fast-lot`, `mdct`, `mdct-vorbis`.
    #[staticmethod]
    #[pyo3(signature = (name, size=2))]
    fn named(name: &str, size: usize) -> PyResult<Self> {
        Self::of(match name {
            "haar" => Stages::haar(),
            "dct2" => Stages::dct2(size),
            "dct4" => Stages::dct4(size),
            "daubechies" => Stages::daubechies(size),
            "lot" => Stages::lot(size),
            "fast-lot" => Stages::fast_lot(),
            "mdct" => Stages::mdct(size, Window::Sine),
            "mdct-vorbis" => Stages::mdct(size, Window::Vorbis),
            other => {
                let known = "haar, dct2, dct4, daubechies, lot, fast-lot, mdct, mdct-vorbis";
                return Err(value(format!("bank {other:?}: known are {known}")));
            }
        })
    }

    /// Kernels `[K, C, C, M]` for signals, or `[K_h, K_w, C, C, U, V]` for images.
    #[staticmethod]
    fn of_kernels(values: Aligned<'_, f64, IxDyn>, offset: Vec<isize>) -> PyResult<Self> {
        let values = values.as_array().to_owned();
        let shape = || PyValueError::new_err("kernels of 4 axes with one offset, or of 6 axes with two");
        let kernels = match (values.ndim(), &offset[..]) {
            (4, &[offset]) => Kernels::signal(values.into_dimensionality().map_err(|_| shape())?, offset),
            (6, &[down, across]) => Kernels::image(values.into_dimensionality().map_err(|_| shape())?, [down, across]),
            _ => return Err(shape()),
        };
        let kernels = kernels.map_err(of_layer)?;
        let stages = Stages::import(&kernels).ok().map(|imported| imported.stages);
        Ok(Self { kernels, stages })
    }

    /// The same bank on each of so many channels.
    fn each_channel(&self, channels: usize) -> PyResult<Self> {
        let stages = self.stages.as_ref().ok_or_else(|| value("these kernels are no product of stages"))?;
        Self::of(stages.each_channel(channels))
    }

    /// Channels of the signals.
    #[getter]
    fn channels(&self) -> usize {
        self.kernels.channels()
    }

    /// The kernels.
    #[getter]
    fn kernels<'py>(&self, py: Python<'py>) -> Bound<'py, PyArrayDyn<f64>> {
        match self.kernels.signal_values() {
            Some(values) => values.into_dyn().to_pyarray(py),
            None => self.kernels.values().into_dyn().to_pyarray(py),
        }
    }

    /// Of the first tap, along each axis.
    #[getter]
    fn offset(&self) -> Vec<isize> {
        let [down, across] = self.kernels.offset();
        if self.kernels.signal_values().is_some() { vec![across] } else { vec![down, across] }
    }

    /// The matrices of the stages; none for kernels that are no product of stages.
    #[getter]
    fn stages<'py>(&self, py: Python<'py>) -> Option<Vec<Bound<'py, PyArray2<f64>>>> {
        let stages = self.stages.as_ref()?;
        Some(stages.matrices().iter().map(|matrix| matrix.to_pyarray(py)).collect())
    }

    /// How far the kernels are from orthonormal ones.
    #[getter]
    fn residual(&self) -> f64 {
        self.kernels.residual()
    }

    /// `y = T x` for `[C, n]` or `[C, H, W]`.
    fn analyze<'py>(&self, py: Python<'py>, x: Aligned<'py, f64, IxDyn>) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
        let x = x.as_array();
        Ok(work(py, None, || self.kernels.analyze(x))?.map_err(of_layer)?.into_pyarray(py))
    }

    /// `x = Tᵀ y`.
    fn synthesize<'py>(&self, py: Python<'py>, y: Aligned<'py, f64, IxDyn>) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
        let y = y.as_array();
        Ok(work(py, None, || self.kernels.synthesize(y))?.map_err(of_layer)?.into_pyarray(py))
    }

    /// The low band and, for each level, finest first, the other bands.
    #[allow(clippy::type_complexity)]
    fn decompose<'py>(
        &self,
        py: Python<'py>,
        x: Aligned<'py, f64, IxDyn>,
        levels: usize,
    ) -> PyResult<(Bound<'py, PyArrayDyn<f64>>, Vec<Vec<Bound<'py, PyArrayDyn<f64>>>>)> {
        let x = x.as_array();
        let Pyramid { details, low } = work(py, None, || self.kernels.decompose(x, levels))?.map_err(of_layer)?;
        let arrays = |bands: Vec<ArrayD<f64>>| bands.into_iter().map(|band| band.into_pyarray(py)).collect();
        Ok((low.into_pyarray(py), details.into_iter().map(arrays).collect()))
    }

    /// The inverse of `decompose` for orthonormal kernels.
    fn recompose<'py>(
        &self,
        py: Python<'py>,
        low: Aligned<'py, f64, IxDyn>,
        details: Vec<Vec<Aligned<'py, f64, IxDyn>>>,
    ) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
        let own = |band: &Aligned<'_, f64, IxDyn>| band.as_array().to_owned();
        let details = details.iter().map(|bands| bands.iter().map(own).collect()).collect();
        let pyramid = Pyramid { details, low: own(&low) };
        Ok(work(py, None, || self.kernels.recompose(&pyramid))?.map_err(of_layer)?.into_pyarray(py))
    }

    /// The coding gain on an AR(1) source of this correlation, dB.
    fn coding_gain(&self, rho: f64) -> PyResult<f64> {
        self.kernels.coding_gain(rho).map_err(of_layer)
    }

    /// `[bands, points]`: magnitudes of the frequency responses, from 0 to the Nyquist frequency.
    fn response<'py>(&self, py: Python<'py>, points: usize) -> PyResult<Bound<'py, PyArray2<f64>>> {
        Ok(self.kernels.response(points).map_err(of_layer)?.into_pyarray(py))
    }

    /// `[C, n]` in blocks of any length; the coefficients of all blocks, the first of which has the number that is
    /// returned beside them.
    fn analyze_stream<'py>(
        &self,
        py: Python<'py>,
        blocks: Vec<Aligned<'py, f64>>,
    ) -> PyResult<(Vec<Bound<'py, PyArray2<f64>>>, isize)> {
        let mut analyzer = Analyzer::new(&self.kernels).map_err(of_layer)?;
        let first = analyzer.first_block();
        let mut out = Vec::with_capacity(blocks.len() + 1);
        for block in &blocks {
            out.push(analyzer.push(block.as_array()).map_err(of_layer)?.into_pyarray(py));
        }
        out.push(analyzer.finish().map_err(of_layer)?.into_pyarray(py));
        Ok((out, first))
    }

    /// The samples, `length` altogether, of the coefficients of `analyze_stream`.
    fn synthesize_stream<'py>(
        &self,
        py: Python<'py>,
        blocks: Vec<Aligned<'py, f64>>,
        length: usize,
    ) -> PyResult<Vec<Bound<'py, PyArray2<f64>>>> {
        let mut synthesizer = Synthesizer::new(&self.kernels).map_err(of_layer)?;
        let mut out = Vec::with_capacity(blocks.len() + 1);
        for block in &blocks {
            out.push(synthesizer.push(block.as_array()).map_err(of_layer)?.into_pyarray(py));
        }
        out.push(synthesizer.finish(length).map_err(of_layer)?.into_pyarray(py));
        Ok(out)
    }
}

/// The convolution that cycles through kernels, an invertible map of rows `[rows, C·n]`.
#[pyclass(frozen, module = "pdmap._pdmap")]
pub(crate) struct CycledConv(Layer<f64>);

#[pymethods]
impl CycledConv {
    /// Stages from `matrices` or, drawn from the Haar measure with a seed, as many as asked for.
    #[new]
    #[pyo3(signature = (shape, period, *, stages=2, matrices=None, orthonormal=true, isolated=false, subbands=false, seed=0))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        shape: Vec<usize>,
        period: Vec<usize>,
        stages: usize,
        matrices: Option<Vec<Aligned<'_, f64>>>,
        orthonormal: bool,
        isolated: bool,
        subbands: bool,
        seed: u64,
    ) -> PyResult<Self> {
        let geometry = match (&shape[..], &period[..]) {
            (&[channels, length], &[period]) => Geometry::signal(channels, length, period),
            (&[channels, height, width], &[side]) => Geometry::image(channels, (height, width), (side, side)),
            (&[channels, height, width], &[down, across]) => Geometry::image(channels, (height, width), (down, across)),
            _ => {
                return Err(value(
                    "shape (channels, length) with one period, or (channels, height, width) with one or two",
                ));
            }
        };
        let boundary = if isolated { Boundary::Isolated } else { Boundary::Periodic };
        let output = if subbands { Output::Subbands } else { Output::Interleaved };
        let geometry = geometry.with_boundary(boundary).with_output(output);
        let group = if orthonormal { Group::Orthonormal } else { Group::General(Direction::Algebra) };
        let layer = match matrices {
            Some(matrices) => {
                Layer::new(geometry, matrices.iter().map(|matrix| matrix.as_array().to_owned()).collect(), group)
            }
            None => Layer::random(geometry, stages, group, &mut ChaCha8Rng::seed_from_u64(seed)),
        };
        layer.map(Self).map_err(of_layer)
    }

    /// `y = f(x)` of rows.
    fn forward<'py>(&self, py: Python<'py>, x: Aligned<'py, f64>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let x = x.as_array();
        Ok(work(py, None, || self.0.transform(x))?.map_err(of_layer)?.0.into_pyarray(py))
    }

    /// `x = f⁻¹(y)` of rows.
    fn inverse<'py>(&self, py: Python<'py>, y: Aligned<'py, f64>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let y = y.as_array();
        Ok(work(py, None, || self.0.untransform(y))?.map_err(of_layer)?.0.into_pyarray(py))
    }

    /// The transposed map of rows.
    fn adjoint<'py>(&self, py: Python<'py>, y: Aligned<'py, f64>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let y = y.as_array();
        Ok(work(py, None, || self.0.adjoint(y))?.map_err(of_layer)?.into_pyarray(py))
    }

    /// `log|det|`, the same for each row, nats.
    #[getter]
    fn log_det(&self) -> PyResult<f64> {
        self.0.log_abs_det().map_err(of_layer)
    }

    /// The bank of its kernels.
    fn bank(&self) -> PyResult<Bank> {
        Bank::of(stages_of(&self.0))
    }
}
