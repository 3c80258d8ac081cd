//! When a run validates.

use pdmap_spec::{Spacing, TrainConfig};

/// Geometric validations: the steps grow by one part in this many.
const GROWTH: u64 = 5;

/// Geometric validations of an epoch at most.
const AN_EPOCH: u64 = 64;

/// When a run validates, beside its start and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ValidationPlan {
    spacing: Spacing,
    /// Validations of the whole run, where they are evenly spaced.
    pub(crate) evaluations: u64,
    /// Whether an even plan is exact. Runs from before that was so go on as they began.
    pub(crate) exact: bool,
    /// Steps of an epoch.
    epoch: u64,
    /// The step of the next geometric validation.
    pub(crate) next: u64,
    /// Even validations that the time used so far was enough for.
    pub(crate) marks: u64,
}

impl ValidationPlan {
    /// The plan of a run on `rows` training rows.
    pub(crate) fn new(config: &TrainConfig, rows: u64) -> Self {
        let epoch = rows / config.batch.max(1) as u64;
        let evaluations = config.evaluations.max(1);
        Self { spacing: config.spacing, evaluations, exact: true, epoch, next: 1, marks: 0 }
    }

    /// The plan of a run that resumes.
    pub(crate) fn resumed(self, evaluations: u64, exact: bool, next: u64, marks: u64) -> Self {
        Self { evaluations, exact, next, marks, ..self }
    }

    /// Whether one is due after `done` of `horizon` steps. An even plan ends at the horizon.
    pub(crate) fn due_at_step(&self, done: u64, horizon: u64) -> bool {
        if self.spacing == Spacing::Geometric {
            return done >= self.next || done == horizon;
        }
        if !self.exact {
            return done == horizon || done.is_multiple_of((horizon / self.evaluations).max(1));
        }
        let planned = u128::from(self.evaluations.min(horizon));
        let due = |done: u64| u128::from(done) * planned / u128::from(horizon.max(1));
        done > 0 && due(done) > due(done - 1)
    }

    /// Whether one is due after `done` steps and a `share` of the time; `most` are affordable.
    pub(crate) fn due_in_time(&self, done: u64, share: f64, most: u64) -> bool {
        match self.spacing {
            Spacing::Geometric => done >= self.next,
            Spacing::Even => self.mark(share, most) > self.marks,
        }
    }

    fn mark(&self, share: f64, most: u64) -> u64 {
        (share * self.evaluations.min(most).max(1) as f64) as u64
    }

    /// Records a validation after `done` steps and a `share` of the time. The next one is at
    /// least `gap` steps away.
    pub(crate) fn made(&mut self, done: u64, gap: u64, share: f64, most: u64) {
        let grown = (done / GROWTH).max(self.epoch / AN_EPOCH).max(gap).max(1);
        self.next = if done == 0 { gap.max(1) } else { done.saturating_add(grown) };
        self.marks = self.mark(share, most);
    }
}

#[cfg(test)]
mod tests {
    use pdmap_spec::Budget;

    use super::*;

    fn plan(spacing: Spacing, evaluations: u64, rows: u64) -> ValidationPlan {
        let config = TrainConfig { spacing, evaluations, batch: 100, ..TrainConfig::new(Budget::Steps(1)) };
        ValidationPlan::new(&config, rows)
    }

    /// The steps of validations among `steps`.
    fn due(mut plan: ValidationPlan, steps: u64) -> Vec<u64> {
        let mut due = Vec::new();
        for done in 1..=steps {
            if plan.due_at_step(done, steps) {
                plan.made(done, 1, 0.0, 1);
                due.push(done);
            }
        }
        due
    }

    #[test]
    fn even_validations_are_as_many_as_planned_and_evenly_spaced() {
        for (steps, planned) in [(79, 40), (103, 10), (2000, 10), (80, 40), (3, 10), (1, 1), (10, 10), (11, 10)] {
            let due = due(plan(Spacing::Even, planned, 1000), steps);
            assert_eq!(due.len() as u64, planned.min(steps), "{steps} steps, {planned} planned: {due:?}");
            assert_eq!(due.last(), Some(&steps));
            let gaps: Vec<u64> = std::iter::once(0).chain(due.iter().copied()).zip(&due).map(|(a, b)| b - a).collect();
            let (least, most) = (gaps.iter().min(), gaps.iter().max());
            assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 1), "{steps} steps: {due:?}");
        }
        assert_eq!(due(plan(Spacing::Even, 5, 1000), 100), [20, 40, 60, 80, 100]);
        let old = ValidationPlan { exact: false, ..plan(Spacing::Even, 10, 1000) };
        assert_eq!(due(old, 103), [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 103]);
    }

    #[test]
    fn geometric_validations_come_often_at_first_and_are_few_in_the_end() {
        let few = due(plan(Spacing::Geometric, 40, 1000), 40);
        assert_eq!(few, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 19, 22, 26, 31, 37, 40]);
        let many = due(plan(Spacing::Geometric, 40, 1000), 1_000_000);
        assert!(many.len() < 100, "{}", many.len());
        // Ten batches an epoch: one in two epochs for the first ten.
        assert!(many.windows(2).take_while(|pair| pair[0] <= 100).all(|pair| pair[1] - pair[0] <= 20));
        assert!(many.windows(2).all(|pair| pair[1] - pair[0] <= 1 + pair[0] / 4));
        // Of an epoch of 6400 batches no more than 64.
        let large = due(plan(Spacing::Geometric, 40, 640_000), 6400);
        assert!((20..=64).contains(&large.len()) && large[..3] == [1, 101, 201], "{large:?}");
    }

    #[test]
    fn validations_in_time_follow_the_time_used_and_what_is_affordable() {
        let mut even = plan(Spacing::Even, 10, 1000);
        let count = |plan: &mut ValidationPlan, most| {
            (1..=1000_u32)
                .filter(|&done| {
                    let (step, share) = (u64::from(done), f64::from(done) / 1000.0);
                    let due = plan.due_in_time(step, share, most);
                    if due {
                        plan.made(step, 150, share, most);
                    }
                    due
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(count(&mut even, 100), [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
        assert_eq!(count(&mut plan(Spacing::Even, 10, 1000), 2), [500, 1000]);
        // Where validations are dear, geometric ones keep their distance.
        assert_eq!(count(&mut plan(Spacing::Geometric, 10, 1000), 2), [1, 151, 301, 451, 601, 751, 901]);
    }
}
