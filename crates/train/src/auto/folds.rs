//! Which rows the members are trained on, and which they are judged by.

use std::borrow::Cow;

use ndarray::{Array2, Axis, concatenate};
use pdmap_core::{LayerError, Real, check};
use pdmap_spec::{Dequantizer, InMemory, Rows, SpecError};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::validation::ValidationRows;

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
    Given(Rows<'a, F>, ValidationRows<'a, F>),
    Divided(Divided<'a, F>),
}

#[derive(Debug)]
pub(super) struct Divided<'a, F: Real> {
    /// Training rows, then validation rows, without noise.
    rows: Array2<F>,
    /// How often each of them counts.
    weights: Option<Vec<f64>>,
    noise: Option<&'a Dequantizer>,
    /// The numbers of the rows of each fold.
    trained_on: Vec<Vec<usize>>,
    /// The rows that each fold holds out, with noise.
    held_out: Vec<Array2<F>>,
    held_out_weights: Vec<Option<Vec<f64>>>,
}

impl<'a, F: Real> Folds<'a, F> {
    /// Divides few rows. `validation` has the noise of the draw for validation rows.
    ///
    /// # Errors
    /// Validation rows of another width.
    pub(super) fn of(rows: Rows<'a, F>, validation: ValidationRows<'a, F>, seed: u64) -> Result<Self, LayerError> {
        check::features("validation rows", rows.features(), validation.rows.ncols())?;
        let count = rows.count() + validation.rows.nrows() as u64;
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
    ///
    /// # Errors
    /// None, since there is a weight for each row.
    pub(super) fn get(&self, fold: usize) -> Result<(Rows<'_, F>, ValidationRows<'_, F>), SpecError> {
        Ok(match self {
            Self::Given(rows, validation) => (rows.reborrow(), validation.reborrow()),
            Self::Divided(divided) => {
                let rows = InMemory::from(divided.rows.view()).weighing(divided.weights.as_deref())?;
                let rows = rows.choose(&divided.trained_on[fold]).dequantized(divided.noise);
                let weights = divided.held_out_weights[fold].as_deref();
                (rows.into(), ValidationRows { rows: divided.held_out[fold].view(), weights })
            }
        })
    }
}

fn divide<'a, F: Real>(rows: InMemory<'a, F>, validation: ValidationRows<'_, F>, seed: u64) -> Divided<'a, F> {
    let weights = joined((rows.weights(), rows.count()), validation);
    let noise = rows.noise();
    let mut exact = validation.rows.to_owned();
    if let Some(noise) = noise {
        noise.remove(Dequantizer::VALIDATION, 0, exact.view_mut());
    }
    let train = rows.gather(0..rows.count());
    // Both have as many columns, so that they go below each other.
    let all = concatenate(Axis(0), &[train.view(), exact.view()]).unwrap_or(train);
    let mut order: Vec<usize> = (0..all.nrows()).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let (mut trained_on, mut held_out, mut held_out_weights) = (Vec::new(), Vec::new(), Vec::new());
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
        held_out_weights.push(weights.as_ref().map(|all| held.iter().map(|&row| all[row]).collect()));
        trained_on.push(part(false));
        held_out.push(judged);
    }
    Divided { rows: all, weights, noise, trained_on, held_out, held_out_weights }
}

/// The weights of training rows, then validation rows; where only one of them have weights, the others
/// count once.
fn joined<F>((weights, count): (Option<Cow<'_, [f64]>>, usize), validation: ValidationRows<'_, F>) -> Option<Vec<f64>> {
    if weights.is_none() && validation.weights.is_none() {
        return None;
    }
    let mut all = weights.map_or_else(|| vec![1.0; count], Cow::into_owned);
    match validation.weights {
        Some(own) => all.extend_from_slice(own),
        None => all.resize(count + validation.rows.nrows(), 1.0),
    }
    Some(all)
}
