//! Splines with parameters of their own.

use pdmap_core::{Layer, Real, Tensors};
use pdmap_layers::spline::{Spline, SplineOptions};

use super::bins::{Bin, Raw, bins_of, index_of, values_and_log_slopes};
use super::{failed, tensors, typed};
use crate::error::Result;
use crate::graph::{Type, Value};
use crate::pass::Pass;

/// `y_i = f_i(x_i)`, one spline for each feature or for some consecutive ones.
pub(super) fn spline<F: Real>(layer: &dyn Layer<F>, pass: &mut Pass<'_>) -> Result<()> {
    let own: Spline<F> = typed(layer, pass)?;
    let (options, positions) = (own.options(), own.positions());
    let units = (0..pass.features).map(|feature| feature / positions);
    let (y, log_slopes) = apply(pass.x, units, options, &mut tensors(layer), pass)?;
    pass.each(y, log_slopes);
    Ok(())
}

/// `y` and `log y'` of numbers `[rows, n]`, where number `i` has the spline `units[i]` of the tensors.
pub(super) fn apply<'g, F: Real>(
    x: Value<'g>,
    units: impl Iterator<Item = usize>,
    options: SplineOptions,
    from: &mut Tensors<F>,
    pass: &Pass<'g>,
) -> Result<(Value<'g>, Value<'g>)> {
    let graph = pass.graph;
    let mut matrix = |name| from.matrix(name, None).map(|matrix| graph.array(&matrix)).map_err(failed(pass));
    let (widths, heights, slopes) = (matrix("widths")?, matrix("heights")?, matrix("slopes")?);
    let bound = match options.learned_bound {
        true => graph.array(&from.vector("log-bound", None).map_err(failed(pass))?).exp().unsqueeze(-1),
        false => graph.scalar(Type::of::<F>(), options.bound),
    };
    // These are constants, which a runtime computes once when it loads the graph.
    let raw = Raw { widths, heights, slopes, tails: options.tails };
    let all: Bin<'g> = bins_of(&raw, bound, options.bins, 2).map(Value::flatten);
    let first = graph.indices(units.map(|unit| unit * options.bins));
    let index = index_of(x, all[0], first, options.bins);
    Ok(values_and_log_slopes(x, all.map(|field| field.gather(0, index))))
}
