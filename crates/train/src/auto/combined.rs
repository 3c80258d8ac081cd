//! The ensemble of the members.

use std::any::Any;

use pdmap_core::flow::Ensemble;
use pdmap_core::row_weights::mean;
use pdmap_core::{Flow, Real};
use pdmap_spec::{Model, SpecError, Tried};

use super::folds::Folds;
use super::member::Member;
use super::stacking::{mixed, weights};
use crate::error::TrainError;
use crate::memory::peak_memory;
use crate::outcome::{Cost, CurvePoint, Outcome, Trained};

/// Least weight of a kind of model; others are left out.
const LEAST_WEIGHT: f64 = 0.02;

/// An ensemble, and how it came about.
#[derive(Debug, Clone)]
pub struct AutoFitted<F: Real> {
    /// A flow without layers on the ensemble; every member has its own preprocessing.
    pub flow: Flow<F>,
    /// What training did, all members together. The curve is that of the first flow, and the best
    /// validation is the mean log-likelihood of the held-out rows under the ensemble of those members
    /// that have not seen them.
    pub trained: Trained,
    /// The members, also those that were left out.
    pub tried: Vec<Tried>,
    /// Parts that the rows were divided into; 1 if validation rows judged.
    pub folds: usize,
}

impl<F: Real> AutoFitted<F> {
    /// The ensemble as a model that can be saved; `space` describes the space of its likelihoods.
    pub fn into_model(self, space: impl Into<String>) -> Model<F> {
        Model::new(self.flow, space.into(), 0)
    }
}

/// Weights the kinds of models, and makes an ensemble of their members.
pub(super) fn combined<F: Real>(
    members: Vec<Member<F>>,
    names: &[String],
    (all, conditions): (&Folds<'_, F>, usize),
    interrupted: bool,
) -> Result<AutoFitted<F>, TrainError> {
    let folds = all.count();
    let judges: Vec<Option<&[f64]>> =
        (0..folds).map(|fold| Ok(all.get(fold)?.1.weights)).collect::<Result<_, SpecError>>()?;
    let (shares, held_out) = shares(&members, names.len(), &judges);
    let count = |kind: usize| members.iter().filter(|member| member.kind == kind).count() as f64;
    let each: Vec<f64> = shares.iter().enumerate().map(|(kind, share)| share / count(kind).max(1.0)).collect();
    let tried = members.iter().map(|member| Tried {
        model: names[member.kind].clone(),
        fold: member.fold,
        steps: member.trained.as_ref().map_or(0, |trained| trained.steps),
        held_out: mean(&member.held_out, judges[member.fold]),
        weight: each[member.kind],
    });
    let (tried, mut runs, mut kept) = (tried.collect(), Vec::new(), Vec::new());
    for member in members {
        runs.extend(member.trained);
        if each[member.kind] > 0.0 {
            kept.push((each[member.kind], member.flow));
        }
    }
    let features = kept.first().map_or(0, |(_, flow)| flow.features());
    let flow = Flow::builder(features).base(Ensemble::new(kept)?.accepting(conditions)?).build()?;
    Ok(AutoFitted { flow, trained: together(&runs, held_out, interrupted), tried, folds })
}

/// The weight of each kind, and the mean log-likelihood of the rows that judged, nats: of those that
/// were held out in folds that have a member of every kind that is weighted.
fn shares<F: Real>(members: &[Member<F>], kinds: usize, counts: &[Option<&[f64]>]) -> (Vec<f64>, f64) {
    let folds = counts.len();
    let there = |kind: usize, fold: usize| members.iter().any(|member| (member.kind, member.fold) == (kind, fold));
    let folds_of = |kind: usize| (0..folds).filter(|&fold| there(kind, fold)).count();
    // A kind that was given up has only the first fold, and a run that was stopped lacks folds.
    let most = (1..kinds).map(folds_of).max().unwrap_or(0).max(1);
    let weighted: Vec<usize> = (0..kinds).filter(|&kind| kind == 0 || folds_of(kind) == most).collect();
    let judges: Vec<usize> = (0..folds).filter(|&fold| weighted.iter().all(|&kind| there(kind, fold))).collect();
    let of_kind = |&kind: &usize| judges.iter().flat_map(|&fold| of_fold(members, kind, fold)).collect();
    let judged: Vec<Vec<f64>> = weighted.iter().map(of_kind).collect();
    let counted = counts
        .iter()
        .all(Option::is_some)
        .then(|| -> Vec<f64> { judges.iter().flat_map(|&fold| counts[fold].into_iter().flatten().copied()).collect() });
    let mut own = weights(&judged, counted.as_deref());
    own.iter_mut().filter(|share| **share < LEAST_WEIGHT).for_each(|share| *share = 0.0);
    let sum: f64 = own.iter().sum();
    own.iter_mut().for_each(|share| *share /= sum);
    let mut shares = vec![0.0; kinds];
    weighted.iter().zip(&own).for_each(|(&kind, &share)| shares[kind] = share);
    (shares, mean(&mixed(&judged, &own), counted.as_deref()))
}

/// `log p` of the rows that a fold holds out, by the mean density of its members of a kind.
pub(super) fn of_fold<F: Real>(members: &[Member<F>], kind: usize, fold: usize) -> Vec<f64> {
    let all = members.iter().filter(|member| (member.kind, member.fold) == (kind, fold));
    let all: Vec<&[f64]> = all.map(|member| &*member.held_out).collect();
    mixed(&all, &vec![1.0 / all.len() as f64; all.len()])
}

/// The members of an ensemble that [`combined`] made, with their weights.
pub(super) fn members_of<F: Real>(flow: &Flow<F>) -> Vec<(f64, Flow<F>)> {
    let base: &dyn Any = flow.base();
    let ensemble = base.downcast_ref::<Ensemble<F>>();
    ensemble.map_or_else(
        || vec![(1.0, flow.clone())],
        |ensemble| ensemble.weights().iter().copied().zip(ensemble.members().iter().cloned()).collect(),
    )
}

/// All runs as one.
pub(super) fn together(runs: &[Trained], held_out: f64, interrupted: bool) -> Trained {
    let steps = runs.iter().map(|run| run.steps).sum();
    let finished = runs.iter().all(|run| run.outcome == Outcome::Finished);
    let outcome = match (interrupted, finished) {
        (true, _) => Outcome::Interrupted { step: steps },
        (false, true) => Outcome::Finished,
        (false, false) => Outcome::StoppedEarly,
    };
    let (first, last) = (runs.first(), runs.last());
    let best = first.map_or(CurvePoint { step: 0, seconds: 0.0, validation: held_out }, |run| run.best);
    Trained {
        outcome,
        steps,
        horizon: runs.iter().map(|run| run.horizon).sum(),
        seconds: runs.iter().map(|run| run.seconds).sum(),
        curve: first.map_or_else(|| vec![best], |run| run.curve.clone()),
        best: CurvePoint { validation: held_out, ..best },
        checkpoint: last.and_then(|run| run.checkpoint),
        halvings: runs.iter().map(|run| run.halvings).sum(),
        rollbacks: runs.iter().flat_map(|run| run.rollbacks.clone()).collect(),
        cost: runs.iter().fold(Cost::default(), |sum, run| sum + run.cost),
        peak_memory: peak_memory(),
    }
}
