//! The map of the features that change, given the network's output.

use pdmap_core::{LayerError, Result};
use serde::{Deserialize, Serialize};

use crate::spline::{Form, LEAST, Tails, inverse_softplus};

/// The map of the features that change.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Transform {
    /// `y = x·eˢ + m`, with `|s| < limit` (Dinh et al. 2017, equation 4).
    Affine {
        /// The largest `|s|`.
        #[serde(default = "two")]
        limit: f64,
    },
    /// A monotone rational-quadratic spline on `[−bound, bound]`, the identity beyond (Durkan et
    /// al. 2019).
    Spline {
        /// Bins, 2 to 16.
        #[serde(default = "eight")]
        bins: usize,
        /// B.
        #[serde(default = "four")]
        bound: f64,
    },
}

fn two() -> f64 {
    2.0
}

fn eight() -> usize {
    8
}

fn four() -> f64 {
    4.0
}

impl Default for Transform {
    fn default() -> Self {
        Self::Affine { limit: two() }
    }
}

/// Maximum number of bins of a spline with network-computed parameters.
pub(super) const MOST_BINS: usize = 16;

impl Transform {
    /// Checks that the options are in their ranges.
    ///
    /// # Errors
    /// [`LayerError::Range`].
    pub(crate) fn validate(self) -> Result<()> {
        let within = |what, value: f64, ok: bool, range| {
            if ok { Ok(()) } else { Err(LayerError::Range { what, value, range }) }
        };
        match self {
            Self::Affine { limit } => within("limit", limit, (1e-3..=20.0).contains(&limit), "in [1e-3, 20]"),
            Self::Spline { bins, bound } => {
                within("bins", bins as f64, (2..=MOST_BINS).contains(&bins), "in [2, 16]")?;
                within("bound", bound, (1e-3..=1e3).contains(&bound), "in [1e-3, 1e3]")
            }
        }
    }

    /// Number of network outputs for each feature that changes.
    pub fn parameters(self) -> usize {
        match self {
            Self::Affine { .. } => 2,
            Self::Spline { bins, .. } => form(bins).size(),
        }
    }

    /// Parameter `index` of the identity.
    pub(crate) fn identity(self, index: usize) -> f64 {
        match self {
            Self::Spline { bins, .. } if index >= 2 * bins => inverse_softplus(1.0 - LEAST),
            _ => 0.0,
        }
    }
}

pub(super) fn form(bins: usize) -> Form {
    Form { bins, tails: Tails::Identity }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn options_that_are_left_out_are_the_usual_ones() {
        let parsed = |text| serde_json::from_str::<Transform>(text).unwrap();
        assert_eq!(parsed(r#"{"affine":{}}"#), Transform::Affine { limit: 2.0 });
        assert_eq!(parsed(r#"{"affine":{}}"#), Transform::default());
        assert_eq!(parsed(r#"{"spline":{}}"#), Transform::Spline { bins: 8, bound: 4.0 });
        assert_eq!(parsed(r#"{"spline":{"bins":5}}"#), Transform::Spline { bins: 5, bound: 4.0 });
    }
}
