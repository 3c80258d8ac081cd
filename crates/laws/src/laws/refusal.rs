//! Wrong input gets a typed error that carries the numbers.

use ndarray::Array2;
use pdmap_core::contract::Reads;
use pdmap_core::flow::base::Normal;
use pdmap_core::{Flow, Layer, LayerError, LayerExt, ParamGrad, ParametricExt, Real};

use crate::verdict::accepted;
use crate::{Case, Verdict};

/// NaN and infinities, by the layer and by a flow of it, and gradients of something else.
pub fn refuses<F: Real>(case: &Case<'_, F>) -> Verdict {
    values(case)?;
    gradients(case.layer())
}

fn values<F: Real>(case: &Case<'_, F>) -> Verdict {
    let (layer, (rows, features)) = (case.layer(), case.rows().dim());
    let flow = Flow::new(features, vec![layer.duplicate()], Box::new(Normal))?;
    for (row, column, bad) in [(0, features / 2, f64::NAN), (rows / 2, 0, f64::INFINITY)] {
        let mut x = case.rows().to_owned();
        let Some(cell) = x.get_mut((row, column)) else { continue };
        *cell = F::of(bad);
        let mut training = flow.training();
        for result in [
            layer.transform(&x).map(drop),
            layer.untransform(&x).map(drop),
            layer.differentiate(&x, |y| Array2::zeros(y.dim()), &mut layer.new_grads()).map(drop),
            flow.log_prob(&x).map(drop),
            flow.accumulate(&x, &mut training).map(drop),
        ] {
            match result {
                Err(LayerError::NonFinite { row: r, column: c, .. }) if (r, c) == (row, column) => {}
                other => return accepted("a value that is not finite", other),
            }
        }
    }
    Ok(())
}

/// One gradient more than there are trained parameters, and one less.
fn gradients<F: Real>(layer: &dyn Layer<F>) -> Verdict {
    let own = layer.new_grads().params;
    let mut more = own.clone();
    more.push(ParamGrad::flat("of something else".to_owned(), 1));
    let less = own.split_last().map_or(&[][..], |(_, less)| less).to_vec();
    for mut grads in [more, less] {
        if grads.len() == own.len() {
            continue;
        }
        for result in [
            layer.euclidean(1, &grads).map(drop),
            layer.direct(1, Reads::Entries, &mut grads),
            layer.norm_squared(&mut grads).map(drop),
        ] {
            match result {
                Err(error) if of_something_else(&error) => {}
                other => return accepted("gradients of another number of parameters", other),
            }
        }
    }
    Ok(())
}

fn of_something_else(error: &LayerError) -> bool {
    match error {
        LayerError::Grads { .. } => true,
        LayerError::Stage { problem, .. } => of_something_else(problem),
        _ => false,
    }
}
