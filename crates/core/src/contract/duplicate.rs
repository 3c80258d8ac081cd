//! Clones of boxed trait objects.

/// Defines `$duplicate`, a supertrait of `$object` with one method, implemented for every `Clone` type,
/// and `Clone` for `Box<dyn $object>` through it.
macro_rules! duplicable {
    ($object:ident, $duplicate:ident) => {
        #[doc = concat!("Clones `Box<dyn ", stringify!($object), ">`. Implemented for every type that is `Clone`.")]
        pub trait $duplicate<F: Real> {
            /// A copy.
            fn duplicate(&self) -> Box<dyn $object<F>>;
        }

        impl<F: Real, T: $object<F> + Clone + 'static> $duplicate<F> for T {
            fn duplicate(&self) -> Box<dyn $object<F>> {
                Box::new(self.clone())
            }
        }

        impl<F: Real> Clone for Box<dyn $object<F>> {
            fn clone(&self) -> Self {
                (**self).duplicate()
            }
        }
    };
}

pub(super) use duplicable;
