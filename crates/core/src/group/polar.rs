//! Means of orthonormal matrices.

use ndarray::{Array2, ArrayView2};

use super::orthonormal::recentre;
use crate::Real;
use crate::linalg::svd;

/// Least ratio of singular values of a mean of orthonormal matrices whose polar factor is used.
const LEAST: f64 = 1e-3;

/// The orthonormal matrix `U Vᵀ` that is nearest to `mean = U Σ Vᵀ` (the polar factor); none where
/// `mean` is so near to a singular matrix that there is no nearest one.
pub(super) fn polar<F: Real>(mean: ArrayView2<'_, F>) -> Option<Array2<F>> {
    let found = svd(mean.mapv(F::f64).view(), true, true)?;
    let (largest, smallest) = (found.values.first()?, found.values.last()?);
    // A ratio that is not a number is refused too.
    (smallest / largest > LEAST).then_some(())?;
    let mut nearest = found.u?.dot(&found.v?.t()).mapv(F::of);
    // Rounding to F leaves a distance of order ε, which one step removes.
    recentre(&mut nearest, &mut Vec::new()).ok()?;
    Some(nearest)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ndarray::{Array1, array};

    use crate::contract::Geometry;
    use crate::group::{Direction, Group, GroupMatrix, Positive, ScaleDirection};

    fn mean_of(all: &[&dyn Geometry<f64>]) -> Vec<f64> {
        let mut mean = vec![0.0; all[0].tensor().len()];
        for (count, one) in all.iter().enumerate() {
            one.add_to_mean(1.0 / (count + 1) as f64, &mut mean).unwrap();
        }
        mean
    }

    #[test]
    fn positive_numbers_have_a_geometric_mean() {
        let [a, b] = [1.0, 9.0].map(|s| Positive::new(Array1::from_elem(1, s), ScaleDirection::Algebra).unwrap());
        let at = a.at_mean(&mean_of(&[&a, &b])).unwrap();
        assert!((at[[0]] - 3.0).abs() < 1e-14, "{at}");
        assert!(a.at_mean(&[0.0, 0.0]).is_err() && a.add_to_mean(1.0, &mut [0.0, 0.0]).is_err());
    }

    #[test]
    fn rotations_have_a_rotation_between_them() {
        let rotation = |angle: f64| array![[angle.cos(), -angle.sin()], [angle.sin(), angle.cos()]];
        let [a, b] = [0.2, 1.0].map(|angle| GroupMatrix::new(rotation(angle), Group::Orthonormal).unwrap());
        let at = a.at_mean(&mean_of(&[&a, &b])).unwrap();
        assert!((at - rotation(0.6).into_dyn()).iter().all(|apart| apart.abs() < 1e-14));
        // Between a rotation and its opposite there is none.
        let opposite = GroupMatrix::new(-rotation(0.2), Group::Orthonormal).unwrap();
        assert_eq!(a.at_mean(&mean_of(&[&a, &opposite])).unwrap(), a.tensor());
    }

    #[test]
    fn a_mean_on_the_other_side_of_singular_matrices_is_not_used() {
        let general = |diagonal: f64| {
            GroupMatrix::new(array![[1.0, 0.0], [0.0, diagonal]], Group::General(Direction::Relative)).unwrap()
        };
        let [a, b, far] = [0.5, 1.5, -4.0].map(general);
        assert_eq!(a.at_mean(&mean_of(&[&a, &b])).unwrap(), array![[1.0, 0.0], [0.0, 1.0]].into_dyn());
        assert_eq!(a.at_mean(&mean_of(&[&a, &far])).unwrap(), a.tensor());
        assert_eq!(a.at_mean(&[0.0; 4]).unwrap(), a.tensor());
    }
}
