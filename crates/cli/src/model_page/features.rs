//! Filters of the first dense layer on images: the rows of the matrix from pixels to its output.

use anyhow::Result;
use ndarray::{Array2, Axis};
use pdmap_core::{LayerExt, Real};
use pdmap_report::{Figure, Pictures, Section};

use super::measured::Measured;
use super::samples::picture;

/// Affine layer kinds that may precede the dense layer, and the dense kind.
const AFFINE: [&str; 4] = ["standardize", "whitening", "scale", "shift"];
const DENSE: &str = "dense";

/// Maximum number of features: the matrix has as many rows as columns.
const MOST: usize = 1024;

/// Maximum number of filters, and filters per line.
const SHOWN: usize = 64;
const ACROSS: usize = 8;

/// The section; none if rows are not images or the first layers are not affine.
pub(super) fn section<F: Real>(measured: &Measured<'_, F>) -> Result<Option<Section>> {
    let model = measured.subject.model;
    let [channels, height, width] = measured.subject.shape[..] else { return Ok(None) };
    let (features, layers) = (model.flow.features(), model.flow.chain().layers());
    let first = model.header.layers.iter().take_while(|layer| AFFINE.contains(&&*layer.kind)).count();
    let dense = model.header.layers.get(first).is_some_and(|layer| layer.kind == DENSE);
    if height < 2 || features > MOST || !dense {
        return Ok(None);
    }
    // Column i of an affine map's matrix is f(eᵢ) − f(0).
    let mut rows =
        Array2::from_shape_fn((features + 1, features), |(i, j)| if i == j + 1 { F::one() } else { F::zero() });
    for layer in &layers[..=first] {
        rows = layer.transform(rows.view())?.0;
    }
    let (origin, columns) = rows.view().split_at(Axis(0), 1);
    let matrix = &columns - &origin;
    let filters = matrix.columns().into_iter().take(SHOWN).map(|filter| {
        let picture = picture(filter, (channels, height, width));
        let largest = picture.iter().fold(f64::MIN_POSITIVE, |largest, value| largest.max(value.abs()));
        picture.into_iter().map(|value| value / largest).collect()
    });
    let grid = Pictures {
        title: "Filters of the first dense layer".into(),
        size: (height, width),
        pictures: filters.collect(),
        columns: ACROSS,
        range: Some((-1.0, 1.0)),
    };
    let caption = "Output i of this layer is the inner product of the image with filter i. Each filter has its own scale; grey is 0.";
    let figures = vec![Figure::of_pictures(&grid, caption)?];
    Ok(Some(Section { heading: "Learned filters".into(), figures, ..Section::default() }))
}
