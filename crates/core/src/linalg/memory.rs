//! Scratch memory of factorizations.

use faer::dyn_stack::{MemBuffer, MemStack, StackReq};

/// Scratch memory of the factorization, with its size in bytes; a clone starts empty.
#[derive(Default)]
pub(super) struct Memory(Option<(usize, MemBuffer)>);

impl Clone for Memory {
    fn clone(&self) -> Self {
        Self(None)
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.0.as_ref().map_or(0, |(bytes, _)| *bytes))
    }
}

impl Memory {
    /// A stack of at least the needed size. All requests have the same alignment.
    pub(super) fn stack(&mut self, need: StackReq) -> &mut MemStack {
        let bytes = need.size_bytes();
        if self.0.as_ref().is_none_or(|(had, _)| *had < bytes) {
            self.0 = None;
        }
        let (_, buffer) = self.0.get_or_insert_with(|| (bytes, MemBuffer::new(need)));
        MemStack::new(buffer)
    }
}
