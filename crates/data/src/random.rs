//! One independent random stream per chunk of work.
//!
//! Work is split into chunks of fixed size, and chunk `k` draws from ChaCha stream `k`. The numbers
//! therefore depend neither on the number of threads nor on scheduling.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// What a stream is used for. Uses of the same seed must not share numbers: otherwise validation
/// patches would carry the noise of the training patches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Train,
    Validation,
    Test,
    Split,
    Model,
    Picture,
}

/// The chunk number takes the low bits of ChaCha's 64-bit stream number, the purpose the high bits.
const CHUNK_BITS: u32 = 48;

/// The generator for `chunk` of `purpose` under `seed`.
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
    fn streams_repeat_and_differ_by_seed_purpose_and_chunk() {
        let first = |seed, purpose, chunk| stream(seed, purpose, chunk).next_u64();
        let base = first(1, Purpose::Train, 0);
        assert_eq!(base, first(1, Purpose::Train, 0));
        assert_ne!(base, first(2, Purpose::Train, 0));
        assert_ne!(base, first(1, Purpose::Test, 0));
        assert_ne!(base, first(1, Purpose::Train, 1));
        assert_ne!(first(1, Purpose::Train, 1), first(1, Purpose::Validation, 0));
    }
}
