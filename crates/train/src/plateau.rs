//! The rate on a plateau.

use crate::outcome::CurvePoint;

/// What the rate is multiplied by on each plateau.
const CUT: f64 = 0.5;

/// Factor of the rate after these validations: halved whenever `plateau` of them in a row were not a
/// new best, counted anew after each cut. It follows from the curve, so that a resumed run needs
/// nothing else.
pub(crate) fn factor(curve: &[CurvePoint], plateau: Option<u64>) -> f64 {
    let Some(plateau) = plateau else { return 1.0 };
    let (mut best, mut waited, mut factor) = (f64::NEG_INFINITY, 0, 1.0);
    for point in curve {
        if point.validation > best {
            (best, waited) = (point.validation, 0);
            continue;
        }
        waited += 1;
        if waited >= plateau {
            (waited, factor) = (0, CUT * factor);
        }
    }
    factor
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn each_plateau_halves_the_rate() {
        let after = |values: &[f64], plateau| {
            let point = |(step, &validation): (usize, &f64)| CurvePoint { step: step as u64, seconds: 0.0, validation };
            factor(&values.iter().enumerate().map(point).collect::<Vec<_>>(), plateau)
        };
        let curve = [-3.0, -2.0, -2.5, -2.0, -1.0, -1.5, -1.2, -1.1, -1.3];
        assert_eq!(after(&curve, None), 1.0);
        // Two after −2, then four after −1: a value that is equal to the best is not a new one.
        assert_eq!(after(&curve[..4], Some(2)), 0.5);
        assert_eq!(after(&curve, Some(2)), 0.125);
        assert_eq!(after(&curve, Some(3)), 0.5);
        assert_eq!(after(&curve, Some(5)), 1.0);
        assert_eq!(after(&[], Some(1)), 1.0);
    }
}
