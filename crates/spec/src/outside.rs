//! Log-densities of rows of which some lie outside the domain of a flow.

use ndarray::{Array2, ArrayView2, Axis, Slice};
use pdmap_core::{Flow, Input, LayerError, Real};

/// `log p` of each row, nats; `−∞` for rows that a layer does not take. `excluded` are rows outside
/// for another reason, ascending.
///
/// # Errors
/// Those of the flow that have other reasons.
pub(crate) fn log_prob<F: Real>(
    flow: &Flow<F>,
    input: &Input<'_, F>,
    excluded: &[usize],
) -> Result<Vec<f64>, LayerError> {
    if excluded.is_empty() {
        match flow.log_prob(input.reborrow()) {
            Err(LayerError::Domain { .. }) => {}
            result => return result,
        }
    }
    let rows: Vec<usize> = (0..input.x.nrows()).filter(|row| excluded.binary_search(row).is_err()).collect();
    let mut found = vec![f64::NEG_INFINITY; input.x.nrows()];
    let part = |of: &ArrayView2<'_, F>, rows: &[usize]| of.select(Axis(0), rows);
    // Ranges of `rows` that are to be tried.
    let mut open = vec![(0, rows.len())];
    while let Some((from, to)) = open.pop() {
        let chosen = &rows[from..to];
        let (x, condition): (Array2<F>, Option<Array2<F>>) =
            (part(&input.x, chosen), input.condition.as_ref().map(|condition| part(condition, chosen)));
        match flow.log_prob(Input::new(x.view(), condition.as_ref().map(|condition| condition.view()))) {
            Ok(own) => chosen.iter().zip(own).for_each(|(&row, own)| found[row] = own),
            Err(LayerError::Domain { .. }) if to - from == 1 => {}
            Err(LayerError::Domain { .. }) => {
                let middle = from.midpoint(to);
                open.extend([(middle, to), (from, middle)]);
            }
            // Its row is one of the part.
            Err(error) => return Err(located(error, chosen)),
        }
    }
    Ok(found)
}

/// An error about a row of a part as one about that of all rows.
fn located(error: LayerError, chosen: &[usize]) -> LayerError {
    match error {
        LayerError::NonFinite { what, row, column, value } => {
            LayerError::NonFinite { what, row: chosen.get(row).copied().unwrap_or(row), column, value }
        }
        other => other,
    }
}

/// `∂ log p / ∂x` of each row; NaN outside, where there is none.
///
/// # Errors
/// As [`log_prob`].
pub(crate) fn input_gradient<F: Real>(
    flow: &Flow<F>,
    input: &Input<'_, F>,
    excluded: &[usize],
) -> Result<Array2<F>, LayerError> {
    if excluded.is_empty() {
        match flow.input_gradient(input.reborrow()) {
            Err(LayerError::Domain { .. }) => {}
            result => return result,
        }
    }
    let log_prob = log_prob(flow, input, excluded)?;
    let mut gradient = Array2::from_elem(input.x.raw_dim(), F::nan());
    for (row, _) in log_prob.iter().enumerate().filter(|(_, log_p)| **log_p > f64::NEG_INFINITY) {
        let one = |of: &ArrayView2<'_, F>| of.slice_axis(Axis(0), Slice::from(row..row + 1)).to_owned();
        let (x, condition) = (one(&input.x), input.condition.as_ref().map(one));
        let own = Input::new(x.view(), condition.as_ref().map(|condition| condition.view()));
        gradient.row_mut(row).assign(&flow.input_gradient(own)?.row(0));
    }
    Ok(gradient)
}
