//! Which arms are compared with which.

use pdmap_train::Preset;

/// An arm and the arm that it is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pair<'a> {
    pub(super) arm: &'a str,
    pub(super) against: &'a str,
}

/// The standard contrasts, in this order, where both arms take part.
///
/// First the constrained forms against the unconstrained one in the same coordinates, the algebra,
/// so that only the group differs (the founding note's question). Then against the unconstrained
/// one in parameter space (the paper's). Then the unconstrained forms among themselves, and the
/// forms of the convolutions.
const PAIRS: [(Preset, Preset); 11] = [
    (Preset::DENSE_ORTHONORMAL, Preset::DENSE_RELATIVE_ALGEBRA),
    (Preset::DENSE_SVD, Preset::DENSE_RELATIVE_ALGEBRA),
    (Preset::DENSE_ORTHONORMAL, Preset::DENSE_RELATIVE),
    (Preset::DENSE_SVD, Preset::DENSE_RELATIVE),
    (Preset::DENSE_RELATIVE_ALGEBRA, Preset::DENSE_RELATIVE),
    (Preset::DENSE_EXACT, Preset::DENSE_RELATIVE),
    (Preset::CONV_ORTHONORMAL, Preset::CONV_UNCONSTRAINED),
    (Preset::CONV_FREE_EXACT, Preset::CONV_UNCONSTRAINED),
    (Preset::GAUSSIANIZATION_ORTHONORMAL, Preset::GAUSSIANIZATION_UNCONSTRAINED),
    (Preset::GAUSSIANIZATION_SVD, Preset::GAUSSIANIZATION_UNCONSTRAINED),
    (Preset::IMAGE_PYRAMID_ORTHONORMAL, Preset::IMAGE_PYRAMID_UNCONSTRAINED),
];

/// The pairs to compare: those of the plan; without any, the standard ones; if none of those
/// applies, each arm against the first.
pub(super) fn pairs<'a>(wanted: &'a [[String; 2]], names: &[&'a str]) -> Vec<Pair<'a>> {
    let taking_part = |&Pair { arm, against }: &Pair<'_>| names.contains(&arm) && names.contains(&against);
    let wanted: Vec<_> = wanted.iter().map(|[arm, against]| Pair { arm, against }).filter(taking_part).collect();
    if !wanted.is_empty() {
        return wanted;
    }
    let usual = PAIRS.into_iter().map(|(arm, against)| Pair { arm: arm.name(), against: against.name() });
    let usual: Vec<_> = usual.filter(taking_part).collect();
    match names {
        [first, others @ ..] if usual.is_empty() => others.iter().map(|arm| Pair { arm, against: first }).collect(),
        _ => usual,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_from_the_plan_or_the_standard_list_or_the_first_arm() {
        let compared = |wanted: &[[&str; 2]], names: &[&str]| {
            let wanted: Vec<_> = wanted.iter().map(|pair| pair.map(str::to_owned)).collect();
            let pairs = pairs(&wanted, names);
            pairs.iter().map(|pair| format!("{} {}", pair.arm, pair.against)).collect::<Vec<_>>()
        };
        let names = ["dense-relative", "mine", "dense-svd"];
        assert_eq!(compared(&[], &names), ["dense-svd dense-relative"]);
        assert_eq!(compared(&[["mine", "dense-svd"]], &names), ["mine dense-svd"]);
        // Arms that do not take part are skipped.
        assert_eq!(compared(&[["yours", "dense-svd"]], &names), ["dense-svd dense-relative"]);
        assert_eq!(compared(&[], &["a", "b", "c"]), ["b a", "c a"]);
        assert_eq!(compared(&[], &["a"]), [""; 0]);
        assert_eq!(compared(&[], &Preset::all().map(Preset::name).collect::<Vec<_>>()).len(), PAIRS.len());
    }
}
