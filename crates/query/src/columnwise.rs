//! Which layers map each column by itself.

use pdmap_core::LayerSpec;

/// Whether each output of a layer increases with the input of the same column and depends on no other.
pub fn is_columnwise(spec: &LayerSpec) -> bool {
    pdmap_layers::is_columnwise(&spec.kind)
}
