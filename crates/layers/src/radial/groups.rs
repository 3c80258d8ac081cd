//! Groups of features that share a radius.

use serde::{Deserialize, Serialize};

use pdmap_core::{LayerError, Result};

/// Which features share a radius.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Groups {
    /// All features of a row.
    #[default]
    Row,
    /// This many consecutive features; the last group may have fewer. Channels are stored one after
    /// the other, so a group of `H·W` features is a channel.
    Size(usize),
    /// Patches of `[height, width]` pixels of an image, across all of its channels.
    Patches([usize; 2]),
}

/// The features of each group, for rows of a known width.
#[derive(Debug, Clone)]
pub(super) struct Members {
    pub(super) features: usize,
    pub(super) size: usize,
    /// Features in the order of the groups, unless it is the natural order.
    pub(super) order: Option<Vec<u32>>,
}

impl Groups {
    /// Assigns features to groups.
    ///
    /// # Errors
    /// No features, or an empty group; patches without an image, or that do not tile it.
    pub(super) fn members(&self, features: usize, shape: Option<&[usize]>) -> Result<Members> {
        let contiguous = |size: usize| match size {
            0 => Err(LayerError::Range { what: "features of a group", value: 0.0, range: "at least 1" }),
            _ => Ok(Members { features, size: size.min(features), order: None }),
        };
        if features == 0 {
            return Err(LayerError::NoFeatures);
        }
        match *self {
            Self::Row => contiguous(features),
            Self::Size(size) => contiguous(size),
            Self::Patches([rows, columns]) => {
                let Some(&[channels, height, width]) = shape else {
                    return Err(LayerError::NoShape { what: "a radius of each patch" });
                };
                let area = height.checked_mul(width).and_then(|area| area.checked_mul(channels));
                if area != Some(features) {
                    let actual = area.unwrap_or(usize::MAX);
                    return Err(LayerError::Features { what: "the shape of an image", expected: features, actual });
                }
                for (what, length, period) in [("height", height, rows), ("width", width, columns)] {
                    if period == 0 || !length.is_multiple_of(period) {
                        return Err(LayerError::Indivisible { what, length, period });
                    }
                }
                let mut order = Vec::with_capacity(features);
                for top in (0..height).step_by(rows) {
                    for left in (0..width).step_by(columns) {
                        for channel in 0..channels {
                            for y in top..top + rows {
                                let first = (channel * height + y) * width + left;
                                order.extend((first..first + columns).map(|feature| feature as u32));
                            }
                        }
                    }
                }
                Ok(Members { features, size: channels * rows * columns, order: Some(order) })
            }
        }
    }
}

impl Members {
    /// Number of groups.
    pub(super) fn count(&self) -> usize {
        self.features.div_ceil(self.size)
    }

    /// Number of features of a group.
    pub(super) fn size_of(&self, group: usize) -> usize {
        self.size.min(self.features - group * self.size)
    }

    /// Calls `visit(group, feature)` for each feature of a row.
    #[inline(always)]
    pub(super) fn each(&self, mut visit: impl FnMut(usize, usize)) {
        match &self.order {
            None => {
                for group in 0..self.count() {
                    let first = group * self.size;
                    (first..first + self.size_of(group)).for_each(|feature| visit(group, feature));
                }
            }
            Some(order) => {
                for (group, members) in order.chunks(self.size).enumerate() {
                    members.iter().for_each(|&feature| visit(group, feature as usize));
                }
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_features_and_patches_their_pixels() {
        assert!(matches!(Groups::Size(0).members(4, None), Err(LayerError::Range { .. })));
        assert!(matches!(Groups::Row.members(0, None), Err(LayerError::NoFeatures)));
        assert_eq!(Groups::Size(3).members(4, None).unwrap().size, 3);
        assert_eq!(Groups::Size(9).members(4, None).unwrap().size, 4);
        // Two channels of 2 × 4 pixels in patches of 2 × 2: a patch spans both channels.
        let members = Groups::Patches([2, 2]).members(16, Some(&[2, 2, 4])).unwrap();
        assert_eq!(members.size, 8);
        assert_eq!(members.order.unwrap(), [0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15]);
        let refused = |shape: Option<&[usize]>, patch| Groups::Patches(patch).members(16, shape).unwrap_err();
        assert!(matches!(refused(None, [2, 2]), LayerError::NoShape { .. }));
        assert!(matches!(refused(Some(&[1, 2, 4]), [2, 2]), LayerError::Features { .. }));
        for patch in [[0, 2], [2, 3]] {
            assert!(matches!(refused(Some(&[2, 2, 4]), patch), LayerError::Indivisible { .. }), "{patch:?}");
        }
    }

    #[test]
    fn every_feature_is_visited_once_in_its_group() {
        let visited = |members: &Members| {
            let mut all = vec![];
            members.each(|group, feature| all.push((group, feature)));
            all
        };
        let pairs = Groups::Size(2).members(5, None).unwrap();
        assert_eq!(visited(&pairs), [(0, 0), (0, 1), (1, 2), (1, 3), (2, 4)]);
        let patches = Groups::Patches([1, 2]).members(4, Some(&[1, 2, 2])).unwrap();
        assert_eq!(visited(&patches), [(0, 0), (0, 1), (1, 2), (1, 3)]);
        let columns = Groups::Patches([2, 1]).members(4, Some(&[1, 2, 2])).unwrap();
        assert_eq!(visited(&columns), [(0, 0), (0, 2), (1, 1), (1, 3)]);
    }
}
