//! Delegates the parameters of a combinator to the layer inside.

/// Implements every method of [`Parametric`](crate::contract::Parametric) through a field.
macro_rules! delegate_parameters {
    ($scalar:ident, $inner:ident) => {
        fn parameters(&self, visit: &mut $crate::contract::Visit<'_, $scalar>) -> $crate::Result<()> {
            self.$inner.parameters(visit)
        }

        fn parameters_mut(&mut self, visit: &mut $crate::contract::VisitMut<'_, $scalar>) -> $crate::Result<()> {
            self.$inner.parameters_mut(visit)
        }

        fn direct(
            &self,
            rows: usize,
            reads: $crate::contract::Reads,
            grads: &mut [$crate::contract::ParamGrad<$scalar>],
        ) -> $crate::Result<()> {
            self.$inner.direct(rows, reads, grads)
        }

        fn norm_squared(&self, grads: &mut [$crate::contract::ParamGrad<$scalar>]) -> $crate::Result<f64> {
            self.$inner.norm_squared(grads)
        }

        fn update(
            &mut self,
            rule: &mut dyn $crate::contract::Rule<$scalar>,
            grads: &mut [$crate::contract::ParamGrad<$scalar>],
        ) -> $crate::Result<$crate::contract::StepReport> {
            self.$inner.update(rule, grads)
        }

        fn euclidean(
            &self,
            rows: usize,
            grads: &[$crate::contract::ParamGrad<$scalar>],
        ) -> $crate::Result<Vec<(String, ndarray::ArrayD<$scalar>)>> {
            self.$inner.euclidean(rows, grads)
        }
    };
}

pub(super) use delegate_parameters;
