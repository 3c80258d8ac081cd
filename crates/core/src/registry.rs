//! Kinds of layers by name: how a saved flow finds the code of its layers again.

use std::collections::BTreeMap;

use crate::{Layer, LayerError, LayerSpec, Real, Result, Tensors};

/// Builds a layer of one kind from its specification and its tensors. Sizes come from the tensors, so that nothing
/// larger than the file is ever allocated.
pub type Restore<F> = fn(&LayerSpec, &mut Tensors<F>, &Registry<F>) -> Result<Box<dyn Layer<F>>>;

/// Kinds of layers by name.
///
/// [`Registry::core`] knows the layers of this crate; other crates add theirs with [`insert`](Self::insert), and so
/// does a program with layers of its own.
#[derive(Debug, Clone)]
pub struct Registry<F: Real> {
    kinds: BTreeMap<&'static str, Restore<F>>,
}

impl<F: Real> Registry<F> {
    /// No kinds at all.
    pub fn empty() -> Self {
        Self { kinds: BTreeMap::new() }
    }

    /// The layers of this crate.
    pub fn core() -> Self {
        let mut registry = Self::empty();
        crate::elementwise::register(&mut registry);
        crate::diagonal::register(&mut registry);
        registry.insert(crate::Chain::<F>::KIND, crate::Chain::restore);
        registry
    }

    /// Adds a kind, or replaces it.
    pub fn insert(&mut self, kind: &'static str, restore: Restore<F>) {
        self.kinds.insert(kind, restore);
    }

    /// All kinds, in alphabetical order.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.kinds.keys().copied()
    }

    /// Builds a layer.
    ///
    /// # Errors
    /// An unknown kind; options that do not parse; tensors that are missing, misshapen or break an invariant.
    pub fn restore(&self, spec: &LayerSpec, tensors: &mut Tensors<F>) -> Result<Box<dyn Layer<F>>> {
        match self.kinds.get(spec.kind.as_str()) {
            Some(restore) => restore(spec, tensors, self),
            None => Err(LayerError::UnknownKind {
                kind: spec.kind.clone(),
                known: self.kinds().collect::<Vec<_>>().join(", "),
            }),
        }
    }
}
