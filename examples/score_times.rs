//! Seconds of the scores of rows in memory, for `benches/peers/python.sh`.
//!
//! `score_times MODEL ROWS.npy REPEATS` prints the seconds of each repeat.
#![allow(missing_docs)]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use pdmap::spec::{Draws, TableRows};
use pdmap::{AnyModel, data};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [model, rows, repeats] = &words[..] else { return Err("usage: score_times MODEL ROWS.npy REPEATS".into()) };
    let model = AnyModel::load(Path::new(model))?;
    let rows = data::read_npy::<f32>(Path::new(rows))?;
    for _ in 0..repeats.parse()? {
        let start = Instant::now();
        let scores = model.score_rows(&TableRows::from(rows.view()), None, Draws::default())?;
        println!("{}", start.elapsed().as_secs_f64());
        assert_eq!(scores.len(), rows.nrows());
    }
    Ok(())
}
