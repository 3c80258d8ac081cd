//! Checks a plan independently of the data.

use pdmap_core::options::{OptionsError, Problem, Segment};
use pdmap_train::description::TrainingSpec;
use pdmap_train::{Budget, Preset};

use super::data::Plan;
use super::parallel::Parallel;
use crate::arm::Arm;

/// Why an arm may not set a budget.
const ONE_BUDGET: &str =
    "not allowed in an arm: all arms share the budget of the plan's `[training]` (`steps` or `budget`)";

/// Maximum number of parallel runs, and of threads per run.
const MOST_THREADS: usize = 1024;

/// Maximum seed offset of an arm.
const MOST_OFFSET: u64 = 500_000;

/// Maximum length of a name in characters: longer names do not fit beside a plot.
const LONGEST: usize = 60;

impl Plan {
    /// Checks that the plan is consistent and its values are in range. Errors name keys as in a
    /// plan file (`docs/plans.md`).
    ///
    /// # Errors
    /// The first problem, with its key.
    pub fn check(&self) -> Result<(), OptionsError> {
        if self.arms.is_empty() {
            return refuse(&[key("arms")], "a comparison needs at least one arm");
        }
        for (index, arm) in self.arms.iter().enumerate() {
            let inside = |error: OptionsError| error.within(Segment::Index(index)).within(key("arms"));
            arm.check_name(&self.arms[..index]).map_err(inside)?;
            arm.check_training().map_err(inside)?;
            if arm.seed_offset > MOST_OFFSET {
                let reason =
                    format!("{}: at most {MOST_OFFSET}; larger seeds are reserved for tuning", arm.seed_offset);
                return refuse(&[key("seed-offset")], &reason).map_err(inside);
            }
        }
        if self.seeds == 0 {
            return refuse(&[key("seeds")], "0: a comparison needs at least one seed");
        }
        check_rate(self.training.rate, &[key("training"), key("rate")])?;
        for (index, &rate) in self.rates.iter().enumerate() {
            let place = [key("rates"), Segment::Index(index)];
            check_rate(rate, &place)?;
            if self.rates[..index].contains(&rate) {
                return refuse(&place, &format!("{rate:e} is listed twice"));
            }
        }
        if !(self.tuning_share > 0.0 && self.tuning_share <= 1.0) {
            return refuse(&[key("tuning-share")], &format!("{} is not in (0, 1]", self.tuning_share));
        }
        if self.tuning_seeds == 0 {
            return refuse(&[key("tuning-seeds")], "0: tuning needs at least one seed");
        }
        if !(self.smallest_effect >= 0.0 && self.smallest_effect.is_finite()) {
            return refuse(
                &[key("smallest-effect")],
                &format!("{}: must be finite and at least 0 (nats)", self.smallest_effect),
            );
        }
        if let Some(Parallel { runs, threads }) = self.parallel {
            let within = |count: usize| (1..=MOST_THREADS).contains(&count);
            if !within(runs) || !within(threads) {
                return refuse(
                    &[key("parallel")],
                    &format!("{runs} runs of {threads} threads: both must be in 1 to {MOST_THREADS}"),
                );
            }
            if let (Budget::Time(_), true) = (self.training.budget, runs > 1) {
                return refuse(
                    &[key("parallel")],
                    "under a time budget runs go one at a time: parallel runs would slow each other down",
                );
            }
        }
        for step in &self.preprocess {
            if let Err(error) = step.validate() {
                return refuse(&[key("preprocess")], &error.to_string());
            }
        }
        self.check_contrasts()
    }

    fn check_contrasts(&self) -> Result<(), OptionsError> {
        for (index, pair) in self.contrasts.iter().enumerate() {
            let place = [key("contrasts"), Segment::Index(index)];
            let [arm, against] = pair;
            if let Some(name) = pair.iter().find(|name| self.arms.iter().all(|arm| arm.name != **name)) {
                let known: Vec<&str> = self.arms.iter().map(|arm| arm.name.as_str()).collect();
                return refuse(&place, &format!("no arm is called `{name}`; arms: {}", known.join(", ")));
            }
            if arm == against {
                return refuse(&place, &format!("`{arm}` is compared with itself"));
            }
            let same = |other: &[String; 2]| other == pair || (other[0] == *against && other[1] == *arm);
            if self.contrasts[..index].iter().any(same) {
                let reason = format!(
                    "`{arm}` and `{against}` are already compared: a duplicate contrast would widen every interval"
                );
                return refuse(&place, &reason);
            }
        }
        Ok(())
    }
}

impl Arm {
    /// Checks that the name is unique and can be used on the command line.
    fn check_name(&self, before: &[Self]) -> Result<(), OptionsError> {
        let (name, place) = (&self.name, [key("name")]);
        let letters = name.chars().count();
        if name.trim() != name || name.is_empty() || name.contains([',', '`']) || name.chars().any(char::is_control) {
            return refuse(
                &place,
                &format!(
                    "{name:?}: a name may not be empty, contain commas, backquotes or control characters, or begin or end with a space"
                ),
            );
        }
        if letters > LONGEST {
            return refuse(&place, &format!("{letters} characters: a name has at most {LONGEST}"));
        }
        if before.iter().any(|arm| arm.name == *name) {
            return refuse(&place, &format!("`{name}` is used more than once"));
        }
        // The standard contrasts are defined by these names.
        if let Ok(preset) = name.parse::<Preset>()
            && self.as_preset().map(|(preset, _)| preset) != Some(preset)
        {
            return refuse(&place, &format!("`{name}` is the name of a preset, but this arm is another model"));
        }
        Ok(())
    }

    /// Checks that the arm has no budget and valid learning rates.
    fn check_training(&self) -> Result<(), OptionsError> {
        no_budget(&self.model.training).map_err(|error| error.within(key("model")))?;
        no_budget(&self.training)?;
        let training = [key("training"), key("rate")];
        if let Some(rate) = self.model.training.rate {
            check_rate(rate, &training).map_err(|error| error.within(key("model")))?;
        }
        if let Some(rate) = self.training.rate {
            check_rate(rate, &training)?;
        }
        let Some(rate) = self.rate else { return Ok(()) };
        check_rate(rate, &[key("rate")])?;
        if self.training.rate.is_some() {
            let reason = format!("has no effect: the arm's `rate` fixes it to {rate:e}");
            return refuse(&training, &reason);
        }
        Ok(())
    }
}

/// Refuses a budget: that of a comparison is the plan's.
fn no_budget(training: &TrainingSpec) -> Result<(), OptionsError> {
    let given = [(training.steps.is_some(), "steps"), (training.budget.is_some(), "budget")];
    match given.into_iter().find(|(given, _)| *given) {
        Some((_, name)) => refuse(&[key("training"), key(name)], ONE_BUDGET),
        None => Ok(()),
    }
}

fn check_rate(rate: f64, place: &[Segment]) -> Result<(), OptionsError> {
    if rate > 0.0 && rate.is_finite() {
        return Ok(());
    }
    refuse(place, &format!("{rate}: a learning rate must be positive and finite"))
}

/// A key as a path segment.
pub(crate) fn key(name: &str) -> Segment {
    Segment::Key(name.to_owned())
}

/// An error at `place`.
pub(crate) fn refuse<T>(place: &[Segment], reason: &str) -> Result<T, OptionsError> {
    Err(OptionsError { path: place.to_vec(), problem: Problem::Invalid { reason: reason.to_owned() } })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn refusal(change: impl FnOnce(&mut Plan)) -> String {
        let mut plan = Plan::new(Budget::Steps(10));
        plan.check().unwrap();
        change(&mut plan);
        plan.check().unwrap_err().to_string()
    }

    #[test]
    fn plans_built_in_code_are_checked() {
        let rate = refusal(|plan| plan.rates[1] = f64::NAN);
        assert_eq!(rate, "`rates[1]`: NaN: a learning rate must be positive and finite");
        let share = refusal(|plan| plan.tuning_share = f64::NAN);
        assert_eq!(share, "`tuning-share`: NaN is not in (0, 1]");
        let twice = refusal(|plan| plan.arms[3] = plan.arms[0].clone());
        assert_eq!(twice, "`arms[3].name`: `dense-exact` is used more than once");
    }
}
