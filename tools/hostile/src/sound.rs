//! WAV.

use pdmap_data::{Samples, read_wav};

use crate::scratch::with_scratch;

pub(crate) fn wav(bytes: &[u8]) {
    with_scratch!("sound.wav", |scratch| {
        let Ok(sound) = read_wav(scratch.holding(bytes)) else { return };
        let count = match &sound.samples {
            Samples::Integer(samples) => samples.len(),
            Samples::Float(samples) => {
                assert!(samples.iter().all(|sample| sample.is_finite()));
                samples.len()
            }
        };
        assert!(count <= bytes.len(), "more samples than bytes");
        assert_eq!(sound.moments() * sound.channels, count);
    });
}
