//! Layers, modules and base densities by name.

use std::collections::BTreeMap;
use std::fmt::{Debug, Formatter};
use std::sync::Arc;

use ndarray::Array1;
use rand::Rng;

use super::{Base, BaseSpec, BuildContext, Layer, LayerSpec, Module, ParametricExt, Tensors};
use crate::options::nearest;
use crate::{LayerError, Real, Result};

/// Restores a layer of one kind from its specification and its tensors. Sizes come from the
/// tensors, so nothing larger than the file is allocated.
pub type Restore<F> = dyn Fn(&LayerSpec, &mut Tensors<F>, &Registry<F>) -> Result<Box<dyn Layer<F>>> + Send + Sync;

/// Builds a new layer of one kind from its options.
pub type Build<F> =
    dyn Fn(&LayerSpec, &mut BuildContext<'_, F>, &Registry<F>) -> Result<Box<dyn Layer<F>>> + Send + Sync;

/// Builds a module of one kind, new or from a model file.
pub type BuildModule<F> = dyn Fn(&LayerSpec, ModuleContext<'_, F>) -> Result<Box<dyn Module<F>>> + Send + Sync;

/// Builds a base density of one kind from its options alone.
pub type PlainBase<F> = dyn Fn(&BaseSpec) -> Result<Box<dyn Base<F>>> + Send + Sync;

/// Builds a base density of one kind, fitted to the rows that reach it.
pub type BuildBase<F> =
    dyn Fn(&BaseSpec, &mut BuildContext<'_, F>, &Registry<F>) -> Result<Box<dyn Base<F>>> + Send + Sync;

/// Restores a base density of one kind from its specification and its tensors.
pub type RestoreBase<F> = dyn Fn(&BaseSpec, &mut Tensors<F>, &Registry<F>) -> Result<Box<dyn Base<F>>> + Send + Sync;

/// A kind of layer, made available by one line of [registration](Registry::register).
pub trait Kind<F: Real>: Layer<F> + Sized + 'static {
    /// Name in the registry.
    const KIND: &'static str;

    /// A new layer with its initial parameters.
    ///
    /// # Errors
    /// Options that do not parse or are out of range; rows that the layer cannot be built for.
    fn build(spec: &LayerSpec, context: &mut BuildContext<'_, F>, registry: &Registry<F>) -> Result<Self>;

    /// A layer from its specification and tensors.
    ///
    /// # Errors
    /// Options that do not parse; tensors that are missing, misshapen or break an invariant.
    fn restore(spec: &LayerSpec, tensors: &mut Tensors<F>, registry: &Registry<F>) -> Result<Self>;
}

/// What a module is built from besides its options.
#[non_exhaustive]
pub struct ModuleContext<'a, F: Real> {
    /// Width of the input.
    pub inputs: usize,
    /// Number of consecutive rows that make up one example, one per position; 1 if all rows are
    /// alike. A module may learn a bias for each position.
    pub positions: usize,
    /// Initial output of a new module for any input, `[outputs]`; usually the parameters of the
    /// identity map.
    pub start: Array1<F>,
    /// Source of the parameters.
    pub parameters: ModuleParameters<'a, F>,
}

/// Source of the parameters of a module.
pub enum ModuleParameters<'a, F: Real> {
    /// Drawn at random.
    New(&'a mut dyn Rng),
    /// Taken from a model file.
    Stored(&'a mut Tensors<F>),
}

impl<'a, F: Real> ModuleContext<'a, F> {
    /// For a module of `inputs` numbers whose initial output is `start`.
    pub fn new(inputs: usize, positions: usize, start: Array1<F>, parameters: ModuleParameters<'a, F>) -> Self {
        Self { inputs, positions, start, parameters }
    }

    /// Width of the output.
    pub fn outputs(&self) -> usize {
        self.start.len()
    }
}

impl<F: Real> Debug for ModuleContext<'_, F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ModuleContext").field("inputs", &self.inputs).finish_non_exhaustive()
    }
}

impl<F: Real> Debug for ModuleParameters<'_, F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(if let Self::New(_) = self { "New" } else { "Stored" })
    }
}

/// Both constructors of a kind of layer.
#[derive(Clone)]
struct Constructors<F: Real> {
    restore: Arc<Restore<F>>,
    build: Arc<Build<F>>,
}

/// The constructors of a kind of base density.
#[derive(Clone)]
enum BaseConstructors<F: Real> {
    /// Options determine everything but the values of trained parameters.
    Plain(Arc<PlainBase<F>>),
    /// A new density is fitted to rows; tensors determine the sizes of a restored one.
    Fitted { restore: Arc<RestoreBase<F>>, build: Arc<BuildBase<F>> },
}

/// Maps a kind to its constructors: one for descriptions, one for model files.
///
/// Crates and programs add the kinds that they define.
#[derive(Clone)]
pub struct Registry<F: Real> {
    layers: BTreeMap<String, Constructors<F>>,
    modules: BTreeMap<String, Arc<BuildModule<F>>>,
    bases: BTreeMap<String, BaseConstructors<F>>,
}

impl<F: Real> Registry<F> {
    /// A registry without kinds.
    pub fn empty() -> Self {
        Self { layers: BTreeMap::new(), modules: BTreeMap::new(), bases: BTreeMap::new() }
    }

    /// Adds or replaces a kind of layer.
    pub fn register<L: Kind<F>>(&mut self) {
        self.register_as::<L>(L::KIND);
    }

    /// Registers a kind under another name, such as one used by older files.
    pub fn register_as<L: Kind<F>>(&mut self, kind: &str) {
        self.insert_built(
            kind,
            |spec, tensors, registry| Ok(Box::new(L::restore(spec, tensors, registry)?)),
            |spec, context, registry| Ok(Box::new(L::build(spec, context, registry)?)),
        );
    }

    /// Adds a kind of layer without tensors, which needs only one constructor.
    pub fn insert(
        &mut self,
        kind: &str,
        restore: impl Fn(&LayerSpec, &mut Tensors<F>, &Registry<F>) -> Result<Box<dyn Layer<F>>> + Send + Sync + 'static,
    ) {
        self.insert_built(kind, restore, |spec, _, registry| registry.build_without_tensors(spec));
    }

    /// Adds a kind of layer with its two constructors.
    pub fn insert_built(
        &mut self,
        kind: &str,
        restore: impl Fn(&LayerSpec, &mut Tensors<F>, &Registry<F>) -> Result<Box<dyn Layer<F>>> + Send + Sync + 'static,
        build: impl Fn(&LayerSpec, &mut BuildContext<'_, F>, &Registry<F>) -> Result<Box<dyn Layer<F>>>
        + Send
        + Sync
        + 'static,
    ) {
        let constructors = Constructors { restore: Arc::new(restore), build: Arc::new(build) };
        self.layers.insert(kind.to_owned(), constructors);
    }

    /// Adds a kind of module.
    pub fn insert_module(
        &mut self,
        kind: &str,
        build: impl Fn(&LayerSpec, ModuleContext<'_, F>) -> Result<Box<dyn Module<F>>> + Send + Sync + 'static,
    ) {
        self.modules.insert(kind.to_owned(), Arc::new(build));
    }

    /// Adds a kind of base density that its options determine, except for the values of trained
    /// parameters.
    pub fn insert_base(
        &mut self,
        kind: &str,
        build: impl Fn(&BaseSpec) -> Result<Box<dyn Base<F>>> + Send + Sync + 'static,
    ) {
        self.bases.insert(kind.to_owned(), BaseConstructors::Plain(Arc::new(build)));
    }

    /// Adds a kind of base density that is fitted to rows, with its two constructors.
    pub fn insert_fitted_base(
        &mut self,
        kind: &str,
        restore: impl Fn(&BaseSpec, &mut Tensors<F>, &Registry<F>) -> Result<Box<dyn Base<F>>> + Send + Sync + 'static,
        build: impl Fn(&BaseSpec, &mut BuildContext<'_, F>, &Registry<F>) -> Result<Box<dyn Base<F>>>
        + Send
        + Sync
        + 'static,
    ) {
        let constructors = BaseConstructors::Fitted { restore: Arc::new(restore), build: Arc::new(build) };
        self.bases.insert(kind.to_owned(), constructors);
    }

    /// All kinds of layers, in alphabetical order.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.layers.keys().map(String::as_str)
    }

    /// Restores a layer from its specification and tensors.
    ///
    /// # Errors
    /// An unknown kind; options that do not parse; tensors that are missing, misshapen or break an
    /// invariant.
    pub fn restore(&self, spec: &LayerSpec, tensors: &mut Tensors<F>) -> Result<Box<dyn Layer<F>>> {
        (find("layer", &self.layers, &spec.kind)?.restore)(spec, tensors, self)
    }

    /// Builds a new layer from its options. Some kinds accept options for the initialization that a
    /// saved layer does not have.
    ///
    /// # Errors
    /// An unknown kind; options that do not parse or are out of range; a kind that can only be
    /// restored ([`LayerError::NotBuildable`]).
    pub fn build(&self, spec: &LayerSpec, context: &mut BuildContext<'_, F>) -> Result<Box<dyn Layer<F>>> {
        (find("layer", &self.layers, &spec.kind)?.build)(spec, context, self)
    }

    /// Builds a module from its specification.
    ///
    /// # Errors
    /// An unknown kind; options that do not parse or are out of range; tensors that are missing or
    /// misshapen.
    pub fn module(&self, spec: &LayerSpec, context: ModuleContext<'_, F>) -> Result<Box<dyn Module<F>>> {
        find("module", &self.modules, &spec.kind)?(spec, context)
    }

    /// A base density from its options alone.
    ///
    /// # Errors
    /// An unknown kind; options that do not parse or are out of range;
    /// [`LayerError::NotBuildable`] for a kind that is fitted to rows.
    pub fn base(&self, spec: &BaseSpec) -> Result<Box<dyn Base<F>>> {
        match self.base_of(spec)? {
            BaseConstructors::Plain(build) => build(spec),
            BaseConstructors::Fitted { .. } => {
                Err(LayerError::NotBuildable { kind: spec.kind.clone(), reason: "it is fitted to rows" })
            }
        }
    }

    /// Whether a base density is fitted to the rows that reach it. Not so for an unknown kind.
    pub fn fits_base(&self, spec: &BaseSpec) -> bool {
        matches!(self.bases.get(&spec.kind), Some(BaseConstructors::Fitted { .. }))
    }

    /// Builds a new base density from its options, fitted to the rows of the context where its kind
    /// is.
    ///
    /// # Errors
    /// An unknown kind; options that do not parse or are out of range; rows that it cannot be fitted
    /// to.
    pub fn build_base(&self, spec: &BaseSpec, context: &mut BuildContext<'_, F>) -> Result<Box<dyn Base<F>>> {
        match self.base_of(spec)? {
            BaseConstructors::Plain(build) => build(spec),
            BaseConstructors::Fitted { build, .. } => build(spec, context, self),
        }
    }

    /// Restores a base density from its specification and its tensors.
    ///
    /// # Errors
    /// An unknown kind; options that do not parse; tensors that are missing, misshapen or break an
    /// invariant.
    pub fn restore_base(&self, spec: &BaseSpec, tensors: &mut Tensors<F>) -> Result<Box<dyn Base<F>>> {
        match self.base_of(spec)? {
            BaseConstructors::Plain(build) => {
                let mut base = build(spec)?;
                base.set_tensors(tensors)?;
                Ok(base)
            }
            BaseConstructors::Fitted { restore, .. } => restore(spec, tensors, self),
        }
    }

    fn base_of(&self, spec: &BaseSpec) -> Result<&BaseConstructors<F>> {
        find("base density", &self.bases, &spec.kind)
    }

    fn build_without_tensors(&self, spec: &LayerSpec) -> Result<Box<dyn Layer<F>>> {
        self.restore(spec, &mut Tensors::default()).map_err(|error| match error {
            LayerError::MissingTensor { .. } => LayerError::NotBuildable {
                kind: spec.kind.clone(),
                reason: "it has tensors, and its kind was registered without a constructor for new ones",
            },
            other => other,
        })
    }
}

fn find<'r, T>(what: &'static str, kinds: &'r BTreeMap<String, T>, kind: &str) -> Result<&'r T> {
    kinds.get(kind).ok_or_else(|| LayerError::UnknownKind {
        what,
        kind: kind.to_owned(),
        nearest: nearest(kind, kinds.keys().map(String::as_str)).unwrap_or_default().to_owned(),
        known: kinds.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
    })
}

impl<F: Real> Debug for Registry<F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry")
            .field("layers", &self.layers.keys())
            .field("modules", &self.modules.keys())
            .field("bases", &self.bases.keys())
            .finish()
    }
}
