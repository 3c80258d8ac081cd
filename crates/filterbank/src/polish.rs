//! Refines imported stages to full precision.

use ndarray::{Array1, Array2};
use pdmap_core::Result;
use pdmap_core::group::recentre;
use pdmap_core::linalg::{Add, gemm, symmetric_eigen};

use crate::kernels::Kernels;
use crate::polyphase::Polyphase;
use crate::stages::Stages;
use crate::windows::pairs;

/// Residual that needs no refinement, in ε times the side of a stage.
const ENOUGH: f64 = 8.0;
/// Residual above which a linearized step does not help.
const NEAR: f64 = 1e-3;
/// Maximum number of rotations solved for at once; the cost is cubic in it.
const MOST: usize = 800;
/// Maximum number of steps; from 1e-9 two are enough.
const STEPS: usize = 6;
/// Eigenvalues of the normal equations, relative to the largest, below which a rotation has no
/// effect: such as rotations of a half that the next stage undoes.
const CUT: f64 = 1e-14;

/// Refines stages that nearly reproduce orthonormal kernels; returns them with the residual.
///
/// Where the taps at the ends are small, order reduction finds their directions to few digits only,
/// and passes the error on to the larger taps of the next stage. But the product is linear in small
/// rotations `(I + X_t) W_t` with skew `X_t`: `δE = Σ_t A_t X_t B_t`, where `A_t` and `B_t` are the
/// products of the stages after and before. Gauss–Newton steps on all rotations at once remove the
/// error.
pub(super) fn polish(mut stages: Stages, kernels: &Kernels) -> Result<(Stages, f64)> {
    let side = kernels.grid().side();
    let mut residual = stages.difference(kernels)?;
    let enough = f64::EPSILON * side as f64 * ENOUGH;
    let rotations = stages.matrices().len() * (side * (side - 1) / 2);
    if rotations > MOST {
        return Ok((stages, residual));
    }
    // A large rotation of little effect has a second-order error that the next step removes, so that a step
    // may be worse than the last one.
    let mut current = stages.clone();
    for _ in 0..STEPS {
        if !(residual > enough && residual < NEAR) {
            break;
        }
        current = step(&current, kernels)?;
        let next = current.difference(kernels)?;
        if next < residual {
            (stages, residual) = (current.clone(), next);
        }
        // Also for NaN.
        if next.is_nan() || next > NEAR {
            break;
        }
    }
    Ok((stages, residual))
}

fn step(stages: &Stages, kernels: &Kernels) -> Result<Stages> {
    let (grid, count) = (kernels.grid(), stages.matrices().len());
    let side = grid.side();
    let alignment = |stage: usize| grid.alignment(stage, count);
    let through = |map: &Polyphase, stage: usize| {
        map.outputs_to(&grid, alignment(stage)).multiplied(stages.matrices()[stage].view())
    };
    let pieces: Vec<(Polyphase, Polyphase)> = (0..count)
        .map(|stage| {
            let behind = (0..stage)
                .fold(Polyphase::identity(side), |map, at| through(&map, at).outputs_from(&grid, alignment(at)));
            let start = Polyphase::identity(side).outputs_from(&grid, alignment(stage));
            let ahead = (stage + 1..count).fold(start, |map, at| through(&map, at).outputs_from(&grid, alignment(at)));
            (ahead, through(&behind, stage))
        })
        .collect();
    // All taps that any of the terms may reach.
    let (own, target) = (stages.polyphase(), kernels.polyphase());
    let first = |axis: usize| {
        let products = pieces.iter().map(|(a, b)| a.origin[axis] + b.origin[axis]);
        products.chain([own.origin[axis], target.origin[axis]]).min().unwrap_or(0)
    };
    let last = |axis: usize| {
        let end = |map: &Polyphase| map.origin[axis] + map.counts()[axis] as isize - 1;
        let products = pieces.iter().map(|(a, b)| end(a) + end(b));
        products.chain([end(&own), end(&target)]).max().unwrap_or(0)
    };
    let origin = [first(0), first(1)];
    let counts = [0, 1].map(|axis| (last(axis) - origin[axis] + 1) as usize);
    let flat = |map: &Polyphase| -> Vec<f64> {
        map.window(origin, counts).iter().flat_map(|(_, tap)| tap.iter().copied().collect::<Vec<_>>()).collect()
    };
    let mut changes = vec![];
    for (ahead, with) in &pieces {
        for (a, b) in pairs([side, side]).filter(|(a, b)| b < a) {
            let mut change = Polyphase::zeros(side, origin, counts);
            for (m, left) in ahead.iter() {
                for (l, right) in with.iter() {
                    let at = [0, 1].map(|axis| (m[axis] + l[axis] - origin[axis]) as usize);
                    for (row, mut to) in change.at_mut(at).rows_mut().into_iter().enumerate() {
                        to.scaled_add(left[[row, a]], &right.row(b));
                        to.scaled_add(-left[[row, b]], &right.row(a));
                    }
                }
            }
            changes.extend(flat(&change));
        }
    }
    let missing: Array1<f64> = flat(&target).iter().zip(flat(&own)).map(|(target, own)| target - own).collect();
    let rotations = changes.len() / missing.len();
    let Ok(changes) = Array2::from_shape_vec((rotations, missing.len()), changes) else {
        return Ok(stages.clone());
    };
    let mut normal = Array2::zeros((rotations, rotations));
    gemm(1.0, changes.view(), changes.t(), Add::No, normal.view_mut())?;
    let (values, vectors) = symmetric_eigen(normal.view())?;
    let along = vectors.t().dot(&changes.dot(&missing));
    let cut = values.first().copied().unwrap_or(0.0) * CUT;
    let steps = along.iter().zip(&values).map(|(along, &value)| if value > cut { along / value } else { 0.0 });
    let angles = vectors.dot(&steps.collect::<Array1<f64>>());
    let mut angles = angles.iter();
    let (mut matrices, mut scratch) = (stages.matrices().to_vec(), vec![]);
    for matrix in &mut matrices {
        let mut skew = Array2::zeros((side, side));
        for ((a, b), &angle) in pairs([side, side]).filter(|(a, b)| b < a).zip(&mut angles) {
            (skew[[a, b]], skew[[b, a]]) = (angle, -angle);
        }
        *matrix += &skew.dot(&*matrix);
        // The second-order term leaves O(N); re-centre.
        recentre(matrix, &mut scratch)?;
        recentre(matrix, &mut scratch)?;
    }
    Stages::new(grid.period(), grid.channels, matrices)
}
