//! The machine on which the figures were measured.

use serde::{Deserialize, Serialize};

/// The machine and the build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Processor name.
    pub processor: String,
    /// Compute threads.
    pub threads: usize,
    /// Operating system and architecture.
    pub system: String,
    /// Version of pdmap.
    pub version: String,
    /// The git commit of the build, if known.
    #[serde(default)]
    pub commit: Option<String>,
    /// Whether the build is optimized.
    pub release: bool,
}

impl Machine {
    /// This machine.
    pub fn this() -> Self {
        let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
        Self {
            processor: model.map_or_else(|| "unknown processor".to_owned(), |(_, name)| name.trim().to_owned()),
            threads: rayon::current_num_threads(),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: option_env!("PDMAP_COMMIT").map(str::to_owned),
            release: !cfg!(debug_assertions),
        }
    }

    /// A one-line description.
    pub fn describe(&self) -> String {
        let build = if self.release { "release" } else { "debug" };
        let commit = self.commit.as_ref().map_or_else(String::new, |commit| format!(", commit {commit}"));
        format!(
            "{}, {} threads, {}, pdmap {} ({build}{commit})",
            self.processor, self.threads, self.system, self.version
        )
    }
}
