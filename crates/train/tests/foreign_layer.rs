//! A layer of another crate is a layer like any other.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::{Array1, Array2, Ix1};
use pdmap_core::contract::{In, Out, Visit, VisitMut};
use pdmap_core::group::Fixed;
use pdmap_core::{
    BuildContext, ForwardPass, Input, Kind, Layer, LayerSpec, ParamGrad, Parametric, ParametricExt, Real, Registry,
    Result, Shape, Tape, Tensors,
};
use pdmap_train::{Budget, Model, ModelFile, TrainConfig, registry, train};
use serde_json::json;

/// A layer of another crate: `y = k x` with one number of options and a tensor of its own.
#[derive(Debug, Clone)]
struct Stretch<F> {
    by: Fixed<F, Ix1>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct StretchOptions {
    start: f64,
}

impl<F: Real> Stretch<F> {
    fn map(&self, sign: i32, x: In<F>, mut y: Out<F>, log_det: Option<&mut [f64]>) {
        for (mut y, x) in y.rows_mut().into_iter().zip(x.rows()) {
            for ((y, &x), &by) in y.iter_mut().zip(x).zip(self.by.values()) {
                *y = if sign > 0 { x * by } else { x / by };
            }
        }
        let own: f64 = self.by.values().iter().map(|by| f64::from(sign) * by.f64().ln()).sum();
        log_det.into_iter().flatten().for_each(|value| *value += own);
    }
}

impl<F: Real> Parametric<F> for Stretch<F> {
    fn parameters(&self, visit: &mut Visit<'_, F>) -> Result<()> {
        visit(&"by", &self.by)
    }

    fn parameters_mut(&mut self, visit: &mut VisitMut<'_, F>) -> Result<()> {
        visit(&"by", &mut self.by)
    }
}

impl<F: Real> Layer<F> for Stretch<F> {
    fn spec(&self) -> LayerSpec {
        LayerSpec::new("stretch", &json!({}))
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        input.with_features(self.by.values().len())
    }

    fn forward(&self, x: Input<F>, y: Out<F>, log_det: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        self.map(1, x.x, y, log_det);
        Ok(())
    }

    fn inverse(&self, y: Input<F>, x: Out<F>, log_det: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        self.map(-1, y.x, x, log_det);
        Ok(())
    }

    fn backward(&self, _: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, _: &mut [ParamGrad<F>]) -> Result<()> {
        if let Some(dx) = dx {
            self.map(1, dy, dx, None);
        }
        Ok(())
    }
}

impl<F: Real> Kind<F> for Stretch<F> {
    const KIND: &'static str = "stretch";

    /// The largest deviation of each feature of the sample over `start`: a start that depends on
    /// the data as they reach the layer.
    fn build(spec: &LayerSpec, context: &mut BuildContext<'_, F>, _: &Registry<F>) -> Result<Self> {
        let StretchOptions { start } = spec.parse()?;
        let features = context.features;
        let rows = context.rows()?;
        let largest = |column: usize| {
            rows.column(column).iter().fold(F::of(start), |most, v| if v.abs() > most { v.abs() } else { most })
        };
        Ok(Self { by: Fixed::new("by", (0..features).map(largest).collect::<Array1<F>>())? })
    }

    fn restore(_: &LayerSpec, tensors: &mut Tensors<F>, _: &Registry<F>) -> Result<Self> {
        Ok(Self { by: Fixed::new("by", tensors.vector("by", None)?)? })
    }
}

#[test]
fn a_layer_of_another_crate_is_described_trained_saved_and_loaded() {
    let mut registry = registry::<f64>();
    registry.register::<Stretch<f64>>();
    let text = "layers = [{ kind = \"shift\", start = 1 }, { kind = \"stretch\", start = 0.5 }, { kind = \"dense\", group = { general = \"relative\" } }]";
    let file = ModelFile::parse("m.toml", text, &registry).unwrap();
    let rows = Array2::from_shape_fn((300, 2), |(i, j)| ((i * 7 + j * 3) as f64).sin());
    let mut flow = file.spec.build_on(&rows, &[], 1, &registry).unwrap();
    let by = flow.tensors().into_iter().find(|(name, _)| name == "layers.1.by").unwrap().1;
    let most = rows.column(0).iter().fold(0.0_f64, |most, v| most.max((v + 1.0).abs()));
    assert_eq!(by[[0]], most, "the sample reaches the layer shifted by one");
    let config = TrainConfig { batch: 50, ..TrainConfig::new(Budget::Steps(20)) };
    train(&mut flow, &rows, rows.view(), &config, &mut |_| {}).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.safetensors");
    Model::new(flow.clone(), "here".into(), 0).save(&path).unwrap();
    let again = Model::load(&path, &registry).unwrap();
    assert_eq!(again.flow.log_prob(&rows).unwrap(), flow.log_prob(&rows).unwrap());
    // Without the kind the file is refused in words, and so is the description.
    let error = Model::<f64>::load(&path, &pdmap_train::registry()).unwrap_err().to_string();
    assert!(error.contains("unknown kind of layer `stretch`"), "{error}");
    let described = ModelFile::parse("m.toml", text, &pdmap_train::registry::<f64>());
    assert!(described.unwrap_err().to_string().contains("unknown kind of layer `stretch`"));
    // An option of the layer's own is found in the file.
    let error = ModelFile::parse("m.toml", &text.replace("start = 0.5", "strat = 0.5"), &registry).unwrap_err();
    assert_eq!(error.to_string(), "m.toml:1: unknown key `strat` in `layers[1]`; nearest is `start`, known: start");
}
