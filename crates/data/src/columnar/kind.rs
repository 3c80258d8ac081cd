//! What the values of a column stand for.

/// What the values of a column stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Numbers, with bool as 0 and 1.
    Number,
    /// Integers in units of `10^-scale`.
    Decimal {
        scale: i32,
    },
    /// Days since 1970-01-01.
    Date,
    /// Points in time, in ticks since 1970-01-01 00:00:00 UTC.
    Time {
        per_second: u64,
    },
    /// Times of a day and durations, in ticks.
    Span {
        per_second: u64,
    },
    Text,
    /// Something that is neither a number nor text, in words.
    Other(&'static str),
}

impl Kind {
    /// Whether the values can be features.
    pub(crate) fn is_numeric(self) -> bool {
        !matches!(self, Self::Text | Self::Other(_))
    }

    /// What the column holds, in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Number => "numbers",
            Self::Decimal { .. } => "decimal numbers",
            Self::Date => "dates",
            Self::Time { .. } => "times",
            Self::Span { .. } => "times of day or durations",
            Self::Text => "text",
            Self::Other(words) => words,
        }
    }
}
