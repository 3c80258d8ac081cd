//! Banks of images and of several channels from banks of signals.

use ndarray::Array2;
use ndarray::linalg::kron;
use pdmap_core::{LayerError, Result};

use crate::grid::Period;
use crate::stages::Stages;

impl Stages {
    /// The same bank on each of `channels` channels by itself: `W ⊗ I_C` on blocks that are position-major.
    ///
    /// # Errors
    /// [`LayerError::Range`] for a bank that has several channels already, for zero channels and sizes that overflow; [`LayerError::Conflict`] for a period of 1, whose
    /// stages are shifted by channels.
    pub fn each_channel(&self, channels: usize) -> Result<Self> {
        let side = self.single()?;
        if side == 1 {
            return Err(LayerError::Conflict {
                first: "a bank of period 1",
                second: "channels by themselves",
            });
        }
        // Checked before the products are made.
        Self::identity(self.period(), channels, self.matrices().len())?;
        let eye = Array2::eye(channels);
        Self::new(self.period(), channels, self.matrices().iter().map(|w| kron(w, &eye)).collect())
    }

    /// The separable bank of an image, `rows` along its height and `columns` along its width: kernels `h[p,q,·,·,u,v] = r[p,u]·c[q,v]`.
    ///
    /// Its stages are the Kronecker products `W_r ⊗ W_c` of theirs, one for one from the last: a block's position is `t = p·K_w + q`, and a stage of the image is
    /// shifted along both axes just where both factors are shifted. Where one bank has fewer stages, identities are applied first, which leaves
    /// the count from the last alone. (Along an axis with period 1 nothing is ever shifted, in either view.)
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

    /// The period of a bank of one channel of a signal.
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
