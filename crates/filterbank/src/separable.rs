//! Banks of images and of several channels, built from banks of signals.

use ndarray::Array2;
use ndarray::linalg::kron;
use pdmap_core::{LayerError, Result};

use crate::grid::Period;
use crate::stages::Stages;

impl Stages {
    /// The same bank applied to each of `channels` channels: `W ⊗ I_C` on position-major blocks.
    ///
    /// # Errors
    /// [`LayerError::Range`] for a bank that already has several channels, for zero channels and
    /// sizes that overflow; [`LayerError::Conflict`] for a period of 1, whose stages shift
    /// channels.
    pub fn each_channel(&self, channels: usize) -> Result<Self> {
        let side = self.single()?;
        if side == 1 {
            return Err(LayerError::Conflict {
                first: "a bank of period 1",
                second: "a separate bank for each channel",
            });
        }
        // Check sizes before computing the products.
        Self::identity(self.period(), channels, self.matrices().len())?;
        let eye = Array2::eye(channels);
        Self::new(self.period(), channels, self.matrices().iter().map(|w| kron(w, &eye)).collect())
    }

    /// The separable bank of an image, with `rows` along its height and `columns` along its width:
    /// kernels `h[p,q,·,·,u,v] = r[p,u]·c[q,v]`.
    ///
    /// Its stages are the Kronecker products `W_r ⊗ W_c` of the stages of the two banks, paired
    /// from the last. The position in a block is `t = p·K_w + q`, and a stage of the image is
    /// shifted along both axes exactly where both factors are shifted. If one bank has fewer
    /// stages, identities are applied first, which leaves the count from the last unchanged. (Along
    /// an axis with period 1 nothing is ever shifted.)
    ///
    /// # Errors
    /// Banks of images or of several channels; sizes that overflow.
    pub fn separable(rows: &Self, columns: &Self) -> Result<Self> {
        let period = (rows.single()?, columns.single()?);
        let count = rows.matrices().len().max(columns.matrices().len());
        Self::identity(period, 1, count)?;
        let (rows, columns) = (rows.clone().padded(count)?, columns.clone().padded(count)?);
        let products = rows.matrices().iter().zip(columns.matrices()).map(|(r, c)| kron(r, c));
        Self::new(period, 1, products.collect())
    }

    /// The period of a bank of signals with one channel.
    fn single(&self) -> Result<usize> {
        match (self.period(), self.channels()) {
            (Period::Signal(period), 1) => Ok(period),
            (Period::Image(..), _) => {
                Err(LayerError::Conflict { first: "a bank of images", second: "a bank of signals" })
            }
            (_, channels) => {
                let (value, range) = (channels as f64, "1");
                Err(LayerError::Range { what: "channels of a bank of signals", value, range })
            }
        }
    }
}
