//! Stores finished runs, so that an interrupted comparison resumes with the remaining ones.

use std::io::Write;
use std::path::{Path, PathBuf};

use ndarray::{Array2, ArrayView2};
use pdmap_data::{read_npy, write_atomically, write_npy};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use crate::error::CompareError;

/// A folder of finished runs, or no storage.
#[derive(Debug, Clone, Default)]
pub struct Store {
    folder: Option<PathBuf>,
}

/// A run on disk: its full identity and its result.
#[derive(Debug, Serialize, Deserialize)]
struct StoredRun<T> {
    identity: Value,
    result: T,
}

impl Store {
    /// Nothing is stored.
    pub fn none() -> Self {
        Self::default()
    }

    /// Stores runs in `folder`, which is created with the first one.
    ///
    /// A run is identified by its model, preprocessing, training options, seed, precision, the
    /// version of the library and the rows; under a time budget, also by the machine. Other changes
    /// of a plan do not repeat it.
    pub fn open(folder: &Path) -> Self {
        Self { folder: Some(folder.to_owned()) }
    }

    fn path(&self, identity: &Value, end: &str) -> Option<PathBuf> {
        let hash = xxh3_64(identity.to_string().as_bytes());
        Some(self.folder.as_ref()?.join(format!("{hash:016x}.{end}")))
    }

    /// Loads the run with this identity and, if `rows > 0`, its `rows` numbers. A run that cannot
    /// be read counts as missing and is repeated.
    pub(crate) fn load<T: DeserializeOwned>(&self, identity: &Value, rows: usize) -> Option<(T, Vec<f64>)> {
        let text = std::fs::read_to_string(self.path(identity, "json")?).ok()?;
        let stored: StoredRun<T> = serde_json::from_str(&text).ok()?;
        if stored.identity != *identity {
            return None;
        }
        if rows == 0 {
            return Some((stored.result, vec![]));
        }
        let values: Array2<f64> = read_npy(&self.path(identity, "npy")?).ok()?;
        (values.len() == rows).then(|| (stored.result, values.into_iter().collect()))
    }

    /// Stores a run. The JSON file that makes it valid is written last.
    pub(crate) fn save<T: Serialize>(&self, identity: &Value, result: &T, rows: &[f64]) -> Result<(), CompareError> {
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
        let stored = StoredRun { identity: identity.clone(), result };
        let text = serde_json::to_string(&stored).map_err(|error| failed(&path, error.to_string()))?;
        write_atomically(&path, |file| file.write_all(text.as_bytes()))
            .map_err(|error| failed(&path, error.to_string()))
    }
}
