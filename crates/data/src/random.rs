//! One independent random stream for each chunk of work.
//!
//! Work is cut into chunks of a fixed size and chunk `k` draws from ChaCha stream `k`. The numbers
//! then depend neither on how many threads there are nor on which of them runs a chunk.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// What a stream is for. Two uses of one seed must not share their numbers: the validation patches
/// would otherwise carry the noise of the training patches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Train,
    Validation,
    Test,
    Split,
    Model,
    Picture,
}

/// Chunk numbers take the low bits of ChaCha's 64-bit stream number, the purpose the high ones.
const CHUNK_BITS: u32 = 48;

/// The generator of chunk `chunk` of the work `purpose` under `seed`.
pub(crate) fn stream(seed: u64, purpose: Purpose, chunk: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(((purpose as u64) << CHUNK_BITS) | chunk as u64);
    rng
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn streams_differ_in_seed_purpose_and_chunk_and_repeat_exactly() {
        let first = |seed, purpose, chunk| stream(seed, purpose, chunk).next_u64();
        let base = first(1, Purpose::Train, 0);
        assert_eq!(base, first(1, Purpose::Train, 0));
        assert_ne!(base, first(2, Purpose::Train, 0));
        assert_ne!(base, first(1, Purpose::Test, 0));
        assert_ne!(base, first(1, Purpose::Train, 1));
        assert_ne!(first(1, Purpose::Train, 1), first(1, Purpose::Validation, 0));
    }
}
