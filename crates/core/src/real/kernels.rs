//! Passes that are long to compile, compiled once: in this crate, for each scalar, and not again in every crate that makes a flow.

use crate::coupling::{Backward, Forward, Inverse, Rows};
use crate::parallel::run_vectorized;
use crate::spline::{Chain, Columns, Differentiate, Fill, Form, Lanes, Table};

/// The passes of splines and couplings on a scalar. A method of a concrete type is no generic function: other crates call it where it is.
#[doc(hidden)]
#[allow(private_interfaces)]
pub trait Kernels: Sized {
    fn spline_fill(form: Form, raw: &[Lanes<Self>], bound: &Lanes<Self>, bins: &mut [Lanes<Self>]);

    fn spline_chain(
        form: Form,
        bins: &[Lanes<Self>],
        bound: &Lanes<Self>,
        sums: &mut [Lanes<Self>],
        by: &mut [Lanes<Self>],
    );

    fn spline_forward(table: &Table<Self>, x: &[Self], y: &mut [Self], log_det: Option<&mut [f64]>);

    fn spline_backward<'a>(table: usize, bins: &'a [Lanes<Self>], part: Columns<'a, Self>);

    fn coupling_forward(rows: &Rows, chunk: Forward<'_, Self>);

    fn coupling_inverse(rows: &Rows, chunk: Inverse<'_, Self>);

    fn coupling_backward(rows: &Rows, chunk: Backward<'_, Self>);
}

macro_rules! kernels {
    ($t:ty) => {
        #[allow(private_interfaces)]
        impl Kernels for $t {
            fn spline_fill(form: Form, raw: &[Lanes<$t>], bound: &Lanes<$t>, bins: &mut [Lanes<$t>]) {
                run_vectorized(&Fill(form), (raw, bound, bins));
            }

            fn spline_chain(
                form: Form,
                bins: &[Lanes<$t>],
                bound: &Lanes<$t>,
                sums: &mut [Lanes<$t>],
                by: &mut [Lanes<$t>],
            ) {
                run_vectorized(&Chain(form), (bins, bound, sums, by));
            }

            fn spline_forward(table: &Table<$t>, x: &[$t], y: &mut [$t], log_det: Option<&mut [f64]>) {
                match log_det {
                    None => run_vectorized(table, (x, y)),
                    Some(log_det) => run_vectorized(table, (x, y, log_det)),
                }
            }

            fn spline_backward<'a>(table: usize, bins: &'a [Lanes<$t>], part: Columns<'a, $t>) {
                run_vectorized(&Differentiate { table }, (bins, part));
            }

            fn coupling_forward(rows: &Rows, chunk: Forward<'_, $t>) {
                run_vectorized(rows, chunk);
            }

            fn coupling_inverse(rows: &Rows, chunk: Inverse<'_, $t>) {
                run_vectorized(rows, chunk);
            }

            fn coupling_backward(rows: &Rows, chunk: Backward<'_, $t>) {
                run_vectorized(rows, chunk);
            }
        }
    };
}

kernels!(f32);
kernels!(f64);
