//! Gaussian mixtures that the laws are held against.

use ndarray::{Array1, Array2, ArrayD};
use pdmap_core::group::Direction;
use pdmap_core::{Base, LayerError, ParametricExt, Real, Result, Tensors};
use pdmap_mixture::{FactorKind, Gaussian, GaussianMixture, GaussianMixtureBase, PrecisionFactor};

/// Three components of `columns` columns, with correlations.
fn mixture(columns: usize) -> Result<GaussianMixture> {
    let component = |k: usize| {
        let mean = Array1::from_shape_fn(columns, |i| ((2 * k + 3 * i) as f64).sin() + k as f64);
        let factor = Array2::from_shape_fn((columns, columns), |(i, j)| {
            let entry = 0.4 * ((k + 2 * i + 5 * j) as f64).cos();
            if i == j {
                1.0 + 0.25 * k as f64
            } else if j < i {
                entry
            } else {
                0.0
            }
        });
        Gaussian::new(mean, PrecisionFactor::Dense(factor))
    };
    let components = (0..3).map(component).collect::<pdmap_mixture::Result<_>>()?;
    Ok(GaussianMixture::new(&[0.2, 0.5, 0.3], components)?)
}

/// A mixture whose factors are trained in this way.
///
/// # Errors
/// None for relative directions.
pub fn mixture_base<F: Real>(kind: FactorKind, direction: Direction, columns: usize) -> Result<GaussianMixtureBase<F>> {
    let mut base = GaussianMixtureBase::new(&mixture(columns)?, kind, direction)?;
    if kind == FactorKind::Orthonormal {
        let tensors = base.tensors().into_iter().enumerate();
        let exact = tensors.map(|(index, (name, tensor))| {
            let rotation = name.starts_with("rotations");
            (name, if rotation { quarter_turn(index, columns) } else { tensor })
        });
        base.set_tensors(&mut Tensors::from_iter(exact))?;
    }
    Ok(base)
}

/// An orthonormal matrix whose entries are exact in either precision: half a Hadamard matrix for four columns,
/// otherwise a permutation.
fn quarter_turn<F: Real>(index: usize, columns: usize) -> ArrayD<F> {
    let entry = |i: usize, j: usize| match columns {
        4 if (i & ((j + index) % 4)).count_ones() % 2 == 1 => -0.5,
        4 => 0.5,
        _ if (i + index) % columns == j => 1.0,
        _ => 0.0,
    };
    Array2::from_shape_fn((columns, columns), |(i, j)| F::of(entry(i, j))).into_dyn()
}

/// Mixtures with each kind of factor, of one, three and four columns.
///
/// # Errors
/// None.
pub fn mixtures<F: Real>() -> Result<Vec<Box<dyn Base<F>>>, LayerError> {
    let mut all: Vec<Box<dyn Base<F>>> = Vec::new();
    for columns in [1, 3, 4] {
        for kind in [FactorKind::General, FactorKind::Tied, FactorKind::Orthonormal, FactorKind::Diagonal] {
            for direction in [Direction::Algebra, Direction::Relative] {
                all.push(Box::new(mixture_base(kind, direction, columns)?));
            }
        }
    }
    Ok(all)
}
