//! The macro for passes that are compiled once for each scalar.

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
