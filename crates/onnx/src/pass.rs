//! The state of a pass from rows to codes.

use crate::graph::{Graph, Type, Value};

/// Rows on their way through the layers, and what they have gathered so far.
#[derive(Debug)]
pub(crate) struct Pass<'g> {
    /// The graph.
    pub(crate) graph: &'g Graph,
    /// The rows, `[rows, features]`.
    pub(crate) x: Value<'g>,
    /// Numbers of a row.
    pub(crate) features: usize,
    /// The condition as layers see it, `[rows, conditions]`.
    pub(crate) condition: Option<Value<'g>>,
    /// The log-determinant so far.
    pub(crate) total: Total<'g>,
    /// Where the present layer stands, for errors.
    pub(crate) place: Vec<usize>,
}

/// A sum of one number for each row, and where the density is 0.
#[derive(Debug, Default)]
pub(crate) struct Total<'g> {
    /// Terms, each `[rows]` in double precision.
    terms: Vec<Value<'g>>,
    /// A term that is the same for all rows.
    constant: f64,
    /// Rows with a density of 0, each `[rows]`.
    outside: Vec<Value<'g>>,
}

impl<'g> Total<'g> {
    /// Adds a number for each row.
    pub(crate) fn add(&mut self, term: Value<'g>) {
        self.terms.push(term.cast(Type::Double));
    }

    /// Adds a number to all rows.
    pub(crate) fn add_constant(&mut self, constant: f64) {
        self.constant += constant;
    }

    /// Rows where any is true, of `[rows, n]`, have a density of 0.
    pub(crate) fn exclude(&mut self, outside: Value<'g>) {
        self.outside.push(outside.any());
    }

    /// The sum of all terms, `−∞` for rows with a density of 0. Of `rows` there is one number for each
    /// row, if there is no other term.
    pub(crate) fn finish(self, rows: Value<'g>) -> Value<'g> {
        let mut terms = self.terms.into_iter();
        let first = terms.next().unwrap_or_else(|| rows.slice(1, 0, 1).squeeze(1).cast(Type::Double) * 0.0);
        let sum = terms.fold(first, |sum, term| sum + term) + self.constant;
        let none = sum.like(f64::NEG_INFINITY);
        let outside = self.outside.into_iter().fold(sum.is_nan(), Value::or);
        outside.select(none, sum)
    }
}

impl<'g> Pass<'g> {
    /// Applies a map to each number: the new numbers, and the logarithms of the slopes.
    pub(crate) fn each(&mut self, y: Value<'g>, log_slopes: Value<'g>) {
        self.x = y;
        self.add_log_slopes(log_slopes);
    }

    /// Adds the sum over each row, in double precision.
    pub(crate) fn add_log_slopes(&mut self, log_slopes: Value<'g>) {
        self.total.add(log_slopes.cast(Type::Double).sum(1, false));
    }

    /// The place of the present layer, in words.
    pub(crate) fn place(&self) -> String {
        let all: Vec<String> = self.place.iter().map(usize::to_string).collect();
        all.join(".")
    }

    /// Puts the numbers of `changed` in the place of the features of these indices; others stay.
    pub(crate) fn replace(&mut self, indices: &[usize], changed: Value<'g>) {
        let mut from: Vec<usize> = (0..self.features).collect();
        for (position, &feature) in indices.iter().enumerate() {
            from[feature] = self.features + position;
        }
        self.x = self.x.beside(1, &[changed]).take(1, from);
    }
}

impl<'g> Pass<'g> {
    /// A pass that starts with other rows.
    pub(crate) fn on(&self, x: Value<'g>, features: usize) -> Self {
        let Self { graph, condition, ref place, .. } = *self;
        Self { graph, x, features, condition, total: Total::default(), place: place.clone() }
    }
}
