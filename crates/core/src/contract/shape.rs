//! Shapes of rows.

use std::fmt::{Display, Formatter};

use crate::{LayerError, Result};

/// The shape of a row. Rows are always stored flat, channel by channel; the shape says how to
/// interpret them.
///
/// A layer maps an input shape to an output shape ([`Layer::shape`](crate::Layer::shape)), so
/// shapes are propagated along a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// `[features]`.
    Vector([usize; 1]),
    /// `[channels, length]`.
    Signal([usize; 2]),
    /// `[channels, height, width]`.
    Image([usize; 3]),
}

impl Shape {
    /// The shape with the given dimensions: `[features]`, `[channels, length]` or
    /// `[channels, height, width]`.
    ///
    /// # Errors
    /// [`LayerError::Range`] for another number of dimensions.
    pub fn of(dims: &[usize]) -> Result<Self> {
        match *dims {
            [features] => Ok(Self::Vector([features])),
            [channels, length] => Ok(Self::Signal([channels, length])),
            [channels, height, width] => Ok(Self::Image([channels, height, width])),
            _ => Err(LayerError::Range {
                what: "numbers in shape",
                value: dims.len() as f64,
                range: "1, [features]; 2, [channels, length]; or 3, [channels, height, width]",
            }),
        }
    }

    /// The dimensions.
    pub fn dims(&self) -> &[usize] {
        match self {
            Self::Vector(dims) => dims,
            Self::Signal(dims) => dims,
            Self::Image(dims) => dims,
        }
    }

    /// Numbers per row: the product of the dimensions, saturating.
    pub fn features(&self) -> usize {
        self.dims().iter().fold(1, |product, &size| product.saturating_mul(size))
    }

    /// The dimensions, with a vector as a signal of one channel, `[1, features]`.
    pub fn with_channels(&self) -> Vec<usize> {
        match *self {
            Self::Vector([features]) => vec![1, features],
            _ => self.dims().to_vec(),
        }
    }

    /// The dimensions of a signal or image; `None` for a vector.
    pub fn spatial(&self) -> Option<&[usize]> {
        if let Self::Vector(_) = self { None } else { Some(self.dims()) }
    }

    /// This shape, if it has `features` numbers.
    ///
    /// # Errors
    /// [`LayerError::Features`] otherwise.
    pub fn with_features(self, features: usize) -> Result<Self> {
        crate::check::features("input", features, self.features())?;
        Ok(self)
    }
}

impl From<usize> for Shape {
    fn from(features: usize) -> Self {
        Self::Vector([features])
    }
}

impl Display for Shape {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.dims())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_and_features() {
        assert_eq!(Shape::of(&[2, 3, 4]).unwrap().features(), 24);
        assert_eq!(Shape::of(&[2, 3]).unwrap().dims(), [2, 3]);
        assert_eq!(Shape::from(5).with_channels(), [1, 5]);
        assert_eq!((Shape::from(5).spatial(), Shape::Signal([1, 5]).spatial()), (None, Some(&[1, 5][..])));
        assert_eq!(Shape::Image([usize::MAX, 2, 2]).features(), usize::MAX);
        assert!(Shape::of(&[]).is_err() && Shape::of(&[1, 2, 3, 4]).is_err());
        assert!(Shape::from(5).with_features(5).is_ok() && Shape::from(5).with_features(4).is_err());
    }
}
