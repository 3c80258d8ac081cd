//! Which rows the members are trained on, and which they are judged by.

use ndarray::{Array2, ArrayView2, Axis, concatenate};
use pdmap_core::{LayerError, Real, check};
use pdmap_spec::{Dequantizer, InMemory, Rows};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Up to so many rows, those for training and those for validation are taken together, and each
/// member is judged by another part of them.
const FEW: u64 = 10_000;

/// Number of those parts.
const FOLDS: usize = 5;

/// Fewer rows than this are not divided further.
const LEAST: u64 = 40;

/// Rows in memory, divided into folds; or rows and validation rows as they were given.
#[derive(Debug)]
pub(super) enum Folds<'a, F: Real> {
    /// The rows that were given, and the validation rows.
    Given(Rows<'a, F>, ArrayView2<'a, F>),
    Divided(Divided<'a, F>),
}

#[derive(Debug)]
pub(super) struct Divided<'a, F: Real> {
    /// Training rows, then validation rows, without noise.
    rows: Array2<F>,
    noise: Option<&'a Dequantizer>,
    /// The numbers of the rows of each fold.
    trained_on: Vec<Vec<usize>>,
    /// The rows that each fold holds out, with noise.
    held_out: Vec<Array2<F>>,
}

impl<'a, F: Real> Folds<'a, F> {
    /// Divides few rows. `validation` has the noise of the draw for validation rows.
    ///
    /// # Errors
    /// Validation rows of another width.
    pub(super) fn of(rows: Rows<'a, F>, validation: ArrayView2<'a, F>, seed: u64) -> Result<Self, LayerError> {
        check::features("validation rows", rows.features(), validation.ncols())?;
        let count = rows.count() + validation.nrows() as u64;
        Ok(match rows {
            Rows::Memory(rows) if (LEAST..=FEW).contains(&count) => Self::Divided(divide(rows, validation, seed)),
            _ => Self::Given(rows, validation),
        })
    }

    /// The number of folds.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Given(..) => 1,
            Self::Divided(divided) => divided.held_out.len(),
        }
    }

    /// The training rows of a fold, and the rows that judge.
    pub(super) fn get(&self, fold: usize) -> (Rows<'_, F>, ArrayView2<'_, F>) {
        match self {
            Self::Given(rows, validation) => (rows.reborrow(), validation.reborrow()),
            Self::Divided(divided) => {
                let rows = InMemory::from(divided.rows.view()).choose(&divided.trained_on[fold]);
                (rows.dequantized(divided.noise).into(), divided.held_out[fold].view())
            }
        }
    }
}

fn divide<'a, F: Real>(rows: InMemory<'a, F>, validation: ArrayView2<'_, F>, seed: u64) -> Divided<'a, F> {
    let noise = rows.noise();
    let mut exact = validation.to_owned();
    if let Some(noise) = noise {
        noise.remove(Dequantizer::VALIDATION, 0, exact.view_mut());
    }
    let train = rows.gather(0..rows.count());
    // Both have as many columns, so that they go below each other.
    let all = concatenate(Axis(0), &[train.view(), exact.view()]).unwrap_or(train);
    let mut order: Vec<usize> = (0..all.nrows()).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let (mut trained_on, mut held_out) = (Vec::new(), Vec::new());
    for fold in 0..FOLDS {
        let is_held_out = |place: usize| place % FOLDS == fold;
        let part = |held: bool| {
            let mut rows: Vec<usize> = order
                .iter()
                .enumerate()
                .filter(|&(place, _)| is_held_out(place) == held)
                .map(|(_, &row)| row)
                .collect();
            rows.sort_unstable();
            rows
        };
        let held = part(true);
        let mut judged = all.select(Axis(0), &held);
        if let Some(noise) = noise {
            for (&number, row) in held.iter().zip(judged.rows_mut()) {
                noise.add_to_row(Dequantizer::VALIDATION, number as u64, row);
            }
        }
        trained_on.push(part(false));
        held_out.push(judged);
    }
    Divided { rows: all, noise, trained_on, held_out }
}
