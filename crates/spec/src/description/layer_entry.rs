//! One entry of a list of layers: a layer, or repeated layers.

use pdmap_core::LayerSpec;
use pdmap_core::options::{OptionsError, Problem, Segment};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Layers of a description at most, repeats included: a few bytes of a file must not make a program
/// allocate without bound.
pub(super) const MOST_LAYERS: usize = 10_000;

/// `{ kind = "dense", … }` with the options of the kind, or `{ repeat = 3, layers = [ … ] }`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerEntry {
    /// The kind of layer, as registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// How often the inner layers are repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<usize>,
    /// The inner layers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layers: Option<Vec<LayerEntry>>,
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

    /// Layers repeated `times` times in sequence.
    pub fn repeated(times: usize, layers: Vec<Self>) -> Self {
        Self { repeat: Some(times), layers: Some(layers), ..Self::default() }
    }

    /// Appends the layers of this entry at `place`, each with the place of its own entry. Layers
    /// inside of chains count too.
    fn expand(&self, place: &mut Vec<Segment>, left: &mut usize, into: &mut Layers) -> Result<(), OptionsError> {
        let error = |place: &[Segment], problem| Err(OptionsError { path: place.to_vec(), problem });
        let invalid = |place: &[Segment], reason: String| error(place, Problem::Invalid { reason });
        let repeat = match (&self.kind, self.repeat) {
            // The inner layers of a chain are an option of it.
            (Some(kind), None) => {
                let mut options = self.options.clone();
                if let Some(layers) = &self.layers {
                    let mut inner = Layers::new();
                    expand_all(layers, place, left, &mut inner)?;
                    let inner: Vec<LayerSpec> = inner.into_iter().map(|(spec, _)| spec).collect();
                    options.insert("layers".to_owned(), serde_json::to_value(inner).unwrap_or_default());
                }
                *left = match left.checked_sub(1) {
                    Some(left) => left,
                    None => return invalid(place, format!("more than {MOST_LAYERS} layers")),
                };
                into.push((LayerSpec { kind: kind.clone(), options: Value::Object(options) }, place.clone()));
                return Ok(());
            }
            (None, Some(repeat)) => repeat,
            (None, None) => return error(place, Problem::MissingKey { key: "kind" }),
            (Some(_), Some(_)) => {
                let reason = "`kind` excludes `repeat`: repeat a list of layers, `{ repeat = 3, layers = [ … ] }`";
                return invalid(place, reason.to_owned());
            }
        };
        if let Some(key) = self.options.keys().next() {
            let known = &["repeat", "layers"];
            return error(place, Problem::UnknownKey { key: key.clone(), known });
        }
        // Every pass of the loop, however deep, adds a layer, so the number of layers bounds the
        // work.
        match &self.layers {
            Some(layers) if repeat > 0 && !layers.is_empty() => {
                (0..repeat).try_for_each(|_| expand_all(layers, place, left, into))
            }
            _ => invalid(place, "repeats nothing: at least one layer, at least once".to_owned()),
        }
    }
}

/// Layers, each with the place of its entry in the description.
pub(super) type Layers = Vec<(LayerSpec, Vec<Segment>)>;

/// All layers of a list under the key `layers`, repeats written out.
pub(super) fn expanded(layers: &[LayerEntry]) -> Result<Layers, OptionsError> {
    let (mut left, mut into) = (MOST_LAYERS, Layers::new());
    expand_all(layers, &mut Vec::new(), &mut left, &mut into)?;
    Ok(into)
}

fn expand_all(
    layers: &[LayerEntry],
    place: &mut Vec<Segment>,
    left: &mut usize,
    into: &mut Layers,
) -> Result<(), OptionsError> {
    each(layers, place, |layer, place| layer.expand(place, left, into))
}

/// Visits the entries of the list under the key `layers` of `place`.
fn each(
    layers: &[LayerEntry],
    place: &mut Vec<Segment>,
    mut visit: impl FnMut(&LayerEntry, &mut Vec<Segment>) -> Result<(), OptionsError>,
) -> Result<(), OptionsError> {
    place.push(Segment::Key("layers".to_owned()));
    for (index, layer) in layers.iter().enumerate() {
        place.push(Segment::Index(index));
        visit(layer, place)?;
        place.pop();
    }
    place.pop();
    Ok(())
}

/// Every layer that a list names, inner layers first, each with its place; repeated layers once.
pub(super) fn every_layer(layers: &[LayerEntry]) -> Result<Layers, OptionsError> {
    fn collect(layers: &[LayerEntry], place: &mut Vec<Segment>, into: &mut Layers) -> Result<(), OptionsError> {
        each(layers, place, |layer, place| {
            if let Some(layers) = &layer.layers {
                collect(layers, place, into)?;
            }
            if layer.kind.is_some() { layer.expand(place, &mut MOST_LAYERS.clone(), into) } else { Ok(()) }
        })
    }
    let mut into = Layers::new();
    collect(layers, &mut Vec::new(), &mut into)?;
    Ok(into)
}
