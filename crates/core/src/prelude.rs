//! What the file of a layer imports: `use pdmap_core::prelude::*;`.

pub use crate::check;
pub use crate::contract::{
    BuildContext, ForwardPass, In, Input, Kind, Layer, LayerSpec, Out, ParamGrad, Parametric, Registry, Shape, Tape,
    Tensors, Visit, VisitMut, exactly,
};
pub use crate::{LayerError, Real, Result};
