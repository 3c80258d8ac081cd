//! What training keeps for each parameter: the sum of gradients, the direction computed from it,
//! and the optimizer's memory.

use super::{Memory, OuterSum, State, Workspace};
use crate::{LayerError, Real, Result, parallel};

/// The accumulated gradient of one parameter tensor.
#[derive(Debug, Clone)]
pub enum GradSum<F> {
    /// `Σ_rows ∂ log p / ∂θ`, without the contribution of a log-determinant that does not depend on
    /// the data.
    Flat(Vec<F>),
    /// `Σ_rows l rᵀ` of a matrix: as factors for few rows, as the summed matrix for many.
    Outer(OuterSum<F>),
}

/// Everything that training keeps for one parameter tensor.
#[derive(Debug, Clone)]
pub struct ParamGrad<F> {
    /// Path of the tensor within the flow, for example `layers.3.weight`.
    pub name: String,
    /// The sum that `backward` accumulates.
    pub sum: GradSum<F>,
    /// The ascent direction; after the update, the step taken. Empty if the direction is
    /// [`factored`](Self::factored).
    pub direction: Vec<F>,
    /// Whether the direction was left in the factors of `sum`, because the rule does not read its
    /// entries. Cleared by the step.
    pub factored: bool,
    /// Scratch memory of `backward`, `direct` and `update`.
    pub scratch: Vec<F>,
    /// The optimizer's memory (moments); empty until its first step.
    pub memory: Memory<F>,
    /// Buffers of low-rank steps.
    pub(crate) work: Workspace<F>,
}

impl<F: Real> ParamGrad<F> {
    /// For a tensor of `size` numbers.
    pub fn flat(name: String, size: usize) -> Self {
        let direction = vec![F::zero(); size];
        Self { direction, ..Self::of(name, GradSum::Flat(vec![F::zero(); size])) }
    }

    /// For a square matrix of side `dim`, with a sum of outer products.
    pub fn outer(name: String, dim: usize) -> Self {
        Self::of(name, GradSum::Outer(OuterSum::new(dim)))
    }

    /// The same, also summing the squares of the factors of outer products.
    #[must_use]
    pub fn with_squares(self) -> Self {
        let sum = match self.sum {
            GradSum::Outer(sum) => GradSum::Outer(sum.with_squares()),
            flat @ GradSum::Flat(_) => flat,
        };
        Self { sum, ..self }
    }

    fn of(name: String, sum: GradSum<F>) -> Self {
        Self {
            name,
            sum,
            direction: Vec::new(),
            factored: false,
            scratch: Vec::new(),
            memory: Memory::default(),
            work: Workspace::default(),
        }
    }

    /// The sum of a vector parameter.
    ///
    /// # Errors
    /// [`LayerError::Grads`] for a matrix parameter.
    pub fn flat_sum(&self) -> Result<&[F]> {
        match &self.sum {
            GradSum::Flat(sum) => Ok(sum),
            GradSum::Outer(_) => Err(LayerError::Grads { expected: 1, actual: 2 }),
        }
    }

    /// The sum of a vector parameter, for adding to it.
    ///
    /// # Errors
    /// [`LayerError::Grads`] for a matrix parameter.
    pub fn flat_mut(&mut self) -> Result<&mut [F]> {
        match &mut self.sum {
            GradSum::Flat(sum) => Ok(sum),
            GradSum::Outer(_) => Err(LayerError::Grads { expected: 1, actual: 2 }),
        }
    }

    /// The sum of outer products of a matrix parameter.
    ///
    /// # Errors
    /// [`LayerError::Grads`] for a vector parameter.
    pub fn outer_mut(&mut self) -> Result<&mut OuterSum<F>> {
        match &mut self.sum {
            GradSum::Outer(sum) => Ok(sum),
            GradSum::Flat(_) => Err(LayerError::Grads { expected: 2, actual: 1 }),
        }
    }

    /// `direction ← sum / rows`, for a vector parameter.
    ///
    /// # Errors
    /// [`LayerError::Grads`] for a matrix parameter.
    pub fn write_mean(&mut self, rows: usize) -> Result<()> {
        let GradSum::Flat(sum) = &self.sum else { return Err(LayerError::Grads { expected: 1, actual: 2 }) };
        let rows = F::of(rows as f64);
        self.direction.resize(sum.len(), F::zero());
        self.direction.iter_mut().zip(sum).for_each(|(direction, &sum)| *direction = sum / rows);
        Ok(())
    }

    /// `sum / rows`, for a vector parameter.
    ///
    /// # Errors
    /// [`LayerError::Grads`] for a matrix parameter.
    pub fn mean(&self, rows: usize) -> Result<Vec<F>> {
        let rows = F::of(rows as f64);
        Ok(self.flat_sum()?.iter().map(|&sum| sum / rows).collect())
    }

    fn absorb(&mut self, other: &Self) -> Result<()> {
        match (&mut self.sum, &other.sum) {
            (GradSum::Flat(sum), GradSum::Flat(other)) if sum.len() == other.len() => {
                parallel::add(sum, other);
                Ok(())
            }
            (GradSum::Outer(sum), GradSum::Outer(other)) => sum.absorb(other),
            _ => Err(LayerError::Grads { expected: 1, actual: 0 }),
        }
    }

    fn clear(&mut self) {
        match &mut self.sum {
            GradSum::Flat(sum) => sum.fill(F::zero()),
            GradSum::Outer(sum) => sum.clear(),
        }
    }
}

/// Gradients of all trained parameters of a layer or flow, in the order of its list.
#[derive(Debug, Clone, Default)]
pub struct Gradients<F> {
    /// Rows accumulated since the last `clear`.
    pub rows: usize,
    /// One for each trained parameter.
    pub params: Vec<ParamGrad<F>>,
}

impl<F: Real> Gradients<F> {
    /// Clears the sums; keeps directions and optimizer memory.
    pub fn clear(&mut self) {
        self.rows = 0;
        self.params.iter_mut().for_each(ParamGrad::clear);
    }

    /// Adds the sums over other rows, and clears those.
    ///
    /// # Errors
    /// [`LayerError::Grads`] for gradients of another object.
    pub fn absorb(&mut self, other: &mut Self) -> Result<()> {
        let (expected, actual) = (self.params.len(), other.params.len());
        if expected != actual {
            return Err(LayerError::Grads { expected, actual });
        }
        self.rows += std::mem::take(&mut other.rows);
        for (param, other) in self.params.iter_mut().zip(&mut other.params) {
            param.absorb(other)?;
            other.clear();
        }
        Ok(())
    }

    /// Number of accumulated rows, at least one.
    ///
    /// # Errors
    /// [`LayerError::NoRows`].
    pub fn some_rows(&self) -> Result<usize> {
        if self.rows == 0 { Err(LayerError::NoRows) } else { Ok(self.rows) }
    }

    /// Writes the optimizer's memory of every parameter. Sums are not written: they are empty
    /// between steps.
    pub fn save_memory(&self, state: &mut State<F>) {
        self.params.iter().for_each(|param| param.memory.save(&param.name, state));
    }

    /// Restores what [`save_memory`](Self::save_memory) wrote.
    ///
    /// # Errors
    /// Missing entries.
    pub fn load_memory(&mut self, state: &mut State<F>) -> Result<()> {
        self.params.iter_mut().try_for_each(|param| param.memory.load(&param.name, state))
    }
}

/// The gradients as an array of `N`.
///
/// # Errors
/// [`LayerError::Grads`] for another number of them.
pub fn exactly<F, const N: usize>(grads: &mut [ParamGrad<F>]) -> Result<&mut [ParamGrad<F>; N]> {
    let actual = grads.len();
    grads.try_into().map_err(|_| LayerError::Grads { expected: N, actual })
}
