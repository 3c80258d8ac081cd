//! Passes that are compiled once per scalar.

/// A pass over slices that is expensive to compile. A generic function would be compiled again in
/// every crate that instantiates a flow. The two methods of a kernel are not generic, so they are
/// compiled once, in the crate that defines them; [`Real::run`](crate::Real::run) selects the one
/// for the scalar.
pub trait Kernel {
    /// The arguments of the pass.
    type Arguments<'a, F: crate::Real>;

    /// The pass in single precision.
    fn single(&self, arguments: Self::Arguments<'_, f32>);

    /// The pass in double precision.
    fn double(&self, arguments: Self::Arguments<'_, f64>);
}

/// Implements [`Kernel`](crate::Kernel) for a type from one body for both scalars. Takes the type,
/// its arguments (with lifetime `'a` and scalar `F`), and a closure of the kernel and its
/// arguments.
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
