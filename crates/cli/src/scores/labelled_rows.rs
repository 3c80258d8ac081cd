//! Joint scores of rows with categories.

use anyhow::Result;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, Slice};
use pdmap_core::special::log_sum_exp;
use pdmap_core::{Input, LayerError, Real};
use pdmap_train::{Categories, Completion, LabelDensity, Model, Scorer};

/// The codes of the rows of a file.
#[derive(Debug)]
pub(crate) struct LabelledRows<F> {
    categories: Categories,
    labels: LabelDensity,
    codes: Array2<u32>,
    /// Whether unknown labels are part of the density.
    other: bool,
    /// The rows of the current block, and their one-hot vectors.
    block: (usize, usize),
    one_hot: Array2<F>,
    /// The rows of the block with unknown labels, and what they stand for.
    unknown: Vec<(usize, Vec<Completion>)>,
}

impl<F: Real> LabelledRows<F> {
    /// Codes of all rows for a model with categories.
    pub(crate) fn new(categories: &Categories, labels: &LabelDensity, codes: Array2<u32>, other: bool) -> Self {
        let one_hot = Array2::zeros((0, categories.width()));
        let (categories, labels) = (categories.clone(), labels.clone());
        Self { categories, labels, codes, other, block: (0, 0), one_hot, unknown: vec![] }
    }

    /// Rows in all.
    pub(crate) fn count(&self) -> usize {
        self.codes.nrows()
    }

    /// The one-hot vectors of the rows from `from` to `to`, which there are. A row with unknown
    /// labels has that of one of the combinations that it stands for.
    pub(crate) fn condition(&mut self, from: usize, to: usize) -> Result<ArrayView2<'_, F>> {
        let mut codes = self.codes.slice_axis(Axis(0), Slice::from(from..to)).to_owned();
        (self.block, self.unknown) = ((from, to), vec![]);
        let counts = self.categories.counts();
        for (row, mut codes) in codes.rows_mut().into_iter().enumerate() {
            if codes.iter().zip(&counts).all(|(&code, &count)| (code as usize) < count) {
                continue;
            }
            let stands_for = self.labels.completions(codes.view())?;
            codes.iter_mut().zip(&stands_for[0].codes).for_each(|(code, &known)| *code = known);
            self.unknown.push((row, stands_for));
        }
        self.one_hot = self.categories.one_hot(codes.view());
        Ok(self.one_hot.view())
    }

    /// Rows with unknown labels in the current block.
    pub(crate) fn unknown(&self) -> usize {
        self.unknown.len()
    }

    /// From `log p(x | c)` of the rows of the current block, of which the first has the number
    /// `first`, to `log p(c) + log p(x | c)`, and to its gradient in the numbers.
    pub(crate) fn join(
        &self,
        scorer: &mut Scorer<'_, F>,
        x: ArrayView2<'_, F>,
        first: u64,
        log_prob: &mut [f64],
        mut gradient: Option<ArrayViewMut2<'_, F>>,
    ) -> Result<(), LayerError> {
        let codes = self.codes.slice_axis(Axis(0), Slice::from(self.block.0..self.block.1));
        let log_p = self.labels.log_density(codes, self.other).map_err(LayerError::other)?;
        for (row, stands_for) in &self.unknown {
            let own = x.slice_axis(Axis(0), Slice::from(*row..row + 1));
            let (mut scores, mut slopes) = (Vec::new(), Vec::new());
            for Completion { codes, log_weight } in stands_for {
                let codes = ArrayView2::from_shape((1, codes.len()), codes).map_err(LayerError::other)?;
                let one_hot = self.categories.one_hot::<F>(codes);
                let (mut score, mut slope) = ([0.0], Array2::zeros(own.dim()));
                let to = gradient.is_some().then(|| slope.view_mut());
                scorer.score(Input::from(own).given(one_hot.view()), first + *row as u64, &mut score, to)?;
                scores.push(log_weight + score[0]);
                slopes.push(slope);
            }
            log_prob[*row] = log_sum_exp(scores.iter().copied());
            if let Some(gradient) = &mut gradient {
                let mut sum = gradient.row_mut(*row);
                sum.fill(F::zero());
                for (score, slope) in scores.iter().zip(&slopes) {
                    let share = F::of((score - log_prob[*row]).exp());
                    sum.iter_mut().zip(slope).for_each(|(sum, &slope)| *sum += share * slope);
                }
            }
        }
        log_prob.iter_mut().zip(log_p).for_each(|(score, log_p)| *score += log_p);
        Ok(())
    }
}

impl<F: Real> LabelledRows<F> {
    /// `log p(c) + log p(x | c)` of whole rows, each followed by the one-hot vectors of its
    /// categories.
    pub(crate) fn joint(model: &Model<F>, rows: ArrayView2<'_, F>, other: bool) -> Result<Vec<f64>> {
        let (x, one_hot) = rows.split_at(Axis(1), model.flow.features());
        let Some((categories, labels)) = model.categorical() else { return Ok(model.flow.log_prob(x)?) };
        let mut own = Self::new(categories, labels, categories.codes_of(one_hot), other);
        let mut scores = model.flow.log_prob(Input::from(x).given(own.condition(0, rows.nrows())?))?;
        let mut scorer = Scorer::plain(model);
        own.join(&mut scorer, x, 0, &mut scores, None)?;
        Ok(scores)
    }
}
