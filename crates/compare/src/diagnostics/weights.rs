//! Figures of a flow's matrices.

use pdmap_core::{Flow, ParametricExt, Real};
use serde::{Deserialize, Serialize};

/// Figures of one matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeightFigures {
    /// `LAYER.TENSOR`; the layer index counts preprocessing.
    pub name: String,
    /// Condition number: ratio of the extreme singular values.
    #[serde(with = "crate::nullable")]
    pub condition: f64,
    /// Largest singular value.
    #[serde(with = "crate::nullable")]
    pub largest: f64,
    /// Smallest singular value.
    #[serde(with = "crate::nullable")]
    pub smallest: f64,
    /// `max|WᵀW − I|`.
    #[serde(with = "crate::nullable")]
    pub residual: f64,
    /// Whether the determinant is negative.
    pub negative: bool,
}

/// Collects the diagnostics of all matrices in a group.
pub(super) fn weights<F: Real>(flow: &Flow<F>) -> Vec<WeightFigures> {
    let mut all: Vec<WeightFigures> = Vec::new();
    for diagnostic in flow.chain().diagnostics() {
        let Some((name, what)) = diagnostic.name.split_once(' ') else { continue };
        let value = diagnostic.value;
        if what == "max|W'W-I|" {
            let none = f64::NAN;
            all.push(WeightFigures {
                name: name.to_owned(),
                condition: none,
                largest: none,
                smallest: none,
                residual: value,
                negative: false,
            });
        }
        let Some(weight) = all.last_mut().filter(|weight| weight.name == name) else { continue };
        match what {
            "condition number" => weight.condition = value,
            "largest singular value" => weight.largest = value,
            "smallest singular value" => weight.smallest = value,
            "sign of det" => weight.negative = value < 0.0,
            _ => {}
        }
    }
    all
}
