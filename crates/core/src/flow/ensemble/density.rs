//! The density of an ensemble.

use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Axis, Zip};
use rand::Rng;

use super::frozen::Frozen;
use super::options::{MemberSpec, Options};
use super::sampling::{self, Chosen};
use crate::contract::{
    Base, BaseSpec, Draw, DuplicateBase, Input, Layer, Out, Parametric, Registry, Tape, Tensors, Visit, VisitMut,
    check_condition,
};
use crate::flow::Flow;
use crate::special::log_sum_exp;
use crate::{LayerError, Real, Result, check};

/// Name in the registry.
pub(super) const KIND: &str = "ensemble";

/// Widest condition that no member needs to read, so that no file makes a program allocate much.
const MOST_CONDITIONS: usize = 1 << 20;

/// `p(x) = Σ_m w_m p_m(x)`, with flows as members and `Σ_m w_m = 1`, as a base density: a flow
/// without layers on it scores, samples and is saved like any other.
///
/// `log p(x) = log Σ_m exp(log w_m + log p_m(x))`, and its gradient is the mean of those of the
/// members by their shares `r_m = w_m p_m(x) / p(x)`. The members are constants: an ensemble is made
/// of trained flows, and training does not change them. By Jensen's inequality, `log p` is at least
/// the mean `Σ_m w_m log p_m`. Members of a density `p(x | c)` see the same condition.
#[derive(Debug, Clone)]
pub struct Ensemble<F: Real> {
    weights: Vec<f64>,
    members: Vec<Flow<F>>,
    features: usize,
    conditions: usize,
}

impl<F: Real> Ensemble<F> {
    /// An ensemble of flows with their weights, which are divided by their sum.
    ///
    /// ```
    /// use pdmap_core::Flow;
    /// use pdmap_core::flow::Ensemble;
    /// use pdmap_core::flow::base::{Logistic, Normal};
    ///
    /// # fn main() -> pdmap_core::Result<()> {
    /// let normal: Flow<f64> = Flow::builder(1).base(Normal).build()?;
    /// let logistic = Flow::builder(1).base(Logistic).build()?;
    /// let both = Ensemble::new(vec![(3.0, normal), (1.0, logistic)])?;
    /// let flow = Flow::builder(1).base(both).build()?;
    /// let p = 0.75 / std::f64::consts::TAU.sqrt() + 0.25 * 0.25;
    /// assert!((flow.log_prob(&ndarray::array![[0.0]])?[0] - p.ln()).abs() < 1e-12);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// No members; weights that are not positive and finite; members with other numbers of features or
    /// conditions of other widths (a member without one goes with any), or that are ensembles.
    pub fn new(members: Vec<(f64, Flow<F>)>) -> Result<Self> {
        let features = members.first().map_or(0, |(_, flow)| flow.features());
        if features == 0 {
            return Err(LayerError::NoFeatures);
        }
        let conditions = members.iter().map(|(_, flow)| flow.conditions()).max().unwrap_or(0);
        for (weight, flow) in &members {
            if !(weight.is_finite() && *weight > 0.0) {
                return Err(LayerError::Range { what: "weight", value: *weight, range: "positive and finite" });
            }
            check::features("a member of the ensemble", features, flow.features())?;
            let (expected, actual) = (conditions, flow.conditions());
            if actual > 0 && actual != expected {
                return Err(LayerError::Conditions { expected, actual });
            }
            not_nested(&flow.base().spec())?;
        }
        let sum: f64 = members.iter().map(|(weight, _)| weight).sum();
        let (weights, members) = members.into_iter().map(|(weight, flow)| (weight / sum, flow)).unzip();
        Ok(Self { weights, members, features, conditions })
    }

    /// An ensemble from its specification and tensors.
    ///
    /// # Errors
    /// Unknown kinds; missing or misshapen tensors; as [`new`](Self::new).
    pub(super) fn restore(spec: &BaseSpec, tensors: &mut Tensors<F>, registry: &Registry<F>) -> Result<Self> {
        let Options { weights, conditions, members } = spec.parse()?;
        if weights.len() != members.len() {
            let (expected, actual) = (vec![members.len()], vec![weights.len()]);
            return Err(LayerError::Shape { what: "weights of the members", expected, actual });
        }
        let restore = |(index, member): (usize, &MemberSpec)| {
            not_nested(&member.base)?;
            tensors.scoped(&format!("members.{index}."), |tensors| member.restore(tensors, registry))
        };
        let flows = members.iter().enumerate().map(restore).collect::<Result<Vec<_>>>()?;
        Self::new(weights.into_iter().zip(flows).collect())?.accepting(conditions)
    }

    /// The same ensemble as a density given `conditions` numbers, even if no member reads them.
    ///
    /// # Errors
    /// Members that read a condition of another width; a condition of more than 2²⁰ numbers.
    pub fn accepting(self, conditions: usize) -> Result<Self> {
        if self.conditions > 0 && self.conditions != conditions {
            return Err(LayerError::Conditions { expected: self.conditions, actual: conditions });
        }
        if conditions > MOST_CONDITIONS {
            let (value, range) = (conditions as f64, "at most 1048576");
            return Err(LayerError::Range { what: "width of the condition", value, range });
        }
        Ok(Self { conditions, ..self })
    }

    /// The weights, which sum to 1.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The members, in the order of the weights.
    pub fn members(&self) -> &[Flow<F>] {
        &self.members
    }

    /// `log w_m + log p_m(z)` of each row, one vector for each member, and their `log Σ exp`.
    fn joint(&self, z: Input<'_, F>) -> Result<(Vec<Vec<f64>>, Vec<f64>)> {
        let rows = z.x.nrows();
        let (mut joint, mut codes, mut tape) = (Vec::new(), Array2::zeros(z.x.raw_dim()), Tape::scratch());
        for (flow, weight) in self.members.iter().zip(&self.weights) {
            let mut log_prob = vec![weight.ln(); rows];
            // Not `log_prob`, which refuses a density of 0: another member may be above it.
            flow.chain().forward(z.reborrow(), codes.view_mut(), Some(&mut log_prob), &mut tape)?;
            flow.base().add_log_density(z.reborrow().with(codes.view()), &mut log_prob)?;
            joint.push(log_prob);
        }
        let sum = |row: usize| log_sum_exp(joint.iter().map(|member| member[row]));
        let log_prob = (0..rows).map(sum).collect();
        Ok((joint, log_prob))
    }
}

impl<F: Real> Ensemble<F> {
    /// Of the images of the members' modes, the one of highest density.
    fn mode(&self, condition: Option<ArrayView2<'_, F>>, rng: &mut dyn Rng) -> Result<Array1<F>> {
        let modes = sampling::modes(&self.members, condition, rng)?;
        let all = condition.map(|one| repeated(one, self.members.len()));
        let density = self.joint(Input::new(modes.view(), all.as_ref().map(|all| all.view())))?.1;
        let best = density.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(index, _)| index);
        Ok(modes.row(best).to_owned())
    }
}

/// A condition of one row, for so many rows.
fn repeated<F: Real>(one: ArrayView2<'_, F>, rows: usize) -> Array2<F> {
    Array2::from_shape_fn((rows, one.ncols()), |(_, column)| one[[0, column]])
}

/// An ensemble of ensembles is the ensemble of all their members.
fn not_nested(base: &BaseSpec) -> Result<()> {
    if base.kind != KIND {
        return Ok(());
    }
    Err(LayerError::Conflict { first: "an ensemble", second: "a member that is an ensemble: list its members instead" })
}

impl<F: Real> Parametric<F> for Ensemble<F> {
    fn parameters(&self, visit: &mut Visit<'_, F>) -> Result<()> {
        self.members.iter().enumerate().try_for_each(|(index, flow)| {
            flow.parameters(&mut |name, parameter| visit(&format_args!("members.{index}.{name}"), &Frozen(parameter)))
        })
    }

    fn parameters_mut(&mut self, visit: &mut VisitMut<'_, F>) -> Result<()> {
        self.members.iter_mut().enumerate().try_for_each(|(index, flow)| {
            flow.parameters_mut(&mut |name, parameter| {
                visit(&format_args!("members.{index}.{name}"), &mut Frozen(parameter))
            })
        })
    }
}

impl<F: Real> Base<F> for Ensemble<F> {
    fn spec(&self) -> BaseSpec {
        let members = self.members.iter().map(MemberSpec::of).collect();
        BaseSpec::new(KIND, &Options { weights: self.weights.clone(), conditions: self.conditions, members })
    }

    fn features(&self) -> Option<usize> {
        Some(self.features)
    }

    fn conditions(&self) -> usize {
        self.conditions
    }

    /// # Errors
    /// Members with layers, whose marginals have no closed form, and more than one feature.
    fn marginal(&self, feature: usize) -> Result<Box<dyn Base<F>>> {
        if self.features == 1 {
            return Ok(self.duplicate());
        }
        let marginal = |(flow, weight): (&Flow<F>, &f64)| {
            if !flow.chain().layers().is_empty() {
                return Err(LayerError::Conflict {
                    first: "a member with layers",
                    second: "a marginal in closed form",
                });
            }
            Ok((*weight, Flow::new(1, vec![], flow.base().marginal(feature)?)?))
        };
        let members = self.members.iter().zip(&self.weights).map(marginal).collect::<Result<_>>()?;
        Ok(Box::new(Self::new(members)?))
    }

    fn add_log_density(&self, z: Input<'_, F>, out: &mut [f64]) -> Result<()> {
        check::log_det(z.x.nrows(), Some(out))?;
        check_condition(self.conditions, &z)?;
        let (_, log_prob) = self.joint(z)?;
        out.iter_mut().zip(log_prob).for_each(|(out, value)| *out += value);
        Ok(())
    }

    fn score(&self, z: Input<'_, F>, mut delta: ArrayViewMut2<'_, F>) -> Result<()> {
        check::shape("score", z.x.dim(), delta.dim())?;
        check_condition(self.conditions, &z)?;
        let (joint, log_prob) = self.joint(z.reborrow())?;
        delta.fill(F::zero());
        for (flow, joint) in self.members.iter().zip(&joint) {
            let shares: Vec<(usize, F)> = (0..z.x.nrows())
                .map(|row| (row, F::of((joint[row] - log_prob[row]).exp())))
                .filter(|(_, share)| *share > F::zero())
                .collect();
            let rows: Vec<usize> = shares.iter().map(|&(row, _)| row).collect();
            let chosen = Chosen::of(&z, &rows);
            let gradient: Array2<F> = flow.input_gradient(chosen.input())?;
            for ((row, share), gradient) in shares.into_iter().zip(gradient.rows()) {
                Zip::from(&mut delta.row_mut(row)).and(&gradient).for_each(|sum, &slope| *sum += share * slope);
            }
        }
        Ok(())
    }

    /// At temperature 0 all rows are, of the images of the modes of the members' base densities, the
    /// one of highest density; with a condition, of that row's condition.
    fn sample_into(&self, draw: Draw<'_, F>, rng: &mut dyn Rng, mut z: Out<F>) -> Result<()> {
        let Draw { temperature, condition } = draw;
        check::temperature(temperature)?;
        check::features("sample", self.features, z.ncols())?;
        check_condition(self.conditions, &Input::new(z.view(), condition))?;
        if temperature > 0.0 {
            return sampling::fill(&self.members, &self.weights, draw, rng, z);
        }
        if self.conditions == 0 {
            let mode = self.mode(None, rng)?;
            z.rows_mut().into_iter().for_each(|mut row| row.assign(&mode));
            return Ok(());
        }
        for (index, mut row) in z.rows_mut().into_iter().enumerate() {
            let condition = condition.as_ref().map(|all| all.slice_axis(Axis(0), (index..index + 1).into()));
            row.assign(&self.mode(condition, rng)?);
        }
        Ok(())
    }
}
