//! The scalar types `f32` and `f64`.

use std::fmt::{Debug, Display};

use super::elementary;

/// A pass over slices that is expensive to compile. A generic function would be compiled again in
/// every crate that instantiates a flow. The two methods of a kernel are not generic, so they are
/// compiled once, in the crate that defines them; [`Real::run`] selects the one for the scalar.
pub trait Kernel {
    /// The arguments of the pass.
    type Arguments<'a, F: Real>;

    /// The pass in single precision.
    fn single(&self, arguments: Self::Arguments<'_, f32>);

    /// The pass in double precision.
    fn double(&self, arguments: Self::Arguments<'_, f64>);
}

/// The scalar type that layers compute in: `f32` or `f64`.
///
/// Log-determinants and log-likelihoods are always `f64` (nats): in `f32`, sums over hundreds of
/// features would lose the digits that comparisons need.
pub trait Real:
    num_traits::Float + num_traits::NumAssign + faer::traits::RealField + Default + Debug + Display + Send + Sync + 'static
{
    /// Name of the type in model files and messages: `"f32"` or `"f64"`.
    const DTYPE: &'static str;
    /// Unit roundoff ε: the distance from 1 to the next larger number.
    const EPS: f64;

    /// `value`, rounded to this type.
    fn of(value: f64) -> Self;
    /// The value as `f64`, exactly.
    fn f64(self) -> f64;
    /// Runs the version of a kernel that is compiled for this scalar.
    fn run<K: Kernel>(kernel: &K, arguments: K::Arguments<'_, Self>);
    /// `eˣ` within 4 ε, in a form that vectorizes in loops. Arguments beyond the range of normal
    /// numbers are clamped to its ends.
    fn vector_exp(self) -> Self;
    /// `log(1 + x)` for `0 ≤ x ≤ 1`, in a form that vectorizes in loops.
    fn vector_ln_1p(self) -> Self;
    /// `log x` for normal `x > 0`, in a form that vectorizes in loops. The error is relative to the
    /// result, except near 1, where it is within ε absolutely.
    fn vector_ln(self) -> Self;
}

macro_rules! real {
    ($t:ty, $name:literal, $elementary:ident, $kernel:ident) => {
        impl Real for $t {
            const DTYPE: &'static str = $name;
            const EPS: f64 = <$t>::EPSILON as f64;

            #[inline(always)]
            fn of(value: f64) -> Self {
                value as $t
            }

            #[inline(always)]
            fn f64(self) -> f64 {
                self as f64
            }

            #[inline]
            fn run<K: Kernel>(kernel: &K, arguments: K::Arguments<'_, Self>) {
                kernel.$kernel(arguments);
            }

            #[inline(always)]
            fn vector_exp(self) -> Self {
                elementary::$elementary::exp(self)
            }

            #[inline(always)]
            fn vector_ln_1p(self) -> Self {
                elementary::$elementary::ln_1p(self)
            }

            #[inline(always)]
            fn vector_ln(self) -> Self {
                elementary::$elementary::ln(self)
            }
        }
    };
}

real!(f32, "f32", single, single);
real!(f64, "f64", double, double);
