//! The scalar field: `f32` or `f64`.

use std::fmt::{Debug, Display};

use super::elementary;

/// A pass over slices of a scalar that is long to compile. A generic function would be compiled again
/// in every crate that makes a flow; the two methods of a kernel are no generic functions, so they are
/// compiled once, in the crate that defines them. [`Real::run`] picks the one for the
/// scalar at hand.
pub trait Kernel {
    /// What the pass works on.
    type Arguments<'a, F: Real>;

    /// The pass in single precision.
    fn single(&self, arguments: Self::Arguments<'_, f32>);

    /// The pass in double precision.
    fn double(&self, arguments: Self::Arguments<'_, f64>);
}

/// A real scalar that layers compute in: `f32` or `f64`.
///
/// Log-determinants and log-likelihoods are `f64` (nats) whatever the scalar is, because sums over hundreds of
/// features would otherwise lose the digits that comparisons need.
pub trait Real:
    num_traits::Float
    + num_traits::NumAssign
    + faer::traits::RealField
    + Default
    + Debug
    + Display
    + Send
    + Sync
    + 'static
{
    /// Name of the type in model files and messages: `"f32"` or `"f64"`.
    const DTYPE: &'static str;
    /// Unit roundoff ε: the distance from 1 to the next larger number.
    const EPS: f64;

    /// The nearest scalar to `value`.
    fn of(value: f64) -> Self;
    /// The scalar as `f64`, exactly.
    fn f64(self) -> f64;
    /// Runs a pass that is compiled for this scalar.
    fn run<K: Kernel>(kernel: &K, arguments: K::Arguments<'_, Self>);
    /// `eˣ` within 4 ε, in instructions that a loop turns into vector ones; beyond the normal numbers as at their end.
    fn vector_exp(self) -> Self;
    /// `log(1 + x)` for `0 ≤ x ≤ 1`, likewise.
    fn vector_ln_1p(self) -> Self;
    /// `log x` for a normal `x > 0`, likewise (relative to the result, but near 1, where it is within ε absolutely).
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
