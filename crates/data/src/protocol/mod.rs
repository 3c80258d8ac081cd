//! Published data protocols, and the splits that they return.

mod bsds300;
mod image_splits;
mod mnist;
mod splits;
mod wav;

pub use bsds300::{bsds300, tiles};
pub(crate) use image_splits::{ImageSplits, PatchProtocol};
pub use mnist::{MNIST_LAMBDA, mnist};
pub use splits::{Counts, DataFacts, Splits};
pub use wav::{wav, wav_frames};
