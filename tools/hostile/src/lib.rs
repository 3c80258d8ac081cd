//! Every reader of the project as a function of arbitrary bytes.
//!
//! A [`Target`] feeds bytes to one reader, and what the reader accepts to everything that would be done with it next. Errors are what is
//! expected; a panic, an endless loop, an allocation beyond [`Target::memory`], or two ways to read the same bytes that do not agree is what
//! is looked for. The fuzz targets in `fuzz/` call this crate with bytes that coverage leads to; `tests/corpus.rs` with the committed ones.

#![allow(
    clippy::panic,
    clippy::expect_used,
    reason = "a panic is how a finding is told, to a fuzzer and to a test"
)]

mod arrays;
mod checkpoint;
mod descriptions;
mod framed;
mod images;
mod model_file;
mod scratch;
mod sound;
mod text;

pub use checkpoint::sound_checkpoint;

use std::fmt::{Display, Formatter};
use std::time::Instant;

/// A reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// `.npy` arrays, from a file and from a stream.
    Npy,
    /// `.npz` archives.
    Npz,
    /// An array inside of a sound archive: what its checksum would keep mutated bytes from.
    NpzEntry,
    /// CSV, from a file and from a stream.
    Csv,
    /// IDX images and labels, plain and gzip.
    Idx,
    /// WAV.
    Wav,
    /// PNG and JPEG.
    Images,
    /// Model files, and the flows that they hold.
    ModelFile,
    /// Checkpoints, and the runs that go on from them.
    Checkpoint,
    /// TOML descriptions of models.
    Description,
    /// TOML plans of comparisons.
    Plan,
}

impl Target {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Npy,
        Self::Npz,
        Self::NpzEntry,
        Self::Csv,
        Self::Idx,
        Self::Wav,
        Self::Images,
        Self::ModelFile,
        Self::Checkpoint,
        Self::Description,
        Self::Plan,
    ];

    /// The name of its fuzz target and of the folder with its corpus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Npy => "npy",
            Self::Npz => "npz",
            Self::NpzEntry => "npz_entry",
            Self::Csv => "csv",
            Self::Idx => "idx",
            Self::Wav => "wav",
            Self::Images => "images",
            Self::ModelFile => "model_file",
            Self::Checkpoint => "checkpoint",
            Self::Description => "description",
            Self::Plan => "plan",
        }
    }

    /// Bytes that all memory of a process that feeds files of a few kilobytes may come to.
    pub const fn memory(self) -> usize {
        match self {
            // The stated limits of one image: 2^26 pixels, of 3 bytes decoded and 8 bytes in the end.
            Self::Images => 2 << 30,
            // Free convolutions keep up to 2^24 complex numbers, and half as many more while they make them; what a description or a plan asks for
            // is at most 2^25 numbers of 8 bytes, and a few times as much while it is made and used.
            Self::ModelFile | Self::Description | Self::Plan => 1 << 30,
            _ => 256 << 20,
        }
    }

    /// Lets the reader have `bytes`.
    ///
    /// # Panics
    /// Where the reader or what uses its result panics, or where two readers of the same bytes disagree: a bug is found.
    pub fn feed(self, bytes: &[u8]) {
        match self {
            Self::Npy => arrays::npy(bytes),
            Self::Npz => arrays::npz(bytes),
            Self::NpzEntry => arrays::npz_entry(bytes),
            Self::Csv => text::csv(bytes),
            Self::Idx => images::idx(bytes),
            Self::Wav => sound::wav(bytes),
            Self::Images => images::image(bytes),
            Self::ModelFile => model_file::model_file(bytes),
            Self::Checkpoint => checkpoint::checkpoint(bytes),
            Self::Description => descriptions::description(bytes),
            Self::Plan => descriptions::plan(bytes),
        }
    }
}

/// Seconds, in [`Target::feed_quickly`], of what is worth more of its kind.
const QUICK: f64 = 0.005;

impl Target {
    /// As [`feed`](Self::feed); says whether that was quick. A description of a few bytes may ask for a hundred megabytes, rightly, and what a fuzzer
    /// breeds from it takes as long: it has its turn, but no offspring.
    ///
    /// # Panics
    /// As [`feed`](Self::feed).
    pub fn feed_quickly(self, bytes: &[u8]) -> bool {
        let begun = Instant::now();
        self.feed(bytes);
        begun.elapsed().as_secs_f64() < QUICK
    }
}

impl Display for Target {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
