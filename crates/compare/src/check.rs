//! Checks of a plan that do not depend on data.

use pdmap_core::options::{OptionsError, Problem, Segment};
use pdmap_train::description::TrainingSpec;
use pdmap_train::{Budget, Preset};

use crate::{Arm, Parallel, Plan};

/// Why an arm cannot set a budget.
const ONE_BUDGET: &str = "an arm has no budget of its own: a fair comparison has one, `steps` or `budget` in the plan's `[training]`";

/// Parallel runs, and threads of each, at most.
const MOST_THREADS: usize = 1024;

/// Seed offset of an arm at most.
const MOST_OFFSET: u64 = 500_000;

/// Characters of a name at most: more do not fit beside a plot.
const LONGEST: usize = 60;

impl Plan {
    /// Finds contradictions and numbers out of their ranges. Places are those of a plan's file
    /// (`docs/plans.md`).
    ///
    /// # Errors
    /// The first problem, with its place.
    pub fn check(&self) -> Result<(), OptionsError> {
        if self.arms.is_empty() {
            return refuse(&[key("arms")], "a comparison has at least one arm");
        }
        for (index, arm) in self.arms.iter().enumerate() {
            let inside = |error: OptionsError| error.within(Segment::Index(index)).within(key("arms"));
            arm.check_name(&self.arms[..index]).map_err(inside)?;
            arm.check_training().map_err(inside)?;
            if arm.seed_offset > MOST_OFFSET {
                let reason =
                    format!("{}: at most {MOST_OFFSET}, tuning has the seeds beyond", arm.seed_offset);
                return refuse(&[key("seed-offset")], &reason).map_err(inside);
            }
        }
        if self.seeds == 0 {
            return refuse(&[key("seeds")], "0: a comparison has at least one seed");
        }
        check_rate(self.training.rate, &[key("training"), key("rate")])?;
        for (index, &rate) in self.rates.iter().enumerate() {
            let place = [key("rates"), Segment::Index(index)];
            check_rate(rate, &place)?;
            if self.rates[..index].contains(&rate) {
                return refuse(&place, &format!("{rate:e} is listed already"));
            }
        }
        if !(self.tuning_share > 0.0 && self.tuning_share <= 1.0) {
            return refuse(&[key("tuning-share")], &format!("{} is not in (0, 1]", self.tuning_share));
        }
        if self.tuning_seeds == 0 {
            return refuse(&[key("tuning-seeds")], "0: a rate is tried at least once");
        }
        if !(self.smallest_effect >= 0.0 && self.smallest_effect.is_finite()) {
            return refuse(
                &[key("smallest-effect")],
                &format!("{} is no effect: nats, 0 or more", self.smallest_effect),
            );
        }
        if let Some(Parallel { runs, threads }) = self.parallel {
            let within = |count: usize| (1..=MOST_THREADS).contains(&count);
            if !within(runs) || !within(threads) {
                return refuse(
                    &[key("parallel")],
                    &format!("{runs} runs of {threads} threads: 1 to {MOST_THREADS} of each"),
                );
            }
            if let (Budget::Time(_), true) = (self.training.budget, runs > 1) {
                return refuse(
                    &[key("parallel")],
                    "runs under a budget of time go one at a time: beside each other they would take each other's time",
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
                    "`{arm}` and `{against}` are compared already: a contrast more widens every interval"
                );
                return refuse(&place, &reason);
            }
        }
        Ok(())
    }
}

impl Arm {
    /// A unique name that the command line can take.
    fn check_name(&self, before: &[Self]) -> Result<(), OptionsError> {
        let (name, place) = (&self.name, [key("name")]);
        let letters = name.chars().count();
        if name.trim() != name
            || name.is_empty()
            || name.contains([',', '`'])
            || name.chars().any(char::is_control)
        {
            return refuse(
                &place,
                &format!(
                    "{name:?} is no name: letters without commas, backquotes and line ends, and no space around them"
                ),
            );
        }
        if letters > LONGEST {
            return refuse(&place, &format!("{letters} letters, a name has {LONGEST} at most"));
        }
        if before.iter().any(|arm| arm.name == *name) {
            return refuse(&place, &format!("`{name}` is named more than once"));
        }
        // The default contrasts use these names.
        if let Ok(preset) = name.parse::<Preset>()
            && self.as_preset().map(|(preset, _)| preset) != Some(preset)
        {
            return refuse(
                &place,
                &format!("`{name}` is the name of a preset, and this arm is another model"),
            );
        }
        Ok(())
    }

    /// No budget, and valid rates.
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
            let reason = format!("has no effect beside the fixed `rate` of the arm, {rate:e}");
            return refuse(&training, &reason);
        }
        Ok(())
    }
}

/// Refuses a budget: the comparison has one, in the plan.
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
    refuse(place, &format!("{rate}: a learning rate is positive and finite"))
}

/// A key of a plan.
pub(crate) fn key(name: &str) -> Segment {
    Segment::Key(name.to_owned())
}

/// An error at a place.
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
    fn what_no_file_can_say_is_refused_as_well() {
        let rate = refusal(|plan| plan.rates[1] = f64::NAN);
        assert_eq!(rate, "`rates[1]`: NaN: a learning rate is positive and finite");
        let share = refusal(|plan| plan.tuning_share = f64::NAN);
        assert_eq!(share, "`tuning-share`: NaN is not in (0, 1]");
        let twice = refusal(|plan| plan.arms[3] = plan.arms[0].clone());
        assert_eq!(twice, "`arms[3].name`: `dense-exact` is named more than once");
    }
}
