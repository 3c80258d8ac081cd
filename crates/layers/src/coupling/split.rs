//! Which features a coupling changes, and which its network reads.

use serde::{Deserialize, Serialize};

use pdmap_core::{LayerError, Result};

/// How a row is split into features that stay and features that change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// The first half stays.
    #[default]
    Halves,
    /// The features stay whose index has a 0 in this binary digit, counted from the last; digits
    /// repeat after the `⌈log₂ D⌉` of the largest index. For 0, every second feature stays. The
    /// couplings of all digits, swapped and not, let every feature depend on every other.
    Digit(u32),
    /// The first half of the channels stays; each position changes depending on a window around it.
    Channels,
    /// Pixels whose row and column indices have an even sum stay; each of the others changes
    /// depending on the pixels that stay in a window around it.
    Checkerboard,
    /// All features change, depending on the condition alone.
    None,
}

/// Marks a position beyond the border.
pub const OUTSIDE: u32 = u32::MAX;

/// What the network of a coupling reads and what changes, cell by cell: one cell for a split of
/// features, and one for each position for [channels](Split::Channels) and
/// [checkerboards](Split::Checkerboard), which share the network.
#[derive(Debug, Clone, Copy)]
pub struct CellFeatures<'a> {
    /// Number of cells.
    pub count: usize,
    /// The features that each cell's network reads, [`OUTSIDE`] beyond the border; equally many for
    /// each cell.
    pub seen: &'a [u32],
    /// The features of each cell that change; equally many for each cell.
    pub changed: &'a [u32],
    /// The last so many features are angles in turns, which every cell's network reads too.
    pub angles: usize,
}

/// The cells of a row. All have the same number of features that change, and of features that their
/// network reads.
#[derive(Debug, Clone)]
pub(super) struct Cells {
    pub(super) count: usize,
    /// Features that each cell's network reads; [`OUTSIDE`] beyond the border.
    pub(super) seen: Vec<u32>,
    /// Features of each cell that change.
    pub(super) changed: Vec<u32>,
    /// The last so many features of a row are angles, which every cell's network reads.
    pub(super) angles: usize,
}

impl Cells {
    /// Numbers that each cell's network reads of a row.
    pub(super) fn inputs_each(&self) -> usize {
        self.seen_each() + 2 * self.angles
    }

    /// Features without angles that each cell's network reads.
    pub(super) fn seen_each(&self) -> usize {
        self.seen.len() / self.count
    }

    pub(super) fn changed_each(&self) -> usize {
        self.changed.len() / self.count
    }
}

impl Split {
    /// The cells of rows of `features` numbers. `swap` exchanges the two parts; `window` is the
    /// side of the window around a position.
    ///
    /// # Errors
    /// Fewer than two features for a split that keeps some; a shape that is missing or of another
    /// size; a window that is even or too large; cells that together read more than 2²⁶ features.
    pub(super) fn cells(self, features: usize, shape: Option<&[usize]>, swap: bool, window: usize) -> Result<Cells> {
        let all = 0..features as u32;
        if features == 0 {
            return Err(LayerError::NoFeatures);
        }
        if self == Self::None {
            return Ok(Cells { count: 1, seen: vec![], changed: all.collect(), angles: 0 });
        }
        if let Self::Halves | Self::Digit(_) = self {
            if features < 2 {
                // At least one feature stays and one changes.
                return Err(LayerError::Features { what: "a coupling", expected: 2, actual: features });
            }
            let (half, digits) = (features.div_ceil(2) as u32, usize::BITS - (features - 1).leading_zeros());
            let stays = |index: u32| match self {
                Self::Digit(digit) => index >> (digit % digits) & 1 == 0,
                _ => index < half,
            };
            let (first, second): (Vec<u32>, Vec<u32>) = all.partition(|&index| stays(index));
            let (seen, changed) = if swap { (second, first) } else { (first, second) };
            return Ok(Cells { count: 1, seen, changed, angles: 0 });
        }
        let image = Image::of(features, shape)?;
        if window.is_multiple_of(2) || window > MOST_WINDOW {
            return Err(LayerError::Range { what: "window", value: window as f64, range: "odd, at most 31" });
        }
        if self == Self::Channels { image.channels(swap, window) } else { image.checkerboard(swap, window) }
    }
}

/// Side of the largest window.
const MOST_WINDOW: usize = 31;

/// Maximum number of features that all cells together read.
const MOST_SEEN: usize = 1 << 26;

/// The planes of a row; a signal is an image with one row.
struct Image {
    channels: usize,
    height: usize,
    width: usize,
}

impl Image {
    fn of(features: usize, shape: Option<&[usize]>) -> Result<Self> {
        let (channels, height, width) = match shape {
            Some(&[channels, length]) => (channels, 1, length),
            Some(&[channels, height, width]) => (channels, height, width),
            _ => return Err(LayerError::NoShape { what: "a coupling of channels or pixels" }),
        };
        let size = channels.checked_mul(height).and_then(|size| size.checked_mul(width));
        if size != Some(features) {
            let actual = size.unwrap_or(usize::MAX);
            return Err(LayerError::Features { what: "the shape of a coupling", expected: features, actual });
        }
        Ok(Self { channels, height, width })
    }

    fn feature(&self, channel: usize, y: usize, x: usize) -> u32 {
        ((channel * self.height + y) * self.width + x) as u32
    }

    /// Positions of a window around `(y, x)`; `None` beyond the border.
    fn window(&self, (y, x): (usize, usize), side: usize) -> impl Iterator<Item = Option<(usize, usize)>> {
        let (half, height, width) = (side / 2, self.height, self.width);
        // A signal has no neighbours above and below.
        let (up, rows) = if height == 1 { (0, 1) } else { (half, side) };
        (0..rows).flat_map(move |dy| {
            (0..side).map(move |dx| {
                let (row, column) = ((y + dy).checked_sub(up)?, (x + dx).checked_sub(half)?);
                (row < height && column < width).then_some((row, column))
            })
        })
    }

    fn bounded(&self, cells: usize, each: usize) -> Result<()> {
        match cells.checked_mul(each).filter(|&seen| seen <= MOST_SEEN) {
            Some(_) => Ok(()),
            None => Err(LayerError::Range {
                what: "features that a coupling reads",
                value: cells as f64 * each as f64,
                range: "at most 2^26",
            }),
        }
    }

    fn channels(&self, swap: bool, window: usize) -> Result<Cells> {
        if self.channels < 2 {
            let actual = self.channels;
            return Err(LayerError::Features { what: "channels of a coupling", expected: 2, actual });
        }
        let half = self.channels.div_ceil(2);
        let (first, second) = (0..half, half..self.channels);
        let (stay, change) = if swap { (second, first) } else { (first, second) };
        let count = self.height * self.width;
        self.bounded(count, stay.len() * window * window)?;
        let (mut seen, mut changed) = (Vec::new(), Vec::new());
        for y in 0..self.height {
            for x in 0..self.width {
                for at in self.window((y, x), window) {
                    seen.extend(stay.clone().map(|channel| at.map_or(OUTSIDE, |(y, x)| self.feature(channel, y, x))));
                }
                changed.extend(change.clone().map(|channel| self.feature(channel, y, x)));
            }
        }
        Ok(Cells { count, seen, changed, angles: 0 })
    }

    fn checkerboard(&self, swap: bool, window: usize) -> Result<Cells> {
        let stays = |(y, x): (usize, usize)| (y + x).is_multiple_of(2) != swap;
        let positions = (0..self.height).flat_map(|y| (0..self.width).map(move |x| (y, x)));
        let changing: Vec<(usize, usize)> = positions.filter(|&at| !stays(at)).collect();
        if changing.is_empty() || changing.len() == self.height * self.width {
            let actual = self.height * self.width;
            return Err(LayerError::Features { what: "pixels of a checkerboard", expected: 2, actual });
        }
        self.bounded(changing.len(), self.channels * window * window)?;
        let (mut seen, mut changed) = (Vec::new(), Vec::new());
        for &(y, x) in &changing {
            // Every second position of a window stays, the same ones for all pixels that change.
            for (place, at) in self.window((y, x), window).enumerate() {
                let (side, half) = (window, window / 2);
                let (dy, dx) = if self.height == 1 { (half, place) } else { (place / side, place % side) };
                if (dy + half + dx + half).is_multiple_of(2) {
                    continue;
                }
                let channels = 0..self.channels;
                seen.extend(channels.map(|channel| at.map_or(OUTSIDE, |(y, x)| self.feature(channel, y, x))));
            }
            changed.extend((0..self.channels).map(|channel| self.feature(channel, y, x)));
        }
        Ok(Cells { count: changing.len(), seen, changed, angles: 0 })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_separate_all_pairs_of_features() {
        for features in [2usize, 3, 5, 8, 13, 64] {
            let digits = (features as f64).log2().ceil() as u32;
            let mut apart = vec![false; features * features];
            for digit in 0..digits {
                let cells = Split::Digit(digit).cells(features, None, false, 3).unwrap();
                assert!(!cells.seen.is_empty() && !cells.changed.is_empty(), "{digit} of {features}");
                assert_eq!(cells.changed, Split::Digit(digit).cells(features, None, true, 3).unwrap().seen);
                assert_eq!(cells.seen, Split::Digit(digit + digits).cells(features, None, false, 3).unwrap().seen);
                for (&a, &b) in cells.seen.iter().flat_map(|a| cells.changed.iter().map(move |b| (a, b))) {
                    apart[a as usize * features + b as usize] = true;
                    apart[b as usize * features + a as usize] = true;
                }
            }
            assert_eq!(apart.iter().filter(|apart| **apart).count(), features * (features - 1), "{features}");
        }
    }

    #[test]
    fn a_window_ends_at_the_border() {
        let image = Image { channels: 1, height: 3, width: 4 };
        let seen = |at, side| image.window(at, side).collect::<Vec<_>>();
        let corner = [None, None, None, None, Some((0, 0)), Some((0, 1)), None, Some((1, 0)), Some((1, 1))];
        assert_eq!(seen((0, 0), 3), corner);
        let end = [Some((1, 2)), Some((1, 3)), None, Some((2, 2)), Some((2, 3)), None, None, None, None];
        assert_eq!(seen((2, 3), 3), end);
        assert_eq!(seen((1, 1), 1), [Some((1, 1))]);
        // A signal has neighbours in its row only.
        let signal = Image { channels: 2, height: 1, width: 4 };
        assert_eq!(signal.window((0, 3), 3).collect::<Vec<_>>(), [Some((0, 2)), Some((0, 3)), None]);
    }
}
