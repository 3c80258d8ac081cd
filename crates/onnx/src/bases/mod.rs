//! Each base density as operators.

mod ensemble;
mod mixture;
mod numbers;

use std::any::Any;

use pdmap_core::flow::Ensemble;
use pdmap_core::flow::base::{StudentT, Torus};
use pdmap_core::{Base, Real};
use pdmap_mixture::GaussianMixtureBase;

use crate::error::{OnnxError, Result};
use crate::graph::{Type, Value};
use crate::pass::Pass;

/// `log p(z)` of the codes of a pass, `[rows]` in double precision.
pub(crate) fn log_density<'g, F: Real>(base: &dyn Base<F>, pass: &Pass<'g>) -> Result<Value<'g>> {
    let as_any: &dyn Any = base;
    if let Some(mixture) = as_any.downcast_ref::<GaussianMixtureBase<F>>() {
        return mixture::log_density(mixture, pass);
    }
    if let Some(ensemble) = as_any.downcast_ref::<Ensemble<F>>() {
        return ensemble::log_density(ensemble, pass);
    }
    if let Some(torus) = as_any.downcast_ref::<Torus<F>>() {
        let others = pass.features - torus.angles();
        let z = pass.x.slice(1, 0, others);
        return match others {
            0 => Ok(pass.x.cast(Type::Double).sum(1, false) * 0.0),
            _ => log_density(torus.beside(), &pass.on(z, others)),
        };
    }
    let z = pass.x.cast(Type::Double);
    let each = match base.spec().kind.as_str() {
        "normal" => numbers::normal(z),
        "logistic" => numbers::logistic(z),
        "laplace" => numbers::laplace(z),
        kind => match as_any.downcast_ref::<StudentT>() {
            Some(density) => numbers::student_t(z, density.nu()),
            None => return Err(OnnxError::Base { kind: kind.to_owned() }),
        },
    };
    Ok(each.sum(1, false))
}
