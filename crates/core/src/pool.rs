//! Memory for evaluations that share `&self`, reused between calls.

use std::fmt::{Debug, Formatter};
use std::sync::Mutex;

/// Workspaces that are not in use: as many as evaluations ran at the same time. A clone starts
/// without any.
pub struct Pool<W>(Mutex<Vec<W>>);

impl<W> Default for Pool<W> {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl<W> Clone for Pool<W> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<W> Debug for Pool<W> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pool")
    }
}

impl<W: Default> Pool<W> {
    /// Runs `body` with a workspace, whose contents are those that an earlier call left.
    pub fn with<T>(&self, body: impl FnOnce(&mut W) -> T) -> T {
        let free = self.0.lock().ok().and_then(|mut free| free.pop());
        let mut workspace = free.unwrap_or_default();
        let result = body(&mut workspace);
        if let Ok(mut free) = self.0.lock() {
            free.push(workspace);
        }
        result
    }
}
