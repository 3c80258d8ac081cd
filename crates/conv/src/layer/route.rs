//! Permutations of a row's numbers from the blocks of one stage to those of the next.

use pdmap_core::Real;

use super::geometry::Geometry;
use super::order::Order;

/// A permutation: number `i` of the new order is number `route(i)` of the old one.
#[derive(Debug, Clone)]
pub(crate) enum Route {
    /// `route(i) = i + by`, wrapped: for signals of one channel, whose blocks are contiguous in the
    /// row.
    Rotation(usize),
    /// Anything else.
    Table(Vec<u32>),
}

impl Route {
    /// From one order to another, both as given by [`Order::permutation`].
    pub(crate) fn between(from: &[u32], to: &[u32]) -> Self {
        let mut inverse = vec![0; from.len()];
        (0..).zip(from).for_each(|(index, &feature)| inverse[feature as usize] = index);
        let table: Vec<u32> = to.iter().map(|&feature| inverse[feature as usize]).collect();
        let by = table.first().map_or(0, |&first| first as usize);
        let wrapped = |index: usize| if index >= table.len() { index - table.len() } else { index };
        match table.iter().enumerate().all(|(index, &from)| wrapped(index + by) == from as usize) {
            true => Self::Rotation(by),
            false => Self::Table(table),
        }
    }

    /// Whether both orders are the same.
    pub(crate) fn is_identity(&self) -> bool {
        matches!(self, Self::Rotation(0))
    }

    /// `D` numbers of the new order, starting at index `at`.
    #[inline(always)]
    pub(crate) fn load<F: Real, const D: usize>(&self, row: &[F], at: usize) -> [F; D] {
        let mut block = [F::zero(); D];
        match self {
            Self::Rotation(by) => {
                let start = wrap(at + by, row.len());
                match row.get(start..start + D) {
                    Some(stretch) => block.copy_from_slice(stretch),
                    None => around(row, start, &mut block),
                }
            }
            Self::Table(table) => {
                for (number, &index) in block.iter_mut().zip(&table[at..at + D]) {
                    *number = row[index as usize];
                }
            }
        }
        block
    }

    /// Numbers of the new order starting at index `at`, as many as `to` holds.
    #[inline(always)]
    pub(crate) fn gather<F: Real>(&self, row: &[F], at: usize, to: &mut [F]) {
        match self {
            Self::Rotation(by) => {
                let start = wrap(at + by, row.len().max(1));
                let straight = to.len().min(row.len() - start);
                let (first, rest) = to.split_at_mut(straight);
                first.copy_from_slice(&row[start..start + straight]);
                let length = rest.len();
                rest.copy_from_slice(&row[..length]);
            }
            Self::Table(table) => {
                for (number, &index) in to.iter_mut().zip(&table[at..]) {
                    *number = row[index as usize];
                }
            }
        }
    }
}

/// A range that wraps around the end of the row: one block of many.
#[cold]
#[inline(never)]
fn around<F: Real>(row: &[F], start: usize, to: &mut [F]) {
    for (offset, number) in to.iter_mut().enumerate() {
        *number = row[wrap(start + offset, row.len())];
    }
}

/// `index mod length`, for `index` below twice the length.
#[inline(always)]
fn wrap(index: usize, length: usize) -> usize {
    if index >= length { index - length } else { index }
}

/// The routes of a whole convolution.
#[derive(Debug, Clone)]
pub(crate) struct Routes {
    /// Distinct routes, in no particular order.
    distinct: Vec<Route>,
    /// Index of the route into stage `m`; the last leads to the outputs.
    forward: Vec<usize>,
    /// Index of the route back: `backward[m]` from stage `m` to the stage (or input) before it,
    /// `backward[M]` from the outputs to the last stage.
    backward: Vec<usize>,
}

impl Routes {
    /// The routes between the orders of the stages, from flat rows to the outputs.
    pub(crate) fn new(geometry: &Geometry, stages: usize) -> Self {
        let mut orders = vec![Order::Flat];
        orders.extend((0..stages).map(|stage| Order::Blocks(geometry.grid(stage, stages))));
        orders.push(Order::of(geometry.output()));
        let mut known: Vec<(Order, Vec<u32>)> = Vec::new();
        for &order in &orders {
            if !known.iter().any(|(other, _)| *other == order) {
                known.push((order, order.permutation(geometry)));
            }
        }
        let index = |order: Order| known.iter().position(|(other, _)| *other == order).unwrap_or(0);
        let (mut pairs, mut distinct): (Vec<(usize, usize)>, Vec<Route>) = (Vec::new(), Vec::new());
        let mut route = |from: Order, to: Order| {
            let pair = (index(from), index(to));
            pairs.iter().position(|&other| other == pair).unwrap_or_else(|| {
                pairs.push(pair);
                distinct.push(Route::between(&known[pair.0].1, &known[pair.1].1));
                pairs.len() - 1
            })
        };
        let forward = orders.windows(2).map(|pair| route(pair[0], pair[1])).collect();
        let backward = orders.windows(2).map(|pair| route(pair[1], pair[0])).collect();
        Self { distinct, forward, backward }
    }

    /// The route into stage `stage` from the one before it; for the number of stages, to the
    /// outputs.
    pub(crate) fn forward_route(&self, stage: usize) -> &Route {
        &self.distinct[self.forward[stage]]
    }

    /// The route back from stage `stage` to the one before it; for the number of stages, from the
    /// outputs to the last stage.
    pub(crate) fn backward_route(&self, stage: usize) -> &Route {
        &self.distinct[self.backward[stage]]
    }
}
