//! Passes that are compiled once for each scalar.

/// A pass over slices of a scalar that is long to compile. A generic function would be compiled again
/// in every crate that makes a flow; the two methods of a kernel are no generic functions, so they are
/// compiled once, in the crate that defines them. [`Real::run`](crate::Real::run) picks the one for the
/// scalar at hand.
pub trait Kernel {
    /// What the pass works on.
    type Arguments<'a, F: crate::Real>;

    /// The pass in single precision.
    fn single(&self, arguments: Self::Arguments<'_, f32>);

    /// The pass in double precision.
    fn double(&self, arguments: Self::Arguments<'_, f64>);
}

/// Implements [`Kernel`](crate::Kernel) for a type by one body for both scalars: the type, its arguments
/// (with lifetime `'a` and scalar `F`), and a closure of the kernel and its arguments.
#[macro_export]
macro_rules! kernel {
    ($kernel:ty, $arguments:ty, |$this:pat_param, $given:pat_param| $body:expr) => {
        impl $crate::Kernel for $kernel {
            type Arguments<'a, F: $crate::Real> = $arguments;

            fn single(&self, $given: Self::Arguments<'_, f32>) {
                let $this = self;
                $body
            }

            fn double(&self, $given: Self::Arguments<'_, f64>) {
                let $this = self;
                $body
            }
        }
    };
}
