//! Constant tensors.

use ndarray::{Array, ArrayBase, Data, Dimension};
use pdmap_core::Real;

use super::nodes::{Graph, Type, Value};

impl Graph {
    /// A constant tensor of a shape.
    pub(crate) fn numbers(&self, ty: Type, shape: &[usize], numbers: impl IntoIterator<Item = f64>) -> Value<'_> {
        let mut bytes = Vec::new();
        for number in numbers {
            match ty {
                Type::Float => bytes.extend((number as f32).to_le_bytes()),
                Type::Double => bytes.extend(number.to_le_bytes()),
                Type::Int => bytes.extend((number as i64).to_le_bytes()),
                Type::Bool => bytes.push(u8::from(number != 0.0)),
            }
        }
        self.tensor(ty, shape, bytes)
    }

    /// A constant vector.
    pub(crate) fn vector(&self, ty: Type, numbers: impl IntoIterator<Item = f64>) -> Value<'_> {
        let numbers: Vec<f64> = numbers.into_iter().collect();
        self.numbers(ty, &[numbers.len()], numbers)
    }

    /// The numbers of an array.
    pub(crate) fn array<F: Real, S: Data<Elem = F>, D: Dimension>(&self, array: &ArrayBase<S, D>) -> Value<'_> {
        self.numbers(Type::of::<F>(), array.shape(), array.iter().map(|value| value.f64()))
    }

    /// The numbers of an array in a type.
    pub(crate) fn array_as<D: Dimension>(&self, ty: Type, array: &Array<f64, D>) -> Value<'_> {
        self.numbers(ty, array.shape(), array.iter().copied())
    }

    /// A constant vector of whole numbers.
    pub(crate) fn ints(&self, numbers: &[i64]) -> Value<'_> {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.tensor(Type::Int, &[numbers.len()], bytes)
    }

    /// A constant vector of indices.
    pub(crate) fn indices(&self, indices: impl IntoIterator<Item = usize>) -> Value<'_> {
        let indices: Vec<i64> = indices.into_iter().map(|index| index as i64).collect();
        self.ints(&indices)
    }

    /// A constant number, the same one for every use.
    pub(crate) fn scalar(&self, ty: Type, number: f64) -> Value<'_> {
        self.known_or(ty, number, || self.numbers(ty, &[], [number]))
    }
}
