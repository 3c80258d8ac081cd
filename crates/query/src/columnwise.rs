//! Which layers map each column by itself.

use pdmap_core::LayerSpec;
use serde::Deserialize;

/// Layers one after another.
const CHAIN: &str = "chain";

/// Whether each output of a layer increases with the input of the same column and depends on no other.
pub fn is_columnwise(spec: &LayerSpec) -> bool {
    match spec.kind.as_str() {
        CHAIN => match spec.options.get("layers").map(Vec::<LayerSpec>::deserialize) {
            Some(Ok(layers)) => layers.iter().all(is_columnwise),
            _ => false,
        },
        kind => pdmap_layers::is_columnwise(kind),
    }
}
