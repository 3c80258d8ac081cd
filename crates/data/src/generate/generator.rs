//! A generator by its name, and back.

use std::fmt;
use std::str::FromStr;

use super::nearest::nearest;
use super::options::{Options, apply};
use super::{Ica, Leaves, Moons};
use crate::DataError;
use crate::element::Element;
use crate::protocol::{Counts, Splits};

/// What every generator's name begins with.
const SCHEME: &str = "synthetic:";

const NAMES: [&str; 3] = [Leaves::NAME, Ica::NAME, Moons::NAME];

/// A source of synthetic data.
///
/// Parsed from `synthetic:NAME` or `synthetic:NAME?key=value&key=value`; displayed with every
/// option, in a form that parses to the same generator.
///
/// ```
/// use pdmap_data::{Counts, Generator};
///
/// let moons: Generator = "synthetic:moons?noise=0.2".parse()?;
/// let counts = Counts { train: 100, validation: 10, test: 10 };
/// assert_eq!(moons.splits::<f32>(counts, 1)?.train.dim(), (100, 2));
/// # Ok::<(), pdmap_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Generator {
    /// `synthetic:leaves?images=300&size=128&patch=8&rmin=1&rmax=64`: patches of dead leaves.
    Leaves(Leaves),
    /// `synthetic:ica?dim=16&source=laplace&condition=10`: mixed independent sources.
    Ica(Ica),
    /// `synthetic:moons?noise=0.1`: two half circles.
    Moons(Moons),
}

impl Generator {
    /// Whether `text` means a generator and not a path.
    #[must_use]
    pub fn is_named_by(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// Generates `counts` rows of each part. The same seed gives the same rows; the parts share
    /// what the seed decides about (the mixing matrix) but no draw.
    ///
    /// # Errors
    /// [`DataError::BadOption`] for options out of range, [`DataError::TooLarge`], and for images
    /// those of [`extract_patches`](crate::extract_patches).
    pub fn splits<F: Element>(&self, counts: Counts, seed: u64) -> Result<Splits<F>, DataError> {
        let mut splits = match self {
            Self::Leaves(leaves) => leaves.splits(counts, seed),
            Self::Ica(ica) => ica.splits(counts, seed),
            Self::Moons(moons) => moons.splits(counts, seed),
        }?;
        self.to_string().clone_into(&mut splits.facts.name);
        Ok(splits)
    }
}

impl FromStr for Generator {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let Some(rest) = text.strip_prefix(SCHEME) else {
            return Err(DataError::NotAGenerator { text: text.to_owned() });
        };
        let (name, options) = rest.split_once('?').unwrap_or((rest, ""));
        match name {
            Leaves::NAME => apply(Leaves::default(), options).map(Self::Leaves),
            Ica::NAME => apply(Ica::default(), options).map(Self::Ica),
            Moons::NAME => apply(Moons::default(), options).map(Self::Moons),
            _ => Err(DataError::UnknownGenerator { name: name.to_owned(), nearest: nearest(name, &NAMES) }),
        }
    }
}

impl fmt::Display for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaves(l) => write!(
                f,
                "{SCHEME}{}?images={}&size={}&patch={}&rmin={}&rmax={}",
                Leaves::NAME,
                l.images,
                l.size,
                l.patch,
                l.r_min,
                l.r_max
            ),
            Self::Ica(i) => write!(
                f,
                "{SCHEME}{}?dim={}&source={}&condition={}",
                Ica::NAME,
                i.dim,
                i.source.name(),
                i.condition
            ),
            Self::Moons(m) => write!(f, "{SCHEME}{}?noise={}", Moons::NAME, m.noise),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn error(text: &str) -> DataError {
        text.parse::<Generator>().unwrap_err()
    }

    #[test]
    fn options_are_read_and_the_display_form_parses_back() {
        let ica: Generator = "synthetic:ica?source=student5&dim=3&condition=2.5".parse().unwrap();
        let expected = Ica { dim: 3, source: super::super::Source::Student5, condition: 2.5 };
        assert_eq!(ica, Generator::Ica(expected));
        for text in [
            "synthetic:leaves",
            "synthetic:leaves?images=5&size=32&patch=4&rmin=0.5&rmax=9",
            "synthetic:ica?dim=2",
            "synthetic:moons?noise=0.25",
        ] {
            let generator: Generator = text.parse().unwrap();
            assert_eq!(generator.to_string().parse::<Generator>().unwrap(), generator);
        }
    }

    #[test]
    fn mistakes_name_the_nearest_known_word() {
        assert!(matches!(
            error("leaves"),
            DataError::NotAGenerator { text } if text == "leaves"
        ));
        assert!(matches!(error("synthetic:moon"), DataError::UnknownGenerator { nearest: "moons", .. }));
        assert!(matches!(
            error("synthetic:ica?dimension=3"),
            DataError::UnknownKey { generator: "ica", nearest: "dim" | "condition", .. }
        ));
        assert!(matches!(error("synthetic:leaves?szie=64"), DataError::UnknownKey { nearest: "size", .. }));
        assert!(matches!(
            error("synthetic:ica?source=laplacian"),
            DataError::UnknownValue { key: "source", nearest: "laplace", .. }
        ));
        assert!(matches!(
            error("synthetic:moons?noise=0.1&noise=0.2"),
            DataError::RepeatedKey { generator: "moons", .. }
        ));
        assert_eq!(
            error("synthetic:moon?noise=1").to_string(),
            "unknown generator \"moon\", nearest is \"moons\""
        );
    }

    #[test]
    fn values_out_of_range_are_refused() {
        for text in [
            "synthetic:moons?noise=0",
            "synthetic:moons?noise=nan",
            "synthetic:moons?noise",
            "synthetic:ica?dim=0",
            "synthetic:ica?dim=-4",
            "synthetic:ica?condition=0.5",
            "synthetic:ica?condition=inf",
            "synthetic:leaves?rmin=0",
            "synthetic:leaves?rmin=5&rmax=4",
            "synthetic:leaves?size=100000",
            "synthetic:leaves?images=2",
            "synthetic:leaves?patch=1",
            "synthetic:leaves?size=16&patch=17",
        ] {
            assert!(
                matches!(error(text), DataError::BadOption { .. }),
                "{text}: {:?}",
                text.parse::<Generator>()
            );
        }
    }
}
