//! Models that stand in files of the program: each is read, built, trained a few steps, saved and loaded.
#![allow(missing_docs, clippy::unwrap_used)]

use ndarray::Array2;
use pdmap_core::flow::base::{Normal, draw};
use pdmap_train::{Budget, Model, Preprocess, Preset, TrainConfig, registry, train};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Steps of each.
const STEPS: u64 = 6;

/// Rows of the kind that a model is for, small.
fn rows(preset: Preset) -> (Array2<f32>, Vec<usize>) {
    let shape = match preset {
        Preset::IMAGE_PYRAMID_ORTHONORMAL | Preset::IMAGE_PYRAMID_UNCONSTRAINED => vec![1, 8, 8],
        Preset::AUDIO_LAPPED => vec![1, 32],
        _ => vec![1, 12],
    };
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut rows: Array2<f32> = draw(&Normal, 400, shape.iter().product(), &mut rng).unwrap();
    // Features that go together, so that there is something to learn.
    for mut row in rows.rows_mut() {
        let common = 2.0 * row[0];
        row.mapv_inplace(|v| v + common);
    }
    (rows, shape)
}

#[test]
fn each_is_built_trained_saved_and_loaded() {
    for preset in Preset::FIXED {
        let (rows, shape) = rows(preset);
        let spec = preset.model(Default::default());
        assert!(
            (!spec.layers.is_empty() || preset == Preset::GAUSSIAN_MIXTURE) && !preset.describe().is_empty(),
            "{preset}"
        );
        assert_eq!(spec.description.as_deref(), Some(preset.describe()));
        let steps = spec.preprocess.clone().unwrap_or_else(|| vec![Preprocess::Standardize]);
        let mut flow = spec.shaped(shape).build_on(&rows, &steps, 1, &registry()).unwrap();
        let config = TrainConfig {
            batch: 64,
            budget: Budget::Steps(STEPS),
            ..spec.training.onto(TrainConfig::new(Budget::Steps(STEPS)))
        };
        let before = flow.log_prob(&rows).unwrap();
        train(&mut flow, &rows, rows.view(), &config, &mut |_| {}).unwrap();
        let after = flow.log_prob(&rows).unwrap();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        assert!(mean(&after) > mean(&before), "{preset}: {} {}", mean(&before), mean(&after));
        let back = flow.decode(&flow.encode(&rows).unwrap()).unwrap();
        let worst = (&back - &rows).iter().fold(0.0_f32, |worst, d| worst.max(d.abs()));
        assert!(worst < 1e-2, "{preset}: {worst}");

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        Model::new(flow, "test".into(), 1).save(&path).unwrap();
        let again = Model::<f32>::load(&path, &registry()).unwrap();
        assert_eq!(again.flow.log_prob(&rows).unwrap(), after, "{preset}");
    }
}

#[test]
fn the_page_names_all() {
    let page = include_str!("../../../docs/models.md");
    for preset in Preset::FIXED {
        assert!(page.contains(&format!("`{preset}`")), "{preset} is not documented");
    }
}
