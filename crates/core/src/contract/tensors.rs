//! Tensors by path name, as in a model file.

use std::collections::BTreeMap;

use ndarray::{Array1, Array2, ArrayD, Ix1, Ix2};

use crate::{LayerError, Real, Result};

/// Named tensors, which the layers take one by one.
#[derive(Debug, Clone, Default)]
pub struct Tensors<F> {
    map: BTreeMap<String, ArrayD<F>>,
    prefix: String,
}

impl<F: Real> FromIterator<(String, ArrayD<F>)> for Tensors<F> {
    fn from_iter<I: IntoIterator<Item = (String, ArrayD<F>)>>(tensors: I) -> Self {
        Self { map: tensors.into_iter().collect(), prefix: String::new() }
    }
}

impl<F: Real> Tensors<F> {
    /// Runs `take` with `scope` appended to the path, for example `layers.3.`.
    pub fn scoped<T>(&mut self, scope: &str, take: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.prefix.len();
        self.prefix.push_str(scope);
        let result = take(self);
        self.prefix.truncate(length);
        result
    }

    /// Takes the tensor `name` in the current scope.
    ///
    /// # Errors
    /// [`LayerError::MissingTensor`].
    pub fn take(&mut self, name: &str) -> Result<ArrayD<F>> {
        let name = format!("{}{name}", self.prefix);
        self.map.remove(&name).ok_or(LayerError::MissingTensor { name })
    }

    /// Takes a vector, of length `len` if given.
    ///
    /// # Errors
    /// A missing tensor; another rank or length.
    pub fn vector(&mut self, name: &str, len: Option<usize>) -> Result<Array1<F>> {
        let tensor = self.take(name)?;
        let actual = tensor.shape().to_vec();
        let expected = vec![len.unwrap_or(actual.first().copied().unwrap_or(0))];
        if actual != expected {
            return Err(LayerError::TensorShape { name: format!("{}{name}", self.prefix), expected, actual });
        }
        tensor.into_dimensionality::<Ix1>().map_err(|_| LayerError::MissingTensor { name: name.to_owned() })
    }

    /// Takes a matrix, of shape `dim` if given.
    ///
    /// # Errors
    /// A missing tensor; another rank or size.
    pub fn matrix(&mut self, name: &str, dim: Option<(usize, usize)>) -> Result<Array2<F>> {
        let tensor = self.take(name)?;
        let actual = tensor.shape().to_vec();
        let expected = dim.map_or_else(|| vec![0, 0], |(rows, columns)| vec![rows, columns]);
        let name = format!("{}{name}", self.prefix);
        if dim.is_some() && actual != expected {
            return Err(LayerError::TensorShape { name, expected, actual });
        }
        let matrix = tensor.into_dimensionality::<Ix2>();
        let matrix = matrix.map_err(|_| LayerError::TensorShape { name, expected, actual })?;
        Ok(matrix.as_standard_layout().into_owned())
    }

    /// Takes a square matrix, of side `dim` if given.
    ///
    /// # Errors
    /// A missing tensor; another rank or side.
    pub fn square(&mut self, name: &str, dim: Option<usize>) -> Result<Array2<F>> {
        let tensor = self.take(name)?;
        let actual = tensor.shape().to_vec();
        let side = dim.unwrap_or(actual.first().copied().unwrap_or(0));
        let expected = vec![side, side];
        if actual != expected {
            return Err(LayerError::TensorShape { name: format!("{}{name}", self.prefix), expected, actual });
        }
        tensor.into_dimensionality::<Ix2>().map_err(|_| LayerError::MissingTensor { name: name.to_owned() })
    }

    /// Checks that all tensors were taken.
    ///
    /// # Errors
    /// [`LayerError::UnusedTensors`] otherwise.
    pub fn finish(self) -> Result<()> {
        match self.map.keys().next() {
            None => Ok(()),
            Some(name) => Err(LayerError::UnusedTensors { count: self.map.len(), name: name.clone() }),
        }
    }
}
