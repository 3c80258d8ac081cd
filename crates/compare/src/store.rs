//! Runs that are finished are kept, so that a comparison that was killed goes on with the others.

use std::io::Write;
use std::path::{Path, PathBuf};

use ndarray::{Array2, ArrayView2};
use pdmap_data::{read_npy, write_atomically, write_npy};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use crate::CompareError;

/// A folder of finished runs, or nowhere.
#[derive(Debug, Clone, Default)]
pub struct Store {
    folder: Option<PathBuf>,
}

/// A run on disk: what it was a run of, in full, and what came out.
#[derive(Debug, Serialize, Deserialize)]
struct Kept<T> {
    identity: Value,
    result: T,
}

impl Store {
    /// Nothing is kept.
    pub fn none() -> Self {
        Self::default()
    }

    /// Runs are kept in `folder`, which is made with the first of them where it is missing. What makes a run that run is its model, preprocessing,
    /// training, seed, precision, the version of the library and the rows (under a budget of time, the machine too): whatever else changes in a
    /// plan, it is not made again.
    pub fn open(folder: &Path) -> Self {
        Self { folder: Some(folder.to_owned()) }
    }

    fn path(&self, identity: &Value, end: &str) -> Option<PathBuf> {
        let hash = xxh3_64(identity.to_string().as_bytes());
        Some(self.folder.as_ref()?.join(format!("{hash:016x}.{end}")))
    }

    /// The run of that identity, with `rows` numbers beside it where it has some. Whatever cannot be read is as good as missing: the run is made
    /// again.
    pub(crate) fn load<T: DeserializeOwned>(&self, identity: &Value, rows: usize) -> Option<(T, Vec<f64>)> {
        let text = std::fs::read_to_string(self.path(identity, "json")?).ok()?;
        let kept: Kept<T> = serde_json::from_str(&text).ok()?;
        if kept.identity != *identity {
            return None;
        }
        if rows == 0 {
            return Some((kept.result, vec![]));
        }
        let values: Array2<f64> = read_npy(&self.path(identity, "npy")?).ok()?;
        (values.len() == rows).then(|| (kept.result, values.into_iter().collect()))
    }

    /// Keeps a run. The file that makes it count is written last.
    pub(crate) fn save<T: Serialize>(
        &self,
        identity: &Value,
        result: &T,
        rows: &[f64],
    ) -> Result<(), CompareError> {
        let (Some(path), Some(beside)) = (self.path(identity, "json"), self.path(identity, "npy")) else {
            return Ok(());
        };
        let failed = |path: &Path, reason: String| CompareError::Store { path: path.to_owned(), reason };
        if let Some(folder) = &self.folder {
            std::fs::create_dir_all(folder).map_err(|error| failed(folder, error.to_string()))?;
        }
        if !rows.is_empty() {
            let rows = ArrayView2::from_shape((rows.len(), 1), rows);
            let rows = rows.map_err(|error| failed(&beside, error.to_string()))?;
            write_npy(&beside, &rows).map_err(|error| failed(&beside, error.to_string()))?;
        }
        let kept = Kept { identity: identity.clone(), result };
        let text = serde_json::to_string(&kept).map_err(|error| failed(&path, error.to_string()))?;
        write_atomically(&path, |file| file.write_all(text.as_bytes()))
            .map_err(|error| failed(&path, error.to_string()))
    }
}
