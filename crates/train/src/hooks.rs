//! What a caller does with a run while it goes on.

use crate::checkpoint::Checkpoints;
use crate::outcome::Event;

/// What a caller does with a run while it goes on; by default nothing.
#[derive(Default)]
pub struct Hooks<'a> {
    /// Called with each event.
    pub watch: Option<&'a mut (dyn FnMut(Event) + Send)>,
    /// Asked after each step: whether the run stops here, after writing its checkpoint.
    pub stop: Option<&'a (dyn Fn() -> bool + Sync)>,
    /// Where checkpoints go, and whether the run resumes from one.
    pub checkpoints: Option<&'a mut Checkpoints>,
}

impl<'a> Hooks<'a> {
    /// No hooks but `watch`.
    pub fn new(watch: &'a mut (dyn FnMut(Event) + Send)) -> Self {
        Self { watch: Some(watch), ..Self::default() }
    }

    pub(crate) fn tell(&mut self, event: Event) {
        if let Some(watch) = &mut self.watch {
            watch(event);
        }
    }

    pub(crate) fn stops(&self) -> bool {
        self.stop.is_some_and(|stop| stop())
    }
}

impl std::fmt::Debug for Hooks<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hooks").field("checkpoints", &self.checkpoints).finish_non_exhaustive()
    }
}
