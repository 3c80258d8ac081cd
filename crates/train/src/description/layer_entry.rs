//! One entry of a list of layers: a layer, or layers that are repeated.

use pdmap_core::LayerSpec;
use pdmap_core::options::{OptionsError, Problem, Segment};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Layers that a description may ask for, repeats included: no file makes a program allocate on its word alone.
pub(super) const MOST_LAYERS: usize = 10_000;

/// `{ kind = "dense", … }` with the options of the kind, or `{ repeat = 3, layers = [ … ] }`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerEntry {
    /// The kind of layer, as the registry knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// How often the layers inside stand one after the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<usize>,
    /// The layers inside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<LayerEntry>,
    /// The options of the kind.
    #[serde(flatten)]
    pub options: Map<String, Value>,
}

impl LayerEntry {
    /// A layer of a kind with options.
    pub fn layer(kind: &str, options: Value) -> Self {
        let options = match options {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        Self { kind: Some(kind.to_owned()), options, ..Self::default() }
    }

    /// Layers that stand `times` times one after the other.
    pub fn repeated(times: usize, layers: Vec<Self>) -> Self {
        Self { repeat: Some(times), layers, ..Self::default() }
    }

    /// Appends the layers that this entry, at `place`, stands for, each with the place of its own entry.
    pub(super) fn expand(
        &self,
        place: &mut Vec<Segment>,
        into: &mut Vec<(LayerSpec, Vec<Segment>)>,
    ) -> Result<(), OptionsError> {
        let error = |place: &[Segment], problem| OptionsError { path: place.to_vec(), problem };
        let repeat = match (&self.kind, self.repeat) {
            // A chain has layers of its own; they are its option.
            (Some(kind), None) => {
                let mut options = self.options.clone();
                if !self.layers.is_empty() {
                    options.insert(
                        "layers".to_owned(),
                        serde_json::to_value(self.inner(place)?).unwrap_or_default(),
                    );
                }
                into.push((LayerSpec { kind: kind.clone(), options: Value::Object(options) }, place.clone()));
                return if into.len() > MOST_LAYERS { Err(error(place, too_many())) } else { Ok(()) };
            }
            (None, Some(repeat)) => repeat,
            (None, None) => return Err(error(place, Problem::MissingKey { key: "kind" })),
            (Some(_), Some(_)) => {
                let reason = "`kind` does not go with `repeat`: repeat a list of layers, `{ repeat = 3, layers = [ … ] }`";
                return Err(error(place, Problem::Invalid { reason: reason.to_owned() }));
            }
        };
        if let Some(key) = self.options.keys().next() {
            let known = &["repeat", "layers"];
            return Err(error(place, Problem::UnknownKey { key: key.clone(), known }));
        }
        if repeat.saturating_mul(self.layers.len()) > MOST_LAYERS {
            return Err(error(place, too_many()));
        }
        for _ in 0..repeat {
            expand_all(&self.layers, place, into)?;
        }
        Ok(())
    }

    /// The layers of a chain.
    fn inner(&self, place: &mut Vec<Segment>) -> Result<Vec<LayerSpec>, OptionsError> {
        let mut inner = Vec::new();
        expand_all(&self.layers, place, &mut inner)?;
        Ok(inner.into_iter().map(|(spec, _)| spec).collect())
    }
}

/// Expands a list that stands under the key `layers` of `place`.
pub(super) fn expand_all(
    layers: &[LayerEntry],
    place: &mut Vec<Segment>,
    into: &mut Vec<(LayerSpec, Vec<Segment>)>,
) -> Result<(), OptionsError> {
    place.push(Segment::Key("layers".to_owned()));
    for (index, layer) in layers.iter().enumerate() {
        place.push(Segment::Index(index));
        layer.expand(place, into)?;
        place.pop();
    }
    place.pop();
    Ok(())
}

/// Appends every layer that a list names, those inside of others before them, each with its place; of repeated ones once. The list has been
/// [expanded](expand_all) without an error.
pub(super) fn every_layer(
    layers: &[LayerEntry],
    place: &mut Vec<Segment>,
    into: &mut Vec<(LayerSpec, Vec<Segment>)>,
) -> Result<(), OptionsError> {
    place.push(Segment::Key("layers".to_owned()));
    for (index, layer) in layers.iter().enumerate() {
        place.push(Segment::Index(index));
        every_layer(&layer.layers, place, into)?;
        if layer.kind.is_some() {
            layer.expand(place, into)?;
        }
        place.pop();
    }
    place.pop();
    Ok(())
}

fn too_many() -> Problem {
    Problem::Invalid { reason: format!("more than {MOST_LAYERS} layers") }
}
