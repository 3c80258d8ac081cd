//! Flags about the values that columns can have.

use clap::Args;
use pdmap_train::{ColumnDomain, ColumnDomains};

/// Bounds and periods of columns.
#[derive(Debug, Clone, Args)]
pub(crate) struct DomainArgs {
    /// Bounds of a column, by its name or its index from 0: 'share=0..1', 'age=0..' or 'loss=..0'.
    /// The density is 0 outside, and no sample is outside; may be repeated
    #[arg(long, value_name = "COLUMN=A..B", value_parser = ColumnDomain::bound, allow_hyphen_values = true)]
    pub(crate) bound: Vec<ColumnDomain>,
    /// A column of angles, or of other periodic numbers, by its name or its index from 0, with its
    /// period: 'direction=360', or one turn in which samples are, 'longitude=-180..180'. The density
    /// has no jump where a turn ends; may be repeated
    #[arg(long, value_name = "COLUMN=PERIOD|A..B", value_parser = ColumnDomain::angle, allow_hyphen_values = true)]
    pub(crate) angle: Vec<ColumnDomain>,
}

impl DomainArgs {
    /// All of them.
    pub(crate) fn domains(&self) -> ColumnDomains {
        ColumnDomains(self.bound.iter().chain(&self.angle).cloned().collect())
    }
}
