//! From the columns of a table to features.

use ndarray::{Array1, Array2};
use pdmap_core::Real;
use pdmap_spec::ColumnMap;

use crate::graph::{Graph, Size, Type, Value};
use crate::pass::Total;

/// The input `x`, and the features that it becomes.
pub(crate) struct Table<'g> {
    /// The columns that the model does not leave out, as given.
    pub(crate) kept: Value<'g>,
    /// `[rows, features]` in the precision of the model.
    pub(crate) features: Value<'g>,
}

/// Columns that the input has.
fn width(map: &ColumnMap, features: usize) -> usize {
    match (&map.subspace, map.kept.is_empty()) {
        (Some(subspace), _) => subspace.columns(),
        (None, true) => features,
        (None, false) => map.of,
    }
}

/// Adds the input `x`: numbers of a table in the precision of the model, or in double precision where
/// something is subtracted from them before they are rounded. Rows with a value outside its domain,
/// or off the subspace, are excluded from `total`.
pub(crate) fn table<'g, F: Real>(
    graph: &'g Graph,
    map: &ColumnMap,
    features: usize,
    total: &mut Total<'g>,
) -> Table<'g> {
    let own = Type::of::<F>();
    let as_they_are = map.offsets.is_empty() && map.subspace.is_none() && map.domains.is_empty();
    let ty = if as_they_are { own } else { Type::Double };
    let columns = width(map, features);
    let x = graph.input("x", ty, &[Size::Rows, Size::Of(columns)], "rows of a table without columns of labels");
    if let Some(subspace) = &map.subspace {
        let axes = Array2::from_shape_fn((subspace.rank(), columns), |(axis, column)| subspace.axes[axis][column]);
        let scaled = (x - constant(graph, &subspace.center)) / constant(graph, &subspace.scale);
        let coordinates = scaled.matmul(graph.array(&axes.t()));
        let off = (scaled - coordinates.matmul(graph.array(&axes))).square().sum(1, true).sqrt();
        // In units of the distance from the mean, where that exceeds 1.
        let size = scaled.square().sum(1, true).sqrt();
        total.exclude((subspace.tolerance * size.max(size.like(1.0))).less(off));
        return Table { kept: x, features: coordinates.cast(own) };
    }
    let kept = if map.kept.is_empty() { x } else { x.take(1, map.kept.iter().copied()) };
    if !map.domains.is_empty() {
        let bounds: Vec<(f64, f64)> = map.domains.iter().map(|domain| domain.bounds()).collect();
        let (least, most): (Vec<f64>, Vec<f64>) = bounds.into_iter().unzip();
        total.exclude(kept.less(constant(graph, &least)).or(constant(graph, &most).less(kept)));
    }
    let features = if map.offsets.is_empty() { kept } else { kept - constant(graph, &map.offsets) };
    Table { kept, features: features.cast(own) }
}

fn constant<'g>(graph: &'g Graph, numbers: &[f64]) -> Value<'g> {
    graph.array(&Array1::from(numbers.to_vec()))
}
