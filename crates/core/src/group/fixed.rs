//! Constants.

use ndarray::{Array, ArrayD, Dimension};

use super::values;
use crate::contract::Geometry;
use crate::{Real, Result};

/// Implements the methods of [`Geometry`] that follow from a constant having no gradient. Stands
/// inside the `impl`; takes the scalar.
macro_rules! constant {
    ($scalar:ident) => {
        fn is_trained(&self) -> bool {
            false
        }

        fn new_grad(&self, name: String) -> $crate::contract::ParamGrad<$scalar> {
            $crate::contract::ParamGrad::flat(name, 0)
        }

        fn direct(
            &self,
            _: usize,
            _: $crate::contract::Reads,
            _: &mut $crate::contract::ParamGrad<$scalar>,
        ) -> $crate::Result<()> {
            Ok(())
        }

        fn step(
            &mut self,
            _: &mut dyn $crate::contract::Rule<$scalar>,
            _: &mut $crate::contract::ParamGrad<$scalar>,
        ) -> $crate::Result<$crate::contract::StepReport> {
            Ok($crate::contract::StepReport::default())
        }

        fn euclidean(
            &self,
            _: usize,
            _: &$crate::contract::ParamGrad<$scalar>,
        ) -> $crate::Result<ndarray::ArrayD<$scalar>> {
            Ok(ndarray::ArrayD::zeros(self.tensor().raw_dim()))
        }
    };
}

pub(crate) use constant;

/// Constants of a model, such as a mean fitted to the data: saved and restored, never trained.
#[derive(Debug, Clone)]
pub struct Fixed<F, D: Dimension> {
    values: Array<F, D>,
}

impl<F: Real, D: Dimension> Fixed<F, D> {
    /// The given values, in row-major order. `what` names them in errors.
    ///
    /// # Errors
    /// [`LayerError::NonFinite`](crate::LayerError::NonFinite).
    pub fn new(what: &'static str, values: Array<F, D>) -> Result<Self> {
        Ok(Self { values: values::checked(what, values)? })
    }

    /// The values.
    pub fn values(&self) -> &Array<F, D> {
        &self.values
    }
}

impl<F: Real, D: Dimension> Geometry<F> for Fixed<F, D> {
    fn tensor(&self) -> ArrayD<F> {
        self.values.clone().into_dyn()
    }

    fn set_tensor(&mut self, name: &str, tensor: ArrayD<F>) -> Result<()> {
        values::assign(name, &mut self.values, tensor, |name, values| values::finite(name, values))
    }

    constant!(F);
}
