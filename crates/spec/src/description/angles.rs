//! A description for rows whose last features are angles.

use pdmap_core::BaseSpec;
use serde_json::{Value, json};

use super::layer_entry::LayerEntry;
use super::model_spec::ModelSpec;

/// Kinds of layers that are told how many angles there are, and read them.
const READERS: [&str; 3] = ["circular", "coupling", "autoregressive"];

impl ModelSpec {
    /// Whether every layer maps each column by itself. Then so does the model with a circle that is
    /// cut open, and has marginals in closed form, which a circle has not.
    pub(crate) fn is_columnwise(&self) -> bool {
        let one = |entry: &LayerEntry| match (&entry.kind, &entry.layers) {
            (Some(kind), None) => pdmap_layers::is_columnwise(kind),
            _ => false,
        };
        self.base.kind == "gaussian-mixture" && self.layers.iter().all(one)
    }

    /// The same model of the first `others` features given the `angles` behind them: unless it has
    /// circular splines itself, two couplings of all other features to the angles, the layers as
    /// they are, which leave the angles alone and read them where they can, and circular splines.
    /// These come last: layers behind them would read angles that they have moved, and move them to
    /// be read.
    #[must_use]
    pub(crate) fn with_angles(&self, others: usize, angles: usize) -> Self {
        let mut layers = self.layers.clone();
        if !layers.iter().any(is_circular) {
            layers.splice(0..0, [json!("affine"), json!({ "spline": { "bins": 8 } })].map(to_angles));
            layers.push(LayerEntry::layer("circular", json!({})));
        }
        let layers = layers.into_iter().filter_map(|entry| beside(entry, others, angles)).collect();
        let base = match others {
            0 => json!({ "angles": angles }),
            _ => json!({ "angles": angles, "base": self.base }),
        };
        Self { layers, base: BaseSpec::new("torus", &base), ..self.clone() }
    }
}

/// All features without angles, depending on these.
fn to_angles(transform: Value) -> LayerEntry {
    LayerEntry::layer("coupling", json!({ "split": "none", "transform": transform, "hidden": [64, 64] }))
}

fn is_circular(entry: &LayerEntry) -> bool {
    entry.kind.as_deref() == Some("circular") || entry.layers.iter().flatten().any(is_circular)
}

/// An entry for the features without angles; none if nothing is left of it.
fn beside(entry: LayerEntry, others: usize, angles: usize) -> Option<LayerEntry> {
    let Some(kind) = entry.kind.clone() else {
        let layers: Vec<_> =
            entry.layers.into_iter().flatten().filter_map(|inner| beside(inner, others, angles)).collect();
        return (!layers.is_empty()).then_some(LayerEntry { layers: Some(layers), ..entry });
    };
    if READERS.contains(&kind.as_str()) {
        let mut entry = entry;
        entry.options.entry("angles").or_insert(json!(angles));
        return (others > 0 || kind == "circular").then_some(entry);
    }
    let inside = LayerEntry {
        kind: Some("factor-out".to_owned()),
        layers: Some(vec![entry]),
        ..LayerEntry::layer("factor-out", json!({ "keep": others }))
    };
    (others > 0).then_some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::Preset;

    fn kinds(spec: &ModelSpec) -> Vec<String> {
        spec.expand().into_iter().flatten().map(|(layer, _)| layer.kind).collect()
    }

    #[test]
    fn every_layer_leaves_the_angles_alone() {
        let spec = ModelSpec::from(Preset::LINEAR_SPLINE_ORTHONORMAL).with_angles(3, 2);
        let own = kinds(&spec);
        let last = own.len() - 1;
        assert_eq!((&*own[0], &*own[1], &*own[last]), ("coupling", "coupling", "circular"));
        assert!(own[2..last].iter().all(|kind| kind == "factor-out") && last > 2);
        assert_eq!(spec.base.kind, "torus");
        let coupled = ModelSpec::from(Preset::MIXTURE_SPLINE).with_angles(3, 2);
        assert!(kinds(&coupled)[..8].iter().all(|kind| kind == "coupling"));
        assert!(coupled.layers.iter().all(|layer| layer.options.get("angles") == Some(&json!(2))));
        // Angles alone.
        assert_eq!(kinds(&ModelSpec::from(Preset::MIXTURE_SPLINE).with_angles(0, 2)), ["circular"]);
    }

    #[test]
    fn only_models_of_single_columns_cut_circles_open() {
        assert!(ModelSpec::from(Preset::MIXTURE_COPULA).is_columnwise());
        assert!(ModelSpec::from(Preset::GAUSSIAN_MIXTURE).is_columnwise());
        for preset in Preset::all().filter(|p| ![Preset::MIXTURE_COPULA, Preset::GAUSSIAN_MIXTURE].contains(p)) {
            assert!(!ModelSpec::from(preset).is_columnwise(), "{preset}");
        }
    }
}
