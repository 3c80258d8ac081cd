//! Columns that depend on each other.

use ndarray::{ArrayView2, Axis, Slice};

/// Smallest coefficient, of a vector of unit length, with which a column takes part in a dependency.
/// Rounding gives the others coefficients of the order of the precision of the rows.
const PART: f64 = 1e-3;

/// Smallest entry of a projection that joins two columns in a group.
const LINK: f64 = 1e-4;

/// Groups of columns that depend on each other, ascending, from the eigenvectors of the correlations
/// (in columns, of which those from `rank` on have no variance). A constant column is a group of its
/// own.
///
/// A column takes part in a dependency if the space without variance is not orthogonal to it. The
/// projection onto that space has one block for each group.
pub(super) fn groups(basis: ArrayView2<'_, f64>, rank: usize) -> Vec<Vec<usize>> {
    let null = basis.slice_axis(Axis(1), Slice::from(rank.min(basis.ncols())..));
    let projection = null.dot(&null.t());
    let columns = projection.nrows();
    let mut left: Vec<usize> = (0..columns).filter(|&column| projection[[column, column]].sqrt() > PART).collect();
    let mut groups = Vec::new();
    while let Some(first) = left.first().copied() {
        left.remove(0);
        let mut group = vec![first];
        let mut seen = 0;
        while seen < group.len() {
            let column = group[seen];
            let (near, far) = left.iter().partition(|&&other| projection[[column, other]].abs() > LINK);
            group.extend::<Vec<usize>>(near);
            left = far;
            seen += 1;
        }
        group.sort_unstable();
        groups.push(group);
    }
    groups
}
