//! Every preset gives the same bits with any number of threads.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use common::{folder, succeed};
use pdmap_train::Preset;

#[test]
fn each_preset_has_the_same_weights_on_1_2_and_4_threads() {
    let folder = &folder();
    // Wide and deep enough for every product and pass to be split among threads.
    for preset in Preset::TEMPLATES {
        for dtype in ["f32", "f64"] {
            let weights: Vec<String> = ["1", "2", "4"]
                .map(|threads| {
                    let data = ["--data", "synthetic:ica?dim=152", "--rows", "2000,500,10"];
                    let train = ["train", "--model", preset.name(), "--steps", "40", "--out", "m.safetensors"];
                    let rest = ["--batch", "200", "--dtype", dtype, "--threads", threads];
                    let printed = succeed(folder, &[&train[..], &data, &rest].concat());
                    printed.lines().last().unwrap().to_owned()
                })
                .to_vec();
            assert!(weights[0].starts_with("weights "), "{weights:?}");
            assert!(weights.iter().all(|w| *w == weights[0]), "{preset} in {dtype}: {weights:?}");
        }
    }
}
