//! A moving average of the weights.

use pdmap_core::{Flow, Parametric, Real, Result, State, Tensors};

/// Steps over which a new average gathers: after `t` steps a step counts for at least `9/(t + 10)`, so
/// that the weights of the start are soon forgotten.
const GATHERING: f64 = 9.0;

/// A moving average of the trained weights of a flow (Polyak & Juditsky 1992), of which each step
/// moves `1 − β` of the way to the present weights.
#[derive(Debug)]
pub(crate) struct Average<F: Real> {
    beta: f64,
    steps: u64,
    /// One for each trained parameter, in the order of the list.
    means: Vec<Vec<F>>,
    /// The flow with the average weights, as of the last call of [`flow`](Self::flow).
    flow: Flow<F>,
}

impl<F: Real> Average<F> {
    /// The average of the present weights alone; none if `beta` is 0.
    pub(crate) fn of(flow: &Flow<F>, beta: f64) -> Result<Option<Self>> {
        if beta <= 0.0 {
            return Ok(None);
        }
        let mut average = Self { beta, steps: 0, means: Vec::new(), flow: flow.clone() };
        average.restart(flow)?;
        Ok(Some(average))
    }

    /// Forgets all but the present weights.
    pub(crate) fn restart(&mut self, flow: &Flow<F>) -> Result<()> {
        (self.steps, self.means) = (0, Vec::new());
        flow.parameters(&mut |_, parameter| {
            if parameter.is_trained() {
                let mut mean = vec![F::zero(); parameter.tensor().len()];
                parameter.add_to_mean(F::one(), &mut mean)?;
                self.means.push(mean);
            }
            Ok(())
        })
    }

    /// Takes in the weights after a step.
    pub(crate) fn follow(&mut self, flow: &Flow<F>) -> Result<()> {
        let gathering = GATHERING / (self.steps as f64 + GATHERING + 1.0);
        let (share, mut means) = (F::of((1.0 - self.beta).max(gathering)), self.means.iter_mut());
        self.steps += 1;
        flow.parameters(&mut |_, parameter| {
            let mean = if parameter.is_trained() { means.next() } else { None };
            mean.map_or(Ok(()), |mean| parameter.add_to_mean(share, mean))
        })
    }

    /// The flow with the average of the weights that `flow` had.
    pub(crate) fn flow(&mut self, flow: &Flow<F>) -> Result<&Flow<F>> {
        let (mut means, mut tensors) = (self.means.iter(), Vec::new());
        flow.parameters(&mut |name, parameter| {
            let mean = if parameter.is_trained() { means.next() } else { None };
            let tensor = mean.map_or_else(|| Ok(parameter.tensor()), |mean| parameter.at_mean(mean))?;
            tensors.push((name.to_string(), tensor));
            Ok(())
        })?;
        self.flow.set_tensors(Tensors::from_iter(tensors))?;
        Ok(&self.flow)
    }

    /// The flow to validate: the one with the average weights, if there is an average.
    pub(crate) fn or<'f>(average: &'f mut Option<Self>, flow: &'f Flow<F>) -> Result<&'f Flow<F>> {
        average.as_mut().map_or(Ok(flow), |average| average.flow(flow))
    }

    /// Writes what a resumed run needs.
    pub(crate) fn save(&self, state: &mut State<F>) {
        state.put_number(STEPS, self.steps);
        for (index, mean) in self.means.iter().enumerate() {
            state.put_array(&index.to_string(), mean.iter().copied().collect::<ndarray::Array1<F>>().into_dyn());
        }
    }

    /// Restores what [`save`](Self::save) wrote.
    pub(crate) fn load(&mut self, state: &mut State<F>) -> Result<()> {
        self.steps = state.take_number(STEPS)?;
        for (index, mean) in self.means.iter_mut().enumerate() {
            *mean = state.take_shaped(&index.to_string(), &[mean.len()])?.into_iter().collect();
        }
        Ok(())
    }
}

/// Name of the number of steps in a state.
const STEPS: &str = "steps";
