//! `Σ_rows l rᵀ`, held as factors for few rows and as a matrix for many.

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2, Axis};

use crate::linalg::{Add, gemm};
use crate::{Real, Result, check, parallel};

/// A sum of outer products `Σ l rᵀ` over rows, of side `dim`.
///
/// With fewer rows than `dim` it holds the two factors, so that a product with a matrix, `Lᵀ(R W)`,
/// costs `O(rows·dim²)`. From `dim` rows on it holds the summed matrix, and the product `(LᵀR) W`
/// costs `O(dim³)`. A matrix shared by the blocks of a row (convolutions) adds one row per block;
/// the mean over all of them is `E/B`, so that learning rates do not depend on the signal's length.
#[derive(Debug, Clone)]
pub struct OuterSum<F> {
    dim: usize,
    count: usize,
    pending: usize,
    left: Vec<F>,
    right: Vec<F>,
    matrix: Option<Vec<F>>,
    spare: Vec<F>,
    squares: Option<Squares>,
}

/// `Σ l_i²` and `Σ r_i²` of each column of the factors.
#[derive(Debug, Clone, PartialEq)]
pub struct Squares {
    /// Of the left factor.
    pub left: Vec<f64>,
    /// Of the right factor, less the shift.
    pub right: Vec<f64>,
}

/// The form in which an [`OuterSum`] holds its sum.
#[derive(Debug)]
pub enum OuterForm<'a, F> {
    /// Factors `(L, R)`, both `[rows, dim]`: the sum is `LᵀR`.
    Factors(ArrayView2<'a, F>, ArrayView2<'a, F>),
    /// The sum itself, `[dim, dim]`.
    Matrix(ArrayView2<'a, F>),
}

impl<F: Real> OuterSum<F> {
    /// The empty sum.
    pub fn new(dim: usize) -> Self {
        Self { dim, count: 0, pending: 0, left: vec![], right: vec![], matrix: None, spare: vec![], squares: None }
    }

    /// The empty sum, which also sums the squares of the factors.
    #[must_use]
    pub fn with_squares(self) -> Self {
        let zeros = || vec![0.0; self.dim];
        Self { squares: Some(Squares { left: zeros(), right: zeros() }), ..self }
    }

    /// The sums of squares, if they are kept.
    pub fn squares(&self) -> Option<&Squares> {
        self.squares.as_ref()
    }

    /// Rows added since the last `clear`.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Side of the matrix.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Clears the sum, keeps the memory.
    pub fn clear(&mut self) {
        (self.count, self.pending) = (0, 0);
        if let Some(squares) = &mut self.squares {
            squares.left.fill(0.0);
            squares.right.fill(0.0);
        }
        if let Some(matrix) = self.matrix.take() {
            self.spare = matrix;
        }
    }

    /// Adds `Σ_rows left (right − shift)ᵀ`; both are `[rows, dim]`.
    ///
    /// # Errors
    /// Shapes that do not match.
    pub fn add(&mut self, left: ArrayView2<'_, F>, right: ArrayView2<'_, F>, shift: Option<&[F]>) -> Result<()> {
        let (at, end) = (self.pending * self.dim, (self.pending + left.nrows()) * self.dim);
        self.push(left, right, shift)?;
        if let Some(squares) = &mut self.squares {
            add_column_squares(&mut squares.left, &self.left[at..end]);
            add_column_squares(&mut squares.right, &self.right[at..end]);
        }
        Ok(())
    }

    /// Adds to the sum, but not to the squares.
    fn push(&mut self, left: ArrayView2<'_, F>, right: ArrayView2<'_, F>, shift: Option<&[F]>) -> Result<()> {
        let (rows, dim) = (left.nrows(), self.dim);
        check::features("left factor of an outer sum", dim, left.ncols())?;
        check::shape("right factor of an outer sum", (rows, dim), right.dim())?;
        let (at, end) = (self.pending * dim, (self.pending + rows) * dim);
        for buffer in [&mut self.left, &mut self.right] {
            if buffer.len() < end {
                buffer.resize(end, F::zero());
            }
        }
        parallel::copy(&mut self.left[at..end], check::slice("left factor", &left)?);
        let from = check::slice("right factor", &right)?;
        match shift {
            None => parallel::copy(&mut self.right[at..end], from),
            Some(shift) => parallel::rows_mut(&mut self.right[at..end], dim, |row, to| {
                let from = &from[row * dim..(row + 1) * dim];
                to.iter_mut().zip(from).zip(shift).for_each(|((to, &value), &shift)| *to = value - shift);
            }),
        }
        self.pending += rows;
        self.count += rows;
        if self.pending >= dim { self.collapse() } else { Ok(()) }
    }

    /// Adds a sum of `count` outer products computed elsewhere, `[dim, dim]` in row-major order.
    ///
    /// # Errors
    /// A sum of another size.
    pub fn add_sum(&mut self, count: usize, sum: &[F]) -> Result<()> {
        let size = self.dim * self.dim;
        check::shape("sum of outer products", (1, size), (1, sum.len()))?;
        match &mut self.matrix {
            Some(matrix) => parallel::add(matrix, sum),
            None => {
                let mut matrix = std::mem::take(&mut self.spare);
                matrix.resize(size, F::zero());
                parallel::copy(&mut matrix, sum);
                self.matrix = Some(matrix);
            }
        }
        self.count += count;
        Ok(())
    }

    /// Adds another sum of the same side.
    ///
    /// # Errors
    /// A sum of another size.
    pub fn absorb(&mut self, other: &Self) -> Result<()> {
        if let Some(matrix) = &other.matrix {
            self.add_sum(other.count - other.pending, matrix)?;
        }
        let (left, right) = (&other.left, &other.right);
        self.push(view(left, other.pending, other.dim), view(right, other.pending, other.dim), None)?;
        // Those of the other sum count all of its rows.
        if let (Some(own), Some(other)) = (&mut self.squares, &other.squares) {
            let pairs = [(&mut own.left, &other.left), (&mut own.right, &other.right)];
            pairs
                .into_iter()
                .for_each(|(own, other)| own.iter_mut().zip(other).for_each(|(own, &other)| *own += other));
        }
        Ok(())
    }

    /// The sum in its present form: factors or matrix, never a mixture.
    ///
    /// # Errors
    /// None in practice.
    pub fn form(&mut self) -> Result<OuterForm<'_, F>> {
        if self.matrix.is_some() && self.pending > 0 {
            self.collapse()?;
        }
        Ok(match &self.matrix {
            Some(matrix) => OuterForm::Matrix(view(matrix, self.dim, self.dim)),
            None => {
                OuterForm::Factors(view(&self.left, self.pending, self.dim), view(&self.right, self.pending, self.dim))
            }
        })
    }

    /// `out ← [out +] α Σ l rᵀ`.
    ///
    /// # Errors
    /// A shape that does not match.
    pub fn write(&self, alpha: F, add: Add, mut out: ArrayViewMut2<'_, F>) -> Result<()> {
        let (left, right) = (view(&self.left, self.pending, self.dim), view(&self.right, self.pending, self.dim));
        gemm(alpha, left.t(), right, add, out.view_mut())?;
        if let Some(matrix) = &self.matrix {
            out.scaled_add(alpha, &view(matrix, self.dim, self.dim));
        }
        Ok(())
    }

    /// `out ← out + α (Σ l rᵀ) v`, where `out` is a column; O(rows·dim). Takes memory from `scratch`.
    ///
    /// # Errors
    /// Shapes that do not match.
    pub fn add_times_vector(
        &mut self,
        alpha: F,
        v: ArrayView1<'_, F>,
        scratch: &mut Vec<F>,
        out: ArrayViewMut2<'_, F>,
    ) -> Result<()> {
        let v = v.insert_axis(Axis(1));
        match self.form()? {
            OuterForm::Matrix(sum) => gemm(alpha, sum, v, Add::Yes, out),
            OuterForm::Factors(left, right) => {
                let rows = right.nrows();
                scratch.resize(rows.max(scratch.len()), F::zero());
                gemm(F::one(), right, v, Add::No, view_mut(scratch, rows, 1))?;
                gemm(alpha, left.t(), view(scratch, rows, 1), Add::Yes, out)
            }
        }
    }

    fn collapse(&mut self) -> Result<()> {
        let dim = self.dim;
        let (add, mut matrix) = match self.matrix.take() {
            Some(matrix) => (Add::Yes, matrix),
            None => {
                let mut matrix = std::mem::take(&mut self.spare);
                matrix.resize(dim * dim, F::zero());
                (Add::No, matrix)
            }
        };
        let (left, right) = (view(&self.left, self.pending, dim), view(&self.right, self.pending, dim));
        let result = gemm(F::one(), left.t(), right, add, view_mut(&mut matrix, dim, dim));
        self.matrix = Some(matrix);
        self.pending = 0;
        result
    }
}

/// Adds the squares of the numbers of each row, in order: the same bits on any number of threads.
fn add_column_squares<F: Real>(sums: &mut [f64], rows: &[F]) {
    parallel::vectorized(|| {
        for row in rows.chunks_exact(sums.len().max(1)) {
            sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value.f64() * value.f64());
        }
    });
}

/// The first `rows·columns` numbers as a matrix.
pub(crate) fn view<F>(data: &[F], rows: usize, columns: usize) -> ArrayView2<'_, F> {
    match data.get(..rows * columns).map(|data| ArrayView2::from_shape((rows, columns), data)) {
        Some(Ok(view)) => view,
        _ => unreachable!("buffers are sized before they are viewed"),
    }
}

/// The first `rows·columns` numbers as a matrix, for writing.
pub(crate) fn view_mut<F>(data: &mut [F], rows: usize, columns: usize) -> ArrayViewMut2<'_, F> {
    match data.get_mut(..rows * columns).map(|data| ArrayViewMut2::from_shape((rows, columns), data)) {
        Some(Ok(view)) => view,
        _ => unreachable!("buffers are sized before they are viewed"),
    }
}
