//! Which numbers of a round trip count as the same.

use pdmap_core::{Flow, Real};
use serde_json::Value;

/// The nearest distance of a probability from a bound: see `EDGE` of `pdmap-layers`.
const EDGE: f64 = 1e-6;

/// What a column of rows or of codes does not tell apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Same {
    /// Nothing.
    Exact,
    /// Whole periods.
    Period(f64),
    /// Numbers this near to one of two bounds.
    Edge { bounds: [f64; 2], width: f64 },
}

impl Same {
    /// The difference of two numbers as far as it counts.
    pub(super) fn difference(self, a: f64, b: f64) -> f64 {
        let apart = a - b;
        match self {
            Self::Period(period) => (apart - period * (apart / period).round()).abs(),
            Self::Edge { bounds, width } if bounds.into_iter().any(|bound| (a - bound).abs() <= width) => {
                (apart.abs() - width).max(0.0)
            }
            Self::Exact | Self::Edge { .. } => apart.abs(),
        }
    }

    /// Of each column of the rows of a flow, by its layer of bounds and circles.
    pub(super) fn of_rows<F: Real>(flow: &Flow<F>) -> Vec<Self> {
        let first = flow.chain().specs().into_iter().next().filter(|layer| layer.kind == "domain");
        let columns = first.and_then(|layer| layer.options.get("columns").and_then(Value::as_array).cloned());
        columns.into_iter().flatten().map(|column| Self::of_column(&column)).collect()
    }

    fn of_column(column: &Value) -> Self {
        let number = |kind: &str, key: &str| column.get(kind)?.get(key)?.as_f64();
        if let Some(period) = number("turns", "period").or(number("cut", "period")) {
            return Self::Period(period);
        }
        if let (Some(lower), Some(upper)) = (number("interval", "lower"), number("interval", "upper")) {
            return Self::Edge { bounds: [lower, upper], width: 1.1 * EDGE * (upper - lower) };
        }
        for (kind, key) in [("above", "lower"), ("below", "upper")] {
            if let (Some(bound), Some(scale), Some(shape)) =
                (number(kind, key), number(kind, "scale"), number(kind, "shape"))
            {
                return Self::Edge { bounds: [bound; 2], width: 1.1 * scale * EDGE.powf(1.0 / shape) };
            }
        }
        Self::Exact
    }

    /// Of each code of a flow: angles are in turns.
    pub(super) fn of_codes<F: Real>(flow: &Flow<F>) -> Vec<Self> {
        let base = flow.base().spec();
        let angles = base.options.get("angles").and_then(Value::as_u64).filter(|_| base.kind == "torus");
        let others = flow.features().saturating_sub(angles.map_or(0, |angles| usize::try_from(angles).unwrap_or(0)));
        (0..flow.features()).map(|code| if code < others { Self::Exact } else { Self::Period(1.0) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_and_edges_do_not_count() {
        assert!((Same::Period(360.0).difference(0.0, 359.5) - 0.5).abs() < 1e-12);
        let column = serde_json::json!({ "interval": { "lower": 0.0, "upper": 2.0 } });
        let edge = Same::of_column(&column);
        assert!(edge.difference(0.0, 2e-6) < 1e-12 && edge.difference(1.0, 1.0 + 2e-6) > 1e-6);
        assert!((Same::Exact.difference(1.0, 1.5) - 0.5).abs() < 1e-15);
        assert_eq!(Same::of_column(&serde_json::json!("real")), Same::Exact);
    }
}
