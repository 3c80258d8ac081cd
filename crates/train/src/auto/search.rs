//! The search: mixtures first, then rounds of flows.

use pdmap_core::{LayerError, Real};
use pdmap_spec::{Budget, LEAST_ROWS, Rows, TrainConfig};

use super::candidate::Candidate;
use super::combined::{AutoFitted, combined, of_fold};
use super::folds::Folds;
use super::member::Member;
use super::options::AutoConfig;
use super::pace::Pace;
use super::stacking::weights;
use crate::error::TrainError;
use crate::fit::{FitData, Parts};
use crate::hooks::Hooks;
use crate::outcome::{Event, Outcome};
use crate::validation::ValidationRows;

/// Flows of a kind in a round where rows are not divided; otherwise there is one for each fold.
const REPEATS: usize = 2;

/// Rounds at most. A second one doubles the time that scores take, and the variance that averaging
/// removes is mostly gone.
const ROUNDS: usize = 2;

/// Least weight by the first rows that are held out, below which a kind of flow is not trained
/// again.
const PROMISING: f64 = 0.1;

/// Fits a density to rows `[rows, features]` of a table without a choice of model, as
/// [`train_auto`] does.
///
/// ```
/// use ndarray::Array2;
/// use pdmap_train::{AutoConfig, Budget, FitData, Hooks, fit_auto};
///
/// # fn main() -> Result<(), pdmap_train::TrainError> {
/// let x = Array2::from_shape_fn((200, 2), |(i, j)| ((7 * i + 3 * j) as f64).sin() + 0.01 * i as f64);
/// let config = AutoConfig::new(Budget::Steps(50));
/// let fitted = fit_auto(FitData::new(x.view()), &config, Hooks::default())?;
/// assert_eq!(fitted.flow.log_prob(&x)?.len(), 200);
/// let weights: f64 = fitted.tried.iter().map(|tried| tried.weight).sum();
/// assert!((weights - 1.0).abs() < 1e-9);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`train_auto`].
pub fn fit_auto<F: Real>(
    data: FitData<'_, F>,
    config: &AutoConfig,
    hooks: Hooks<'_>,
) -> Result<AutoFitted<F>, TrainError> {
    let config = AutoConfig { conditions: data.conditions().unwrap_or(0), ..config.clone() };
    let parts = Parts::of(data, config.training.batch.unwrap_or(LEAST_ROWS), None, config.seed)?;
    let (rows, validation) = parts.views()?;
    train_auto(rows, validation, &config, hooks)
}

/// Fits Gaussian mixtures and flows, and weights them by rows that they have not seen.
///
/// Up to 10,000 rows, those for training and for validation together, are divided into five folds.
/// Each is held out once: from the members that are trained on the others, to end their training and
/// to judge them. The weights of the kinds of models maximize the likelihood of all held-out rows
/// (Smyth & Wolpert 1999), and the ensemble has the members of all folds. Of more rows, the
/// validation rows judge, and flows are trained twice.
///
/// The kinds are Gaussian mixtures by EM; couplings and masked autoregressive layers of splines on
/// such a mixture; and splines behind an orthonormal and behind an unconstrained matrix. With a
/// condition, which follows the features of each row, they are the mixture, which ignores it, and
/// couplings that read it. Only flows that are promising on the first fold are trained on the
/// others. If at least as much of the budget is left as this took, as many flows again are trained
/// from other initial weights.
///
/// A budget of steps is for all members together, and gives the same bits again. Under a budget of
/// time, a run that is stopped returns what it has so far. With checkpoints, each flow has its own,
/// in a folder inside that of the run, and a resumed run fits the mixtures again.
///
/// # Errors
/// Rows that a mixture cannot be fitted to; checkpoints in memory; as
/// [`train_with`](crate::train_with).
pub fn train_auto<'a, F: Real>(
    rows: Rows<'a, F>,
    validation: impl Into<ValidationRows<'a, F>>,
    config: &AutoConfig,
    hooks: Hooks<'_>,
) -> Result<AutoFitted<F>, TrainError> {
    let (all, conditions) = (rows.features(), config.conditions);
    let Some(features) = all.checked_sub(conditions).filter(|&features| features > 0) else {
        return Err(LayerError::Conditions { expected: conditions, actual: all }.into());
    };
    let folds = Folds::of(rows, validation.into(), config.seed)?;
    let pace = Pace::new(config.budget, hooks.checkpoints.is_some());
    let angles = config.domains.iter().filter(|domain| domain.is_angle()).count().min(features);
    let units = if features == 1 && angles + conditions == 0 { 0 } else { folds.count().max(REPEATS) };
    let operations = pace.operations(folds.count() + units);
    let flows = match conditions {
        0 => Candidate::flows(features, angles, operations),
        _ => Candidate::conditional(features, angles, operations),
    };
    let kinds = [Candidate::mixture(angles, operations)].into_iter().chain(flows);
    let kinds: Vec<Candidate> = kinds.map(|kind| kind.given(conditions, &config.domains)).collect();
    // Before anything is fitted.
    let (rows, _) = folds.get(0)?;
    for flow in &kinds[1..] {
        config.of_member(&flow.spec, rows.count(), features).validate()?;
    }
    let promising = (1..kinds.len()).collect();
    let mut search = Search { folds, kinds, promising, config, hooks, pace, members: vec![], interrupted: false };
    search.fit_mixtures()?;
    for round in 0..ROUNDS {
        if search.interrupted || (round > 0 && !search.pace.allows_another_round()) {
            break;
        }
        search.train_flows(units, round == 0)?;
    }
    let names: Vec<String> = search.kinds.into_iter().map(|candidate| candidate.name).collect();
    combined(search.members, &names, (&search.folds, conditions), search.interrupted)
}

struct Search<'s, 'h, 'a, F: Real> {
    folds: Folds<'a, F>,
    /// The mixture first.
    kinds: Vec<Candidate>,
    /// Indices of the flows that are still trained.
    promising: Vec<usize>,
    config: &'s AutoConfig,
    hooks: Hooks<'h>,
    pace: Pace,
    members: Vec<Member<F>>,
    interrupted: bool,
}

impl<F: Real> Search<'_, '_, '_, F> {
    /// The mixture of each fold: from here on there is something to return.
    fn fit_mixtures(&mut self) -> Result<(), TrainError> {
        for fold in 0..self.folds.count() {
            let mixture = self.new_member(0, fold)?;
            self.members.push(mixture);
            self.interrupted = self.hooks.stops();
            if self.interrupted {
                break;
            }
        }
        Ok(())
    }

    /// One more flow of each promising kind for each fold, or as many times where there is one fold;
    /// `first` if none was trained before.
    fn train_flows(&mut self, units: usize, first: bool) -> Result<(), TrainError> {
        self.pace.begin_round();
        for unit in 0..units {
            for (index, kind) in self.promising.clone().into_iter().enumerate() {
                // Until all kinds were tried once, one of them is expected to go on.
                let each = if unit == 0 && first { 1 } else { self.promising.len() };
                let left = self.promising.len() - index + (units - unit - 1) * each;
                let Some(budget) = self.pace.next(left) else { return Ok(()) };
                self.train_flow(kind, unit % self.folds.count(), budget)?;
                if self.interrupted {
                    return Ok(());
                }
            }
            self.promising = self.promising()?;
        }
        Ok(())
    }

    fn train_flow(&mut self, kind: usize, fold: usize, budget: Budget) -> Result<(), TrainError> {
        let (index, candidate) = (self.members.len(), &self.kinds[kind]);
        let mut member = match self.new_member(kind, fold) {
            Ok(member) => member,
            // Such as whitening of columns that depend on each other. The mixture has no such conditions.
            Err(error) => {
                let (model, reason) = (candidate.name.clone(), error.to_string());
                self.hooks.tell(Event::LeftOut { model, reason });
                return Ok(());
            }
        };
        let rows = self.folds.get(fold)?.0;
        let features = rows.features() - self.config.conditions;
        let own = self.config.of_member(&candidate.spec, rows.count(), features);
        let config = TrainConfig { seed: self.seed(), budget, ..own };
        let mut checkpoints = match &self.hooks.checkpoints {
            Some(checkpoints) => Some(checkpoints.of_member(index)?),
            None => None,
        };
        self.hooks.tell(Event::Member { model: candidate.name.clone(), fold, index });
        let trained = member.train(&self.folds, &config, &mut self.hooks, checkpoints.as_mut())?;
        self.pace.took(trained.steps);
        self.interrupted = matches!(trained.outcome, Outcome::Interrupted { .. });
        self.members.push(member);
        Ok(())
    }

    fn new_member(&self, kind: usize, fold: usize) -> Result<Member<F>, TrainError> {
        let candidate = &self.kinds[kind];
        let steps = self.config.steps(&candidate.spec);
        Member::new((kind, candidate), (&self.folds, fold), (&steps, self.seed()))
    }

    /// The flows that deserve a part of the weight on the first fold; the best one at least.
    fn promising(&self) -> Result<Vec<usize>, TrainError> {
        let there = self.members.iter().filter(|member| member.fold == 0);
        let mut kinds: Vec<usize> = there.map(|member| member.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let judged: Vec<Vec<f64>> = kinds.iter().map(|&kind| of_fold(&self.members, kind, 0)).collect();
        let mut flows: Vec<(usize, f64)> = kinds
            .into_iter()
            .zip(weights(&judged, self.folds.get(0)?.1.weights))
            .filter(|&(kind, _)| kind > 0)
            .collect();
        flows.sort_by(|a, b| b.1.total_cmp(&a.1));
        let count = flows.iter().filter(|(_, weight)| *weight >= PROMISING).count().max(1);
        Ok(flows.into_iter().take(count).map(|(kind, _)| kind).collect())
    }

    /// Another seed for each member.
    fn seed(&self) -> u64 {
        self.config.seed.wrapping_add(self.members.len() as u64)
    }
}
