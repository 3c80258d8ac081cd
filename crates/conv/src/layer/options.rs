//! Convolutions as data: specifications of saved ones, descriptions of new ones.

use pdmap_core::group::{Group, Start};
use pdmap_core::{BuildContext, Kind, LayerError, LayerSpec, Real, Registry, Result, Tensors, check};
use serde::{Deserialize, Deserializer, Serialize};

use super::cycled::CycledConv;
use super::geometry::{Boundary, Geometry, Output};

/// Maximum number of stages in a description.
const MOST_STAGES: usize = 1024;

/// Options of a convolution.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// `[channels, length]` or `[channels, height, width]`.
    shape: Vec<usize>,
    /// `[K]` or `[K_h, K_w]`; a single number is accepted too.
    #[serde(deserialize_with = "one_or_more")]
    period: Vec<usize>,
    stages: usize,
    group: Group,
    #[serde(default)]
    boundary: Boundary,
    #[serde(default)]
    output: Output,
    /// Of a new convolution only.
    #[serde(default, skip_serializing)]
    start: Option<Start>,
}

/// The specification, completed with the shape of the rows if it names none; a vector is a signal
/// of one channel.
pub(crate) fn shaped<F: Real>(spec: &LayerSpec, context: &BuildContext<'_, F>) -> LayerSpec {
    let mut spec = spec.clone();
    if let Some(options) = spec.options.as_object_mut() {
        options.entry("shape").or_insert_with(|| context.shape.with_channels().into());
    }
    spec
}

/// A number, or a list of numbers.
pub(crate) fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<usize>, D::Error> {
    struct Visitor;

    impl<'de> serde::de::Visitor<'de> for Visitor {
        type Value = Vec<usize>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a whole number or a list of them")
        }

        fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Vec<usize>, E> {
            usize::try_from(value)
                .map(|value| vec![value])
                .map_err(|_| E::invalid_value(serde::de::Unexpected::Unsigned(value), &self))
        }

        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Vec<usize>, A::Error> {
            let mut found = Vec::new();
            while let Some(item) = items.next_element()? {
                found.push(item);
            }
            Ok(found)
        }
    }

    deserializer.deserialize_any(Visitor)
}

impl<F: Real> CycledConv<F> {
    pub(super) fn options(&self) -> Options {
        Options {
            shape: self.geometry.shape(),
            period: self.geometry.period(),
            stages: self.stages.len(),
            group: self.group(),
            boundary: self.geometry.boundary(),
            output: self.geometry.output(),
            start: None,
        }
    }
}

impl<F: Real> Kind<F> for CycledConv<F> {
    const KIND: &'static str = "cycled-conv";

    fn build(spec: &LayerSpec, context: &mut BuildContext<'_, F>, _: &Registry<F>) -> Result<Self> {
        let Options { shape, period, stages, group, boundary, output, start } = shaped(spec, context).parse()?;
        let geometry = Geometry::of_lists(&shape, &period)?.with_boundary(boundary).with_output(output).checked()?;
        if !(1..=MOST_STAGES).contains(&stages) {
            return Err(LayerError::Range { what: "stages", value: stages as f64, range: "from 1 to 1024" });
        }
        check::features("shape", context.features, geometry.features())?;
        let side = period.iter().fold(geometry.channels(), |side, &period| side.saturating_mul(period));
        context.reserve_parameters(side.saturating_mul(side).saturating_mul(stages))?;
        match start.unwrap_or_default() {
            Start::Haar => Self::random(geometry, stages, group, context.rng),
            Start::Identity => Self::identity(geometry, stages, group),
        }
    }

    fn restore(spec: &LayerSpec, tensors: &mut Tensors<F>, _: &Registry<F>) -> Result<Self> {
        let Options { shape, period, stages, group, boundary, output, start: None } = spec.parse()? else {
            return Err(LayerError::Conflict { first: "a saved convolution", second: "the option `start`" });
        };
        let geometry = Geometry::of_lists(&shape, &period)?.with_boundary(boundary).with_output(output).checked()?;
        // One by one, so that a large number of stages without tensors fails at the first missing
        // one.
        let mut found = Vec::new();
        for stage in 0..stages {
            found.push(tensors.square(&format!("stages.{stage}"), Some(geometry.side()))?);
        }
        Self::new(geometry, found, group)
    }
}
