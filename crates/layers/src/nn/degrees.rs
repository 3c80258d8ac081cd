//! Degrees of the units of an autoregressive network: which inputs each unit may depend on.

use super::mask::Mask;

/// The degrees of a masked network (Germain et al. 2015, "MADE", section 3) for rows of `features`
/// numbers and a condition.
///
/// The inputs that hold the feature at position p = 1, …, D have degree p; those of the condition
/// have degree 0 and come first. A hidden unit of degree m depends on inputs of degrees up to m. An
/// output for position p reads units of degrees below p, and so depends on the features before p
/// and on the condition.
///
/// Hidden degrees run from 1 (with a condition from 0, so that the first position depends on it) to
/// D − 1. Each occurs equally often, up to one unit, as in the cyclic assignment of the paper; they
/// are sorted, so that each unit reads the first units of the layer before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Degrees {
    /// D.
    pub(crate) features: usize,
    /// Width of the condition.
    pub(crate) conditions: usize,
    /// Inputs for each feature: two for an angle, its cosine and its sine.
    pub(crate) each: usize,
}

/// The units of a layer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Units {
    /// The condition, then the features by position.
    Inputs,
    /// This many hidden units.
    Hidden(usize),
    /// This many outputs, a multiple of D; output `k·D + p − 1` is number `k` for position p.
    Outputs(usize),
}

impl Degrees {
    /// Number of inputs.
    pub(crate) fn inputs(self) -> usize {
        self.conditions + self.each * self.features
    }

    /// Number of different hidden degrees, up to D − 1.
    fn hidden(self) -> usize {
        if self.conditions > 0 { self.features } else { (self.features - 1).max(1) }
    }

    /// Number of units of degrees below `degree`; they come first.
    pub(crate) fn below(self, units: Units, degree: usize) -> usize {
        match units {
            Units::Inputs if degree == 0 => 0,
            Units::Inputs => self.conditions + self.each * (degree - 1).min(self.features),
            Units::Hidden(count) => {
                let above = self.features.saturating_sub(degree);
                count - count.min((above * count).div_ceil(self.hidden()))
            }
            Units::Outputs(count) => count,
        }
    }

    /// The degree up to which unit `index` reads.
    fn reads(self, units: Units, index: usize) -> usize {
        match units {
            Units::Inputs => 0,
            Units::Hidden(count) => self.features - 1 - (count - 1 - index) * self.hidden() / count,
            Units::Outputs(_) => index % self.features,
        }
    }
}

/// The mask between two layers; none without degrees.
pub(super) fn mask(degrees: Option<Degrees>, from: Units, to: Units) -> Mask {
    let (Some(degrees), Units::Hidden(count) | Units::Outputs(count)) = (degrees, to) else {
        return Mask::default();
    };
    Mask::of((0..count).map(|index| degrees.below(from, degrees.reads(to, index) + 1)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_hidden(features: usize, conditions: usize, count: usize) -> Vec<usize> {
        let degrees = Degrees { features, conditions, each: 1 };
        (0..count).map(|index| degrees.reads(Units::Hidden(count), index)).collect()
    }

    #[test]
    fn hidden_degrees_are_sorted_and_even() {
        assert_eq!(of_hidden(4, 0, 6), [1, 1, 2, 2, 3, 3]);
        assert_eq!(of_hidden(4, 2, 8), [0, 0, 1, 1, 2, 2, 3, 3]);
        assert_eq!(of_hidden(1, 0, 2), [0, 0]);
        assert_eq!(of_hidden(1, 3, 2), [0, 0]);
        assert_eq!(of_hidden(9, 0, 1), [8]);
        for (features, conditions, count) in [(2, 0, 5), (7, 0, 3), (7, 0, 40), (7, 1, 40), (30, 0, 7), (5, 2, 5)] {
            let degrees = Degrees { features, conditions, each: 1 };
            let hidden = of_hidden(features, conditions, count);
            assert!(hidden.is_sorted() && hidden.last() == Some(&(features - 1)));
            assert!(hidden[0] >= usize::from(conditions == 0));
            let of = |degree: usize| hidden.iter().filter(|own| **own == degree).count();
            let counts: Vec<usize> = (usize::from(conditions == 0)..features).map(of).collect();
            let (least, most) = (counts.iter().min(), counts.iter().max());
            assert!(least.zip(most).is_some_and(|(least, most)| most - least <= 1), "{counts:?}");
            for degree in 0..=features {
                let below = hidden.iter().filter(|own| **own < degree).count();
                assert_eq!(degrees.below(Units::Hidden(count), degree), below, "{degree} of {hidden:?}");
            }
        }
    }

    #[test]
    fn no_output_reaches_a_feature_at_or_behind_its_position() {
        let degrees = Degrees { features: 3, conditions: 2, each: 1 };
        let reach = |from, to: Units, count: usize| -> Vec<usize> {
            (0..count).map(|index| mask(Some(degrees), from, to).reach(index, 99)).collect()
        };
        // Two numbers for each of three positions, straight from condition and features.
        assert_eq!(reach(Units::Inputs, Units::Outputs(6), 6), [2, 3, 4, 2, 3, 4]);
        assert_eq!(reach(Units::Inputs, Units::Hidden(3), 3), [2, 3, 4]);
        assert_eq!(reach(Units::Hidden(3), Units::Hidden(3), 3), [1, 2, 3]);
        assert_eq!(reach(Units::Hidden(3), Units::Outputs(3), 3), [1, 2, 3]);
        assert_eq!(mask(None, Units::Inputs, Units::Hidden(3)).reach(0, 99), 99);
        // Two inputs for each feature, behind a condition of one number.
        let degrees = Degrees { features: 3, conditions: 1, each: 2 };
        let outputs = mask(Some(degrees), Units::Inputs, Units::Outputs(3));
        assert_eq!((0..3).map(|index| outputs.reach(index, 99)).collect::<Vec<_>>(), [1, 3, 5]);
    }
}
