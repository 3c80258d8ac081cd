//! Histograms.

use pdmap_core::{Layer, Real};
use pdmap_layers::preprocess::{Histogram, HistogramFeature};

use super::bins::index_of;
use super::typed;
use crate::error::Result;
use crate::graph::Type;
use crate::normal::{log_density, log_hazard, tail_quantile};
use crate::pass::Pass;

/// `z = Φ⁻¹(F(x))` with the distribution function of a histogram with exponential tails, in double
/// precision.
pub(super) fn histogram<F: Real>(layer: &dyn Layer<F>, pass: &mut Pass<'_>) -> Result<()> {
    let own: Histogram<F> = typed(layer, pass)?;
    let (graph, features, bins) = (pass.graph, own.features(), own.bins());
    let each = |of: &dyn Fn(&HistogramFeature) -> f64| graph.vector(Type::Double, features.iter().map(of));
    let table = |of: &dyn Fn(&HistogramFeature, usize) -> f64| {
        let all = features.iter().flat_map(|feature| (0..bins).map(move |bin| of(feature, bin)));
        graph.vector(Type::Double, all)
    };
    let x = pass.x.cast(Type::Double);
    // In a bin: the masses on both sides of the number, and the density.
    let starts = table(&|feature, bin| feature.edges()[bin]);
    let bin = index_of(x, starts, graph.indices((0..features.len()).map(|feature| feature * bins)), bins);
    let of_bin = |of: &dyn Fn(&HistogramFeature, usize) -> f64| table(of).gather(0, bin);
    let width = |feature: &HistogramFeature, bin: usize| feature.edges()[bin + 1] - feature.edges()[bin];
    let share = ((x - starts.gather(0, bin)) / of_bin(&width)).clamp(0.0, 1.0);
    let mass = of_bin(&|feature, bin| feature.mass(bin));
    let below = of_bin(&|feature, bin| feature.below()[bin]) + share * mass;
    let above = of_bin(&|feature, bin| feature.above()[bin + 1]) + (1.0 - share) * mass;
    let density = of_bin(&|feature, bin| (feature.mass(bin) / width(feature, bin)).ln());
    // Beyond the outer edges: the mass beyond the number.
    let (first, last) = (each(&|feature| feature.edges()[0]), each(&|feature| feature.edges()[bins]));
    let (is_low, is_high) = (x.less(first), last.less(x));
    let rate = each(&|feature| feature.rate());
    let low = each(&|feature| feature.below()[0].ln()) - rate * (first - x);
    let high = each(&|feature| feature.above()[bins].ln()) - rate * (x - last);
    let log_mass = is_low.select(low, is_high.select(high, below.min(above).ln()));
    let z = tail_quantile(log_mass);
    let log_slope = is_low.or(is_high).select(rate.ln() - log_hazard(z, log_mass), density - log_density(z));
    // `above < below` is false on the lower side; in the tails it says nothing.
    let is_upper = is_high.or(is_low.or(above.less(below).not()).not());
    pass.each(is_upper.select(z, -z).cast(Type::of::<F>()), log_slope);
    Ok(())
}
