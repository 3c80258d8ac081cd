//! Training state beyond the tensors: enough to resume bit for bit.

use std::collections::BTreeMap;

use ndarray::ArrayD;

use crate::{LayerError, Real, Result};

/// Arrays and whole numbers by path name: what a run keeps between steps but a model does not need,
/// such as an optimizer's moments or a guard's anchor. One object writes it; another object of the
/// same architecture takes it back entry by entry.
#[derive(Debug, Clone, PartialEq)]
pub struct State<F> {
    /// Arrays by path name.
    pub arrays: BTreeMap<String, ArrayD<F>>,
    /// Whole numbers by path name; an `f64` that must not be rounded to `F` is stored as its bits.
    pub numbers: BTreeMap<String, u64>,
    prefix: String,
}

impl<F> Default for State<F> {
    fn default() -> Self {
        Self { arrays: BTreeMap::new(), numbers: BTreeMap::new(), prefix: String::new() }
    }
}

impl<F: Real> State<F> {
    /// A state with the given entries.
    pub fn new(arrays: BTreeMap<String, ArrayD<F>>, numbers: BTreeMap<String, u64>) -> Self {
        Self { arrays, numbers, prefix: String::new() }
    }

    /// Runs `body` with `scope` appended to the path, for example `layers.3.`.
    pub fn scoped<T>(&mut self, scope: &str, body: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.prefix.len();
        self.prefix.push_str(scope);
        let result = body(self);
        self.prefix.truncate(length);
        result
    }

    fn path(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Writes an array.
    pub fn put_array(&mut self, name: &str, array: ArrayD<F>) {
        self.arrays.insert(self.path(name), array);
    }

    /// Writes a number.
    pub fn put_number(&mut self, name: &str, number: u64) {
        self.numbers.insert(self.path(name), number);
    }

    /// Whether there is an array of this name.
    pub fn has_array(&self, name: &str) -> bool {
        self.arrays.contains_key(&self.path(name))
    }

    /// Whether there is a number of this name.
    pub fn has_number(&self, name: &str) -> bool {
        self.numbers.contains_key(&self.path(name))
    }

    /// Takes an array.
    ///
    /// # Errors
    /// [`LayerError::MissingTensor`].
    pub fn take_array(&mut self, name: &str) -> Result<ArrayD<F>> {
        let name = self.path(name);
        self.arrays.remove(&name).ok_or(LayerError::MissingTensor { name })
    }

    /// Takes an array of the given shape.
    ///
    /// # Errors
    /// [`LayerError::MissingTensor`], [`LayerError::TensorShape`].
    pub fn take_shaped(&mut self, name: &str, expected: &[usize]) -> Result<ArrayD<F>> {
        let array = self.take_array(name)?;
        if array.shape() == expected {
            return Ok(array);
        }
        let (expected, actual) = (expected.to_vec(), array.shape().to_vec());
        Err(LayerError::TensorShape { name: self.path(name), expected, actual })
    }

    /// Takes a number.
    ///
    /// # Errors
    /// [`LayerError::MissingTensor`].
    pub fn take_number(&mut self, name: &str) -> Result<u64> {
        let name = self.path(name);
        self.numbers.remove(&name).ok_or(LayerError::MissingTensor { name })
    }

    /// Checks that everything was taken.
    ///
    /// # Errors
    /// [`LayerError::UnusedTensors`] otherwise.
    pub fn finish(self) -> Result<()> {
        let count = self.arrays.len() + self.numbers.len();
        match self.arrays.keys().chain(self.numbers.keys()).next() {
            None => Ok(()),
            Some(name) => Err(LayerError::UnusedTensors { count, name: name.clone() }),
        }
    }
}
