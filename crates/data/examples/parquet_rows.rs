//! Writes a large Parquet file of random numbers, for `scripts/check-parquet-memory.sh`.
//!
//! ```sh
//! cargo run --release -p pdmap-data --features parquet --example parquet_rows -- OUT ROWS COLUMNS
//! ```
//!
//! Row groups have a million rows, as many writers make them, and pages are compressed with Snappy.
#![allow(missing_docs)]

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::FloatType;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Rows of a row group.
const GROUP: usize = 1 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [out, rows, columns] = arguments.as_slice() else { return Err("arguments: OUT ROWS COLUMNS".into()) };
    let (rows, columns): (usize, usize) = (rows.parse()?, columns.parse()?);
    let fields: String = (0..columns).map(|column| format!("required float x{column};")).collect();
    let schema = Arc::new(parse_message_type(&format!("message rows {{ {fields} }}"))?);
    let properties = Arc::new(WriterProperties::builder().set_compression(Compression::SNAPPY).build());
    let mut writer = SerializedFileWriter::new(BufWriter::new(File::create(out)?), schema, properties)?;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for first in (0..rows).step_by(GROUP) {
        let mut group = writer.next_row_group()?;
        while let Some(mut column) = group.next_column()? {
            let values: Vec<f32> = (0..GROUP.min(rows - first)).map(|_| StandardNormal.sample(&mut rng)).collect();
            column.typed::<FloatType>().write_batch(&values, None, None)?;
            column.close()?;
        }
        group.close()?;
    }
    writer.close()?;
    Ok(())
}
