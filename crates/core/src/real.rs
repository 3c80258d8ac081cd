//! The scalar field: `f32` or `f64`.

use std::fmt::{Debug, Display};

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
}

macro_rules! real {
    ($t:ty, $name:literal) => {
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
        }
    };
}

real!(f32, "f32");
real!(f64, "f64");
