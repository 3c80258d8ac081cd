//! Writes a graph of every layer and base density of the workspace, with rows and what this library
//! makes of them, for a comparison with a runtime: `python/tests/test_onnx.py`.
//!
//! ```sh
//! cargo run -p pdmap-onnx --example onnx_cases -- FOLDER
//! ```

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2};
use pdmap_core::flow::base::Normal;
use pdmap_core::{Base, Flow, Input, Layer, Real};
use pdmap_data::write_npy;
use pdmap_laws::{bases, normal_rows, rng, subjects};
use pdmap_onnx::{OnnxError, export_model};
use pdmap_spec::Model;

/// Numbers of features; rows of each.
const FEATURES: [usize; 3] = [1, 6, 9];
const ROWS: usize = 40;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("usage: onnx_cases FOLDER")?);
    fs::create_dir_all(&folder)?;
    let written = all::<f32>(&folder)? + all::<f64>(&folder)?;
    println!("{written} graphs in {}", folder.display());
    Ok(())
}

fn all<F: Real>(folder: &Path) -> Result<usize, Box<dyn Error>> {
    let mut written = 0;
    for features in FEATURES {
        for subject in subjects::<F>() {
            let mut rng = rng(features as u64);
            let layer: Box<dyn Layer<F>> = (subject.build)(features, &mut rng)?;
            let x = normal_rows::<F>(ROWS, features, &mut rng).mapv(subject.domain);
            let condition = normal_rows::<F>(ROWS, layer.conditions(), &mut rng);
            let flow = Flow::new(features, vec![layer], Box::new(Normal))?;
            written += usize::from(write(folder, (subject.name, features), flow, &x, condition)?);
        }
    }
    let all: [Vec<Box<dyn Base<F>>>; 3] = [bases::subjects()?, bases::mixtures()?, bases::ensembles()?];
    for (index, base) in all.into_iter().flatten().enumerate() {
        let features = base.features().unwrap_or(3);
        let x = normal_rows::<F>(ROWS, features, &mut rng(7));
        let condition = normal_rows::<F>(ROWS, base.conditions(), &mut rng(8));
        let kind = base.spec().kind;
        let flow = Flow::new(features, vec![], base)?;
        written += usize::from(write(folder, (&format!("base {index} {kind}"), features), flow, &x, condition)?);
    }
    Ok(written)
}

/// Writes a graph and what it should compute. Returns whether it has a graph.
fn write<F: Real>(
    folder: &Path,
    (name, features): (&str, usize),
    flow: Flow<F>,
    x: &Array2<F>,
    condition: Array2<F>,
) -> Result<bool, Box<dyn Error>> {
    let model = Model::new(flow, "rows of a test".to_owned(), 0);
    let graph = match export_model(&model) {
        Ok(graph) => graph,
        // The laws invert layers that have no inverse of their own.
        Err(OnnxError::Layer { kind, .. }) if kind.starts_with("inverse-") => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    let given = (condition.ncols() > 0).then(|| condition.view());
    let input = || Input::new(x.view(), given);
    let log_prob = Array1::from(model.flow.log_prob(input())?);
    let z = model.flow.encode(input())?;
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let file = |what: &str| folder.join(format!("{name}.{features}.{}.{what}", F::DTYPE));
    fs::write(file("onnx"), graph)?;
    write_npy(&file("x.npy"), x)?;
    write_npy(&file("log_prob.npy"), &log_prob)?;
    write_npy(&file("z.npy"), &z)?;
    if given.is_some() {
        write_npy(&file("condition.npy"), &condition)?;
    }
    Ok(true)
}
