//! Tests in both precisions.

/// The module of this name, with the tests `f64` and `f32` of a generic function.
#[macro_export]
macro_rules! in_both_precisions {
    ($name:ident, $function:ident) => {
        mod $name {
            #[test]
            fn f64() {
                super::$function::<f64>();
            }

            #[test]
            fn f32() {
                super::$function::<f32>();
            }
        }
    };
}
