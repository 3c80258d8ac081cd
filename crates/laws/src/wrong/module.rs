//! Wrong modules.

use pdmap_core::contract::{In, ModuleContext, Out};
use pdmap_core::{LayerSpec, Module, ParamGrad, Parametric, Real, Result, Tape};
use pdmap_layers::nn::Perceptron;

mistakes! {
    /// One way to get a perceptron wrong.
    ModuleMistake, MODULE_MISTAKES:
    /// The gradient by the input has the wrong sign.
    InputGradient: "gradient of input";
    /// The gradient of the first weight is twice as large.
    ParameterGradient: "gradient of parameters";
    /// `backward` overwrites gradients instead of accumulating.
    GradientOverwrites: "batches";
    /// The first row leaks into the others.
    RowsLeak: "batches";
    /// What the forward pass left on the tape is used again.
    KeepsTape: "batches";
    /// The first number of the output is NaN.
    NanAtFirst: "gradient of input";
    /// Rows of any width are accepted.
    AcceptsAnything: "shapes";
    /// The specification names a network of another width.
    OtherSpecification: "specification";
}

/// A perceptron with one hidden layer and one mistake.
#[derive(Debug, Clone)]
pub struct WrongModule<F> {
    right: Perceptron<F>,
    inputs: usize,
    mistake: ModuleMistake,
}

/// Units of the hidden layer.
const UNITS: usize = 4;

impl<F: Real> WrongModule<F> {
    /// A network with one mistake.
    ///
    /// # Errors
    /// As [`Perceptron::new`].
    pub fn new(mistake: ModuleMistake, context: ModuleContext<'_, F>) -> Result<Self> {
        let inputs = context.inputs;
        Ok(Self { right: Perceptron::new(&[UNITS], context)?, inputs, mistake })
    }

    fn is(&self, mistake: ModuleMistake) -> bool {
        self.mistake == mistake
    }
}

impl<F: Real> Parametric<F> for WrongModule<F> {
    pdmap_core::delegate_parameters!(F, right);
}

impl<F: Real> Module<F> for WrongModule<F> {
    fn spec(&self) -> LayerSpec {
        let other = usize::from(self.is(ModuleMistake::OtherSpecification));
        Perceptron::<F>::spec_of(&[UNITS + other])
    }

    fn outputs(&self, inputs: usize) -> Result<usize> {
        self.right.outputs(if self.is(ModuleMistake::AcceptsAnything) { self.inputs } else { inputs })
    }

    fn forward(&self, input: In<F>, mut output: Out<F>, tape: &mut Tape<F>) -> Result<()> {
        let (mut fresh, stale) = (Tape::recording(), !tape.buffers.is_empty());
        let tape = if self.is(ModuleMistake::KeepsTape) && stale { &mut fresh } else { tape };
        self.right.forward(input.reborrow(), output.view_mut(), tape)?;
        if self.is(ModuleMistake::NanAtFirst) {
            output.iter_mut().take(1).for_each(|output| *output = F::nan());
        }
        if self.is(ModuleMistake::RowsLeak) {
            let first = output.rows().into_iter().next().map(|row| row.to_owned());
            for mut row in output.rows_mut().into_iter().skip(1) {
                row.iter_mut().zip(first.iter().flatten()).for_each(|(y, &first)| *y += first * F::of(1e-2));
            }
        }
        Ok(())
    }

    fn backward(
        &self,
        input: In<F>,
        by_output: In<F>,
        mut by_input: Option<Out<F>>,
        tape: &mut Tape<F>,
        grads: &mut [ParamGrad<F>],
    ) -> Result<()> {
        if self.is(ModuleMistake::GradientOverwrites) && input.nrows() > 0 {
            for grad in grads.iter_mut() {
                grad.flat_mut()?.fill(F::zero());
            }
        }
        let before = grads.first().map(|grad| grad.flat_sum().map(<[F]>::to_vec)).transpose()?;
        let out = by_input.as_mut().map(|by_input| by_input.view_mut());
        self.right.backward(input, by_output, out, tape, grads)?;
        match (self.mistake, by_input) {
            (ModuleMistake::InputGradient, Some(mut by_input)) => by_input.mapv_inplace(|v| -v),
            (ModuleMistake::ParameterGradient, _) => {
                for (grad, before) in grads.iter_mut().zip(before) {
                    let sum = grad.flat_mut()?.iter_mut();
                    sum.zip(before).for_each(|(sum, before)| *sum += *sum - before);
                }
            }
            _ => {}
        }
        Ok(())
    }
}
