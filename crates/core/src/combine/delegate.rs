//! Delegation of parameters to a field.

/// Implements every method of [`Parametric`](crate::Parametric) through a field: for combinators, and
/// for layers whose parameters are all in one part. Stands inside the `impl`; takes the scalar and
/// the field.
#[macro_export]
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
        ) -> $crate::Result<$crate::contract::NamedTensors<$scalar>> {
            self.$inner.euclidean(rows, grads)
        }
    };
}
