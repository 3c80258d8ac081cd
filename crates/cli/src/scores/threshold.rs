//! The threshold below which a row is flagged.

use std::path::Path;

use anyhow::Result;
use pdmap_data::read_numbers;
use serde::Serialize;

use super::quantile;
use crate::args::Score;
use crate::terminal::exit::BadInput;

/// A threshold, its origin, and the number of rows below it.
#[derive(Debug, Serialize)]
pub(crate) struct Threshold {
    /// Nats.
    pub(crate) value: f64,
    /// The file of reference scores and the quantile used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<Reference>,
    /// Rows with log p below the threshold.
    pub(crate) below: u64,
}

/// The origin of a threshold.
#[derive(Debug, Serialize)]
pub(crate) struct Reference {
    pub(crate) name: String,
    pub(crate) rows: usize,
    pub(crate) quantile: f64,
}

impl Threshold {
    /// The requested threshold, if any.
    pub(crate) fn of(args: &Score) -> Result<Option<Self>> {
        let refuse = |message: &str| Err(BadInput(message.to_owned()).into());
        match (args.threshold, &args.reference, args.quantile) {
            (Some(value), None, None) if value.is_finite() => Ok(Some(Self { value, reference: None, below: 0 })),
            (Some(value), None, None) => refuse(&format!("--threshold {value}: must be finite")),
            (Some(_), _, _) => {
                refuse("--threshold cannot be used with --reference and --quantile, which define a threshold")
            }
            (None, Some(path), Some(q)) => Self::from_reference(path, q).map(Some),
            (None, Some(_), None) => refuse("--reference needs --quantile, the quantile to use as the threshold"),
            (None, None, Some(_)) => {
                refuse("--quantile needs --reference, the scores to take it from (for the scored rows use --quantiles)")
            }
            (None, None, None) if args.flags.is_some() => {
                refuse("--flags needs a threshold: --threshold, or --reference and --quantile")
            }
            (None, None, None) => Ok(None),
        }
    }

    fn from_reference(path: &Path, q: f64) -> Result<Self> {
        quantile::check("--quantile", q)?;
        let mut scores = read_numbers(path)?;
        scores.sort_unstable_by(f64::total_cmp);
        let reference = Reference { name: path.display().to_string(), rows: scores.len(), quantile: q };
        Ok(Self { value: quantile::quantile(&scores, q), reference: Some(reference), below: 0 })
    }

    /// Writes 1 for each score below the threshold and 0 otherwise, and counts the scores below.
    pub(crate) fn flag(&mut self, scores: &[f64], flags: &mut Vec<f32>) {
        flags.clear();
        flags.extend(scores.iter().map(|&score| f32::from(u8::from(score < self.value))));
        self.below += scores.iter().filter(|&&score| score < self.value).count() as u64;
    }

    /// A readable line.
    pub(crate) fn describe(&self, rows: u64) -> String {
        let Self { value, below, .. } = self;
        let share = 100.0 * *below as f64 / rows.max(1) as f64;
        let from = self.reference.as_ref().map_or_else(String::new, |reference| {
            format!(" (quantile {} of {} scores in {})", reference.quantile, reference.rows, reference.name)
        });
        format!("threshold {value} nats{from}: {below} of {rows} rows below ({share:.3}%)")
    }
}
