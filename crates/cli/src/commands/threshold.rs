//! The score below which a row is flagged.

use std::path::Path;

use anyhow::Result;
use pdmap_data::read_numbers;
use serde::Serialize;

use super::quantile;
use crate::args::Score;
use crate::exit::BadInput;

/// A threshold, where it is from, and how many rows fall below it.
#[derive(Debug, Serialize)]
pub(crate) struct Threshold {
    /// Nats.
    pub(crate) value: f64,
    /// The file of reference scores and the quantile that was taken of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<Reference>,
    /// Rows whose log p is below it.
    pub(crate) below: u64,
}

/// Where a threshold is from.
#[derive(Debug, Serialize)]
pub(crate) struct Reference {
    pub(crate) name: String,
    pub(crate) rows: usize,
    pub(crate) quantile: f64,
}

impl Threshold {
    /// The threshold that the flags ask for, if they do.
    pub(crate) fn of(args: &Score) -> Result<Option<Self>> {
        let refuse = |message: &str| Err(BadInput(message.to_owned()).into());
        match (args.threshold, &args.reference, args.quantile) {
            (Some(value), None, None) if value.is_finite() => {
                Ok(Some(Self { value, reference: None, below: 0 }))
            }
            (Some(value), None, None) => refuse(&format!("--threshold {value}: must be finite")),
            (Some(_), _, _) => {
                refuse("--threshold does not go with --reference and --quantile: they make a threshold")
            }
            (None, Some(path), Some(q)) => Self::from_reference(path, q).map(Some),
            (None, Some(_), None) => refuse("--reference needs --quantile: which quantile is the threshold?"),
            (None, None, Some(_)) => refuse(
                "--quantile needs --reference: the quantile of which scores? (--quantiles are of the scored rows)",
            ),
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

    /// Writes 1 for each score below the threshold and 0 for every other, and counts the former.
    pub(crate) fn flag(&mut self, scores: &[f64], flags: &mut Vec<f32>) {
        flags.clear();
        flags.extend(scores.iter().map(|&score| f32::from(u8::from(score < self.value))));
        self.below += scores.iter().filter(|&&score| score < self.value).count() as u64;
    }

    /// One line for people.
    pub(crate) fn say(&self, rows: u64) -> String {
        let Self { value, below, .. } = self;
        let share = 100.0 * *below as f64 / rows.max(1) as f64;
        let from = self.reference.as_ref().map_or_else(String::new, |reference| {
            format!(" (quantile {} of {} scores in {})", reference.quantile, reference.rows, reference.name)
        });
        format!("threshold {value} nats{from}: {below} of {rows} rows below ({share:.3}%)")
    }
}
