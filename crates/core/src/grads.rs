//! What training keeps beside each parameter: sums of gradients, the direction made of them, the optimizer's memory.

use crate::group::{OuterSum, Workspace};
use crate::optim::{Memory, Reads};
use crate::{LayerError, Real, Result};

/// Accumulated gradient of one parameter tensor.
#[derive(Debug, Clone)]
pub enum GradSum<F> {
    /// `Σ_rows ∂ log p / ∂θ`, without the contribution of a log-determinant that does not depend on the data.
    Flat(Vec<F>),
    /// `Σ_rows l rᵀ` of a matrix parameter: as factors while they are few, as the summed matrix when they are many.
    Outer(OuterSum<F>),
}

/// Everything that training keeps beside one parameter tensor.
#[derive(Debug, Clone)]
pub struct ParamGrad<F> {
    /// Name of the tensor within its layer.
    pub name: &'static str,
    /// What `backward` accumulates.
    pub sum: GradSum<F>,
    /// What `direct` writes and `update` hands to the optimizer; afterwards it holds the step that was taken. Empty, before and after,
    /// where the direction is [`factored`](Self::factored).
    pub direction: Vec<F>,
    /// What the rule that follows will read of the direction, where this parameter is [`factorable`](Self::factorable()).
    /// [`Flow::update`](crate::Flow::update) says so for the length of its step; at any other time a direction has entries.
    pub reads: Reads,
    /// `‖direction‖²` of a direction that `direct` left in the factors of `sum`, because nobody reads its entries; NaN where nobody reads the norm
    /// either. `update` takes it.
    pub factored: Option<f64>,
    /// Scratch memory of `direct` and `update`.
    pub scratch: Vec<F>,
    /// The optimizer's memory (moments), empty until its first step.
    pub memory: Memory<F>,
    /// Buffers of steps in factors.
    pub(crate) work: Workspace<F>,
    factorable: bool,
}

impl<F: Real> ParamGrad<F> {
    /// For a vector of `size` parameters.
    pub fn flat(name: &'static str, size: usize) -> Self {
        let direction = vec![F::zero(); size];
        Self { direction, ..Self::of(name, GradSum::Flat(vec![F::zero(); size])) }
    }

    /// For a square matrix of side `dim`, fed by outer products.
    pub fn outer(name: &'static str, dim: usize) -> Self {
        Self::of(name, GradSum::Outer(OuterSum::new(dim)))
    }

    fn of(name: &'static str, sum: GradSum<F>) -> Self {
        Self {
            name,
            sum,
            direction: Vec::new(),
            reads: Reads::Entries,
            factored: None,
            scratch: Vec::new(),
            memory: Memory::default(),
            work: Workspace::default(),
            factorable: false,
        }
    }

    /// The same, for a layer that never looks at `direction` itself: a matrix's direction may stay in factors where the rule allows that. Without
    /// this call a direction always has its entries.
    pub fn factorable(self) -> Self {
        Self { factorable: true, ..self }
    }

    /// The sum, where this is a vector parameter.
    ///
    /// # Errors
    /// [`LayerError::Grads`] for a matrix parameter.
    pub fn flat_mut(&mut self) -> Result<&mut [F]> {
        match &mut self.sum {
            GradSum::Flat(sum) => Ok(sum),
            GradSum::Outer(_) => Err(LayerError::Grads { expected: 1, actual: 2 }),
        }
    }

    /// The sum of outer products, where this is a matrix parameter.
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
    pub fn write_mean(&mut self, rows: F) -> Result<()> {
        let GradSum::Flat(sum) = &self.sum else { return Err(LayerError::Grads { expected: 1, actual: 2 }) };
        self.direction.resize(sum.len(), F::zero());
        self.direction.iter_mut().zip(sum).for_each(|(direction, &sum)| *direction = sum / rows);
        Ok(())
    }

    /// `sum / rows`, for a vector parameter.
    ///
    /// # Errors
    /// [`LayerError::Grads`] for a matrix parameter.
    pub fn mean(&self, rows: F) -> Result<Vec<F>> {
        let GradSum::Flat(sum) = &self.sum else { return Err(LayerError::Grads { expected: 1, actual: 2 }) };
        Ok(sum.iter().map(|&sum| sum / rows).collect())
    }

    fn absorb(&mut self, other: &Self) -> Result<()> {
        match (&mut self.sum, &other.sum) {
            (GradSum::Flat(sum), GradSum::Flat(other)) if sum.len() == other.len() => {
                crate::parallel::add(sum, other);
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

/// Gradients of one layer and of the layers inside it.
#[derive(Debug, Clone, Default)]
pub struct LayerGrads<F> {
    /// Rows accumulated since the last `clear`.
    pub rows: usize,
    /// One for each trained tensor, in the layer's own fixed order.
    pub params: Vec<ParamGrad<F>>,
    /// Those of the layers inside.
    pub children: Vec<LayerGrads<F>>,
}

impl<F: Real> LayerGrads<F> {
    /// Gradients of the given parameters and no children.
    pub fn of(params: Vec<ParamGrad<F>>) -> Self {
        Self { rows: 0, params, children: Vec::new() }
    }

    /// Whether there is no parameter, here or inside.
    pub fn is_empty(&self) -> bool {
        self.params.is_empty() && self.children.iter().all(Self::is_empty)
    }

    /// Forgets the sums, keeps directions and the optimizer's memory.
    pub fn clear(&mut self) {
        self.rows = 0;
        self.params.iter_mut().for_each(ParamGrad::clear);
        self.children.iter_mut().for_each(LayerGrads::clear);
    }

    /// Adds the sums of other rows, and clears those.
    ///
    /// # Errors
    /// [`LayerError::Grads`] for gradients of another layer.
    pub fn absorb(&mut self, other: &mut Self) -> Result<()> {
        let own = (self.params.len(), self.children.len());
        if own != (other.params.len(), other.children.len()) {
            return Err(LayerError::Grads { expected: own.0, actual: other.params.len() });
        }
        self.rows += other.rows;
        other.rows = 0;
        for (param, other) in self.params.iter_mut().zip(&mut other.params) {
            param.absorb(other)?;
            other.clear();
        }
        self.children.iter_mut().zip(&mut other.children).try_for_each(|(child, other)| child.absorb(other))
    }

    /// Rows accumulated, at least one.
    ///
    /// # Errors
    /// [`LayerError::NoRows`].
    pub fn some_rows(&self) -> Result<F> {
        if self.rows == 0 { Err(LayerError::NoRows) } else { Ok(F::of(self.rows as f64)) }
    }

    /// Says what the rule that follows will read of the directions: before `direct`, here and inside.
    pub fn set_reads(&mut self, reads: Reads) {
        self.params.iter_mut().filter(|param| param.factorable).for_each(|param| param.reads = reads);
        self.children.iter_mut().for_each(|child| child.set_reads(reads));
    }

    /// Exactly `N` parameters, to be taken apart.
    ///
    /// # Errors
    /// [`LayerError::Grads`] where there is another number of them.
    pub fn params_mut<const N: usize>(&mut self) -> Result<&mut [ParamGrad<F>; N]> {
        let actual = self.params.len();
        self.params.as_mut_slice().try_into().map_err(|_| LayerError::Grads { expected: N, actual })
    }

    /// Parameter `index`.
    ///
    /// # Errors
    /// [`LayerError::Grads`] where there are fewer.
    pub fn param(&self, index: usize) -> Result<&ParamGrad<F>> {
        self.params.get(index).ok_or(LayerError::Grads { expected: index + 1, actual: self.params.len() })
    }

    /// Calls `visit` for each parameter, with the path of its layer in front of its name
    /// (`layers.3.weight`), depth first.
    pub fn visit(&mut self, prefix: &str, visit: &mut dyn FnMut(&str, &mut ParamGrad<F>)) {
        for param in &mut self.params {
            visit(&format!("{prefix}{}", param.name), param);
        }
        for (index, child) in self.children.iter_mut().enumerate() {
            child.visit(&format!("{prefix}{index}."), visit);
        }
    }

    /// Calls `visit` for the optimizer's memory of each parameter, with the same paths in the same order as [`visit`](Self::visit).
    pub fn visit_memory(&self, prefix: &str, visit: &mut dyn FnMut(&str, &Memory<F>)) {
        for param in &self.params {
            visit(&format!("{prefix}{}", param.name), &param.memory);
        }
        for (index, child) in self.children.iter().enumerate() {
            child.visit_memory(&format!("{prefix}{index}."), visit);
        }
    }

    /// `Σ ‖direction‖²` over all parameters, in a fixed order.
    pub fn direction_norm_squared(&self) -> f64 {
        let of = |param: &ParamGrad<F>| match param.factored {
            Some(norm_squared) => norm_squared,
            None => crate::parallel::sum_of_squares(&param.direction),
        };
        self.params.iter().map(of).sum::<f64>()
            + self.children.iter().map(Self::direction_norm_squared).sum::<f64>()
    }
}
