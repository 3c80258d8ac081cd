//! Generators by name.

use std::fmt;
use std::str::FromStr;

use ndarray::ArrayView2;

use super::ar1::Ar1;
use super::checkerboard::Checkerboard;
use super::density::{self, Density};
use super::gaussians::Gaussians;
use super::ica::Ica;
use super::leaves::Leaves;
use super::moons::Moons;
use super::rings::Rings;
use super::settings::{Options, apply, describe, nearest};
use super::sine::Sine;
use super::spirals::Spirals;
use crate::element::Element;
use crate::error::DataError;
use crate::protocol::{Counts, Splits};
use crate::validate::check_rows;

/// The prefix of every generator name.
const SCHEME: &str = "synthetic:";

const NAMES: [&str; 9] = [
    Leaves::NAME,
    Ica::NAME,
    Moons::NAME,
    Ar1::NAME,
    Checkerboard::NAME,
    Rings::NAME,
    Spirals::NAME,
    Gaussians::NAME,
    Sine::NAME,
];

/// A source of synthetic data.
///
/// Parsed from `synthetic:NAME` or `synthetic:NAME?key=value&key=value`. Displayed with every
/// option, in a form that parses back to the same generator. [`generate`](crate::generate) lists
/// all generators.
///
/// ```
/// use pdmap_data::{Counts, Generator};
///
/// let moons: Generator = "synthetic:moons?noise=0.2".parse()?;
/// let counts = Counts { train: 100, validation: 10, test: 10 };
/// let splits = moons.splits::<f32>(counts, 1)?;
/// assert_eq!(splits.train.dim(), (100, 2));
///
/// // The true log-density of the same rows on which a model is evaluated.
/// let truth = moons.log_density(splits.test.view(), 1)?.unwrap_or_default();
/// let mean = truth.iter().sum::<f64>() / truth.len() as f64;
/// assert_eq!(splits.facts.test_truth, Some(mean));
/// # Ok::<(), pdmap_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Generator {
    /// `synthetic:leaves?images=300&size=128&patch=8&rmin=1&rmax=64`: patches of dead leaves.
    Leaves(Leaves),
    /// `synthetic:ica?dim=16&source=laplace&condition=10`: linear mixtures of independent sources.
    Ica(Ica),
    /// `synthetic:moons?noise=0.1`: two half circles.
    Moons(Moons),
    /// `synthetic:ar1?rho=0.95&length=256`: stretches of a Gaussian series.
    Ar1(Ar1),
    /// `synthetic:checkerboard?cells=4`: uniform on the dark cells of a board.
    Checkerboard(Checkerboard),
    /// `synthetic:rings?rings=4&noise=0.08`: concentric circles.
    Rings(Rings),
    /// `synthetic:2spirals?noise=0.1`: two spiral arms.
    Spirals(Spirals),
    /// `synthetic:8gaussians?noise=0.5`: eight Gaussians on a circle.
    Gaussians(Gaussians),
    /// `synthetic:sine?noise=0.1`: a noisy sine.
    Sine(Sine),
}

impl Generator {
    /// Whether `text` names a generator rather than a path.
    #[must_use]
    pub fn is_named_by(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// Generates `counts` rows of each part. The same seed gives the same rows. The parts share
    /// everything that the seed determines (such as the mixing matrix), but no random draws.
    ///
    /// # Errors
    /// [`DataError::BadOption`] for options out of range, [`DataError::TooLarge`], and for images
    /// the errors of [`extract_patches`](crate::extract_patches).
    pub fn splits<F: Element>(&self, counts: Counts, seed: u64) -> Result<Splits<F>, DataError> {
        let name = self.to_string();
        if let Self::Leaves(leaves) = self {
            let mut splits = leaves.splits(counts, seed)?;
            splits.facts.name = name;
            return Ok(splits);
        }
        match self.density(seed)? {
            Some(density) => density::splits(density.as_ref(), name, counts, seed),
            None => Err(DataError::NotAGenerator { text: name }),
        }
    }

    /// `ln p(row)` of each row, nats, under the density that [`Self::splits`] samples with `seed`;
    /// `-inf` outside its support, `None` if no density is known (leaves). Only ICA depends on the
    /// seed, through its mixing matrix.
    ///
    /// Rows are evaluated after rounding to `F`. A row that rounding moved over an edge of the
    /// support counts as on the edge.
    ///
    /// # Errors
    /// [`DataError::BadOption`] for options out of range, [`DataError::FeatureMismatch`] if the
    /// number of features differs, and those of [`check_rows`].
    pub fn log_density<F: Element>(&self, rows: ArrayView2<'_, F>, seed: u64) -> Result<Option<Vec<f64>>, DataError> {
        let Some(density) = self.density(seed)? else { return Ok(None) };
        let (expected, actual) = (density.features(), rows.ncols());
        if expected != actual {
            return Err(DataError::FeatureMismatch { name: self.to_string(), expected, actual });
        }
        check_rows(rows, &self.to_string())?;
        Ok(Some(density::log_density(density.as_ref(), rows)))
    }

    /// The density for `seed` after checking the options; `None` if unknown.
    fn density(&self, seed: u64) -> Result<Option<Box<dyn Density>>, DataError> {
        fn checked<T: Options + Density + Copy + 'static>(options: &T) -> Result<Box<dyn Density>, DataError> {
            options.check()?;
            Ok(Box::new(*options))
        }
        match self {
            Self::Leaves(_) => return Ok(None),
            Self::Ica(ica) => ica.density(seed).map(|density| Box::new(density) as Box<dyn Density>),
            Self::Moons(moons) => checked(moons),
            Self::Ar1(ar1) => checked(ar1),
            Self::Checkerboard(board) => checked(board),
            Self::Rings(rings) => checked(rings),
            Self::Spirals(spirals) => checked(spirals),
            Self::Gaussians(gaussians) => checked(gaussians),
            Self::Sine(sine) => checked(sine),
        }
        .map(Some)
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
            Ar1::NAME => apply(Ar1::default(), options).map(Self::Ar1),
            Checkerboard::NAME => apply(Checkerboard::default(), options).map(Self::Checkerboard),
            Rings::NAME => apply(Rings::default(), options).map(Self::Rings),
            Spirals::NAME => apply(Spirals::default(), options).map(Self::Spirals),
            Gaussians::NAME => apply(Gaussians::default(), options).map(Self::Gaussians),
            Sine::NAME => apply(Sine::default(), options).map(Self::Sine),
            _ => Err(DataError::UnknownGenerator { name: name.to_owned(), nearest: nearest(name, &NAMES) }),
        }
    }
}

impl fmt::Display for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let described = match self {
            Self::Leaves(leaves) => describe(leaves),
            Self::Ica(ica) => describe(ica),
            Self::Moons(moons) => describe(moons),
            Self::Ar1(ar1) => describe(ar1),
            Self::Checkerboard(board) => describe(board),
            Self::Rings(rings) => describe(rings),
            Self::Spirals(spirals) => describe(spirals),
            Self::Gaussians(gaussians) => describe(gaussians),
            Self::Sine(sine) => describe(sine),
        };
        write!(f, "{SCHEME}{described}")
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
    fn options_are_parsed_and_the_display_form_parses_back() {
        let ica: Generator = "synthetic:ica?source=student5&dim=3&condition=2.5".parse().unwrap();
        let expected = Ica { dim: 3, source: super::super::Source::Student5, condition: 2.5 };
        assert_eq!(ica, Generator::Ica(expected));
        for text in [
            "synthetic:leaves",
            "synthetic:leaves?images=5&size=32&patch=4&rmin=0.5&rmax=9",
            "synthetic:ica?dim=2",
            "synthetic:moons?noise=0.25",
            "synthetic:ar1?rho=-0.5&length=3",
            "synthetic:checkerboard?cells=8",
            "synthetic:rings?rings=2&noise=0.1",
            "synthetic:2spirals?noise=0.05",
            "synthetic:8gaussians?noise=0.2",
            "synthetic:sine?noise=0.001",
        ] {
            let generator: Generator = text.parse().unwrap();
            assert_eq!(generator.to_string().parse::<Generator>().unwrap(), generator);
        }
        for name in NAMES {
            let generator: Generator = format!("{SCHEME}{name}").parse().unwrap();
            assert_eq!(generator.to_string().parse::<Generator>().unwrap(), generator);
        }
        let rings: Generator = "synthetic:rings?noise=0.2".parse().unwrap();
        assert_eq!(rings.to_string(), "synthetic:rings?rings=4&noise=0.2");
    }

    #[test]
    fn errors_suggest_the_nearest_known_word() {
        assert!(matches!(
            error("leaves"),
            DataError::NotAGenerator { text } if text == "leaves"
        ));
        assert!(matches!(error("synthetic:moon"), DataError::UnknownGenerator { nearest: "moons", .. }));
        for (name, known) in
            [("spirals", "2spirals"), ("gaussians", "8gaussians"), ("ar", "ar1"), ("chekerboard", "checkerboard")]
        {
            let error = error(&format!("synthetic:{name}"));
            assert!(matches!(error, DataError::UnknownGenerator { nearest, .. } if nearest == known), "{error}");
        }
        assert!(matches!(error("synthetic:ar1?lenght=3"), DataError::UnknownKey { nearest: "length", .. }));
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
        assert_eq!(error("synthetic:moon?noise=1").to_string(), "unknown generator \"moon\", nearest is \"moons\"");
    }

    #[test]
    fn values_out_of_range_are_refused() {
        for text in [
            "synthetic:moons?noise=0",
            "synthetic:moons?noise=nan",
            "synthetic:moons?noise",
            "synthetic:moons?noise=0.0009",
            "synthetic:ar1?rho=1",
            "synthetic:ar1?rho=-1",
            "synthetic:ar1?rho=nan",
            "synthetic:ar1?length=0",
            "synthetic:ar1?length=65537",
            "synthetic:checkerboard?cells=0",
            "synthetic:checkerboard?cells=1",
            "synthetic:checkerboard?cells=6",
            "synthetic:checkerboard?cells=128",
            "synthetic:rings?rings=0",
            "synthetic:rings?rings=65",
            "synthetic:rings?noise=-1",
            "synthetic:2spirals?noise=0",
            "synthetic:8gaussians?noise=inf",
            "synthetic:sine?noise=1001",
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
            assert!(matches!(error(text), DataError::BadOption { .. }), "{text}: {:?}", text.parse::<Generator>());
        }
    }
}
