//! Renders one image of occluding discs.

use ndarray::Array2;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Samples per pixel along each axis.
const OVERSAMPLE: usize = 2;

/// The parameters of an image of discs, as in [`Leaves`](super::Leaves).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Discs {
    /// Side of the image, pixels.
    pub(crate) size: usize,
    /// Smallest radius, pixels.
    pub(crate) r_min: f64,
    /// Largest radius, pixels.
    pub(crate) r_max: f64,
}

impl Discs {
    /// Draws a radius with density proportional to `r^-3` on `[r_min, r_max]` by inverting the
    /// distribution function `(r_min^-2 - r^-2) / (r_min^-2 - r_max^-2)`.
    pub(crate) fn radius(&self, rng: &mut ChaCha8Rng) -> f64 {
        let (near, far) = (self.r_min.powi(-2), self.r_max.powi(-2));
        (near - rng.random::<f64>() * (near - far)).powf(-0.5)
    }

    /// An image of `size` x `size` integer grey levels.
    pub(crate) fn render(&self, rng: &mut ChaCha8Rng) -> Array2<f64> {
        let fine = self.cover(rng);
        let samples = (OVERSAMPLE * OVERSAMPLE) as f64;
        let width = self.size * OVERSAMPLE;
        Array2::from_shape_fn((self.size, self.size), |(y, x)| {
            let mut sum = 0.0;
            for dy in 0..OVERSAMPLE {
                let start = (y * OVERSAMPLE + dy) * width + x * OVERSAMPLE;
                let cells = &fine[start..start + OVERSAMPLE];
                sum += cells.iter().flatten().map(|&l| f64::from(l)).sum::<f64>();
            }
            // Integer levels, as a camera stores them; dequantization adds noise of width 1.
            (sum / samples).round()
        })
    }

    /// The grey level of every sample, `(2 size)^2` in reading order, each `Some`.
    ///
    /// Discs are placed front to back: each fills only samples not yet covered, until none is left.
    /// This samples the stationary process exactly; painting a fixed number of discs over each
    /// other does not.
    pub(crate) fn cover(&self, rng: &mut ChaCha8Rng) -> Vec<Option<u8>> {
        let side = self.size * OVERSAMPLE;
        let scale = OVERSAMPLE as f64;
        let mut levels: Vec<Option<u8>> = vec![None; side * side];
        let mut open_in_row = vec![side; side];
        let mut open = side * side;
        while open > 0 {
            let radius = self.radius(rng);
            // Centres lie up to r_max outside the frame even for small discs. If their range
            // depended on the radius, the distribution of visible radii would change.
            let mut centre = || scale * (rng.random::<f64>() * (self.size as f64 + 2.0 * self.r_max) - self.r_max);
            let (x, y) = (centre(), centre());
            let level: u8 = rng.random();
            let radius = radius * scale;
            for row in samples(y, radius, side) {
                if open_in_row[row] == 0 {
                    continue;
                }
                let offset = row as f64 + 0.5 - y;
                let half = (radius * radius - offset * offset).max(0.0).sqrt();
                let mut filled = 0;
                let span = samples(x, half, side);
                for cell in &mut levels[row * side..][span] {
                    if cell.is_none() {
                        *cell = Some(level);
                        filled += 1;
                    }
                }
                open_in_row[row] -= filled;
                open -= filled;
            }
        }
        levels
    }
}

/// The samples `i` of `0..side`, located at `i + 1/2`, within `reach` of `centre`.
fn samples(centre: f64, reach: f64, side: usize) -> std::ops::Range<usize> {
    // The cast saturates negative and large floats.
    let start = ((centre - reach - 0.5).ceil().max(0.0) as usize).min(side);
    let end = ((centre + reach + 0.5).floor().max(0.0) as usize).min(side);
    start..end.max(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};

    const DISCS: Discs = Discs { size: 64, r_min: 1.0, r_max: 16.0 };

    #[test]
    fn samples_lie_within_reach() {
        for (centre, reach) in [(3.2, 1.4), (-2.0, 3.1), (9.9, 0.2), (5.5, 0.0), (50.0, 3.0)] {
            let expected: Vec<usize> = (0..10).filter(|&i| (i as f64 + 0.5 - centre).abs() <= reach).collect();
            let found: Vec<usize> = samples(centre, reach, 10).collect();
            assert_eq!(found, expected, "{centre} {reach}");
        }
    }

    #[test]
    fn radii_follow_the_inverse_cube_law() {
        let mut rng = stream(1, Purpose::Picture, 0);
        let count = 100_000;
        let mut radii: Vec<f64> = (0..count).map(|_| DISCS.radius(&mut rng)).collect();
        radii.sort_by(f64::total_cmp);
        assert!(radii[0] >= 1.0 && radii[count - 1] <= 16.0);
        // The mean area per octave of radius is constant: scale invariance.
        let area = |from: f64, to: f64| -> f64 {
            let inside = radii.iter().filter(|&&r| r >= from && r < to);
            inside.map(|r| r * r).sum::<f64>() / count as f64
        };
        let expected = 2.0 * std::f64::consts::LN_2 / (1.0 - 1.0 / 256.0);
        for octave in [1.0, 2.0, 4.0, 8.0] {
            let found = area(octave, 2.0 * octave);
            assert!((found / expected - 1.0).abs() < 0.12, "{octave}: {found}");
        }
    }

    #[test]
    fn samples_are_covered_by_integer_levels_of_the_full_range() {
        let levels = DISCS.cover(&mut stream(2, Purpose::Picture, 0));
        assert_eq!(levels.len(), 128 * 128);
        assert!(levels.iter().all(Option::is_some));
        let picture = DISCS.render(&mut stream(2, Purpose::Picture, 0));
        let (low, high) = picture.iter().fold((255.0_f64, 0.0_f64), |(l, h), &p| (l.min(p), h.max(p)));
        assert!(low < 20.0 && high > 235.0, "{low} {high}");
        assert!(picture.iter().all(|p| p.fract() == 0.0));
    }

    /// The area that a disc of radius `r` shares with its translation by `d`.
    fn lens(r: f64, d: f64) -> f64 {
        if d >= 2.0 * r {
            return 0.0;
        }
        2.0 * r * r * (d / (2.0 * r)).acos() - 0.5 * d * (4.0 * r * r - d * d).sqrt()
    }

    /// Two points at distance `d` show the same leaf with probability `g(d) / (2 g(0) - g(d))`,
    /// where `g` is the mean of [`lens`] over the radii. This is the correlation of their levels.
    fn correlation(d: usize) -> f64 {
        let mean_lens = |d: f64| -> f64 {
            let cells = 20_000;
            let step = (DISCS.r_max - DISCS.r_min) / f64::from(cells);
            (0..cells)
                .map(|cell| DISCS.r_min + (f64::from(cell) + 0.5) * step)
                .map(|r| lens(r, d) * r.powi(-3) * step)
                .sum()
        };
        let shared = mean_lens(d as f64);
        shared / (2.0 * mean_lens(0.0) - shared)
    }

    /// The correlation measured along lines of pixels.
    fn measured(lines: &[Vec<f64>], d: usize) -> f64 {
        let products =
            lines.iter().flat_map(|line| line.iter().zip(&line[d..]).map(|(a, b)| (a - 127.5) * (b - 127.5)));
        let (sum, count) = products.fold((0.0, 0.0), |(sum, count), product| (sum + product, count + 1.0));
        sum / count / ((256.0 * 256.0 - 1.0) / 12.0)
    }

    fn check_correlations(lines: &[Vec<f64>]) {
        for d in [4, 8, 16] {
            let (found, expected) = (measured(lines, d), correlation(d));
            assert!((found - expected).abs() < 0.03, "distance {d}: {found} instead of {expected}");
        }
    }

    fn picture(seed: u64, index: usize) -> Array2<f64> {
        DISCS.render(&mut stream(seed, Purpose::Picture, index))
    }

    #[test]
    fn correlations_match_the_model() {
        let lines: Vec<Vec<f64>> = (0..150)
            .flat_map(|k| picture(3, k).rows().into_iter().map(|row| row.to_vec()).collect::<Vec<_>>())
            .collect();
        check_correlations(&lines);
    }

    /// Discs kept inside the frame would leave the margins to small discs.
    #[test]
    fn the_margin_resembles_the_middle() {
        let lines: Vec<Vec<f64>> = (0..800)
            .flat_map(|k| {
                let picture = picture(4, k);
                let last = DISCS.size - 1;
                [picture.row(0), picture.row(last), picture.column(0), picture.column(last)].map(|l| l.to_vec())
            })
            .collect();
        check_correlations(&lines);
    }
}
