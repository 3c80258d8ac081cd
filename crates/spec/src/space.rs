//! The space in which the likelihoods of a table are stated, in words.

use pdmap_layers::preprocess::Domain;

use crate::column_map::ColumnMap;

impl ColumnMap {
    /// The space of likelihoods, in words.
    pub fn space(&self, features: usize) -> String {
        let noise = match self.discrete.len() {
            0 => String::new(),
            1 => ", one of them with uniform noise of one step".to_owned(),
            count => format!(", {count} of them with uniform noise of one step"),
        };
        if let Some(subspace) = &self.subspace {
            let columns = subspace.columns();
            return format!(
                "{features} coordinates in the subspace of the given rows ({columns} columns): principal components of the standardized columns"
            );
        }
        let count = |angles: bool| {
            let domains = self.domains.iter().filter(|&&domain| domain != Domain::Real);
            domains.filter(|domain| domain.is_angle() == angles).count()
        };
        let bounded = match count(false) {
            0 => String::new(),
            count => format!(", {count} with bounds"),
        };
        let angles = match count(true) {
            0 => String::new(),
            1 => ", one angle".to_owned(),
            count => format!(", {count} angles"),
        };
        format!("the space of the given rows ({features} features{noise}{bounded}{angles})")
    }
}
