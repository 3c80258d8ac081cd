//! From flags to rows.

use std::path::{Path, PathBuf};

use anyhow::Result;
use ndarray::Array2;
use pdmap_core::Real;
use pdmap_data::{
    Counts, DataFacts, Format, Generator, Splits, bsds300, check_rows, check_training, detect_format, mnist,
    read_npy, split_rows,
};
use pdmap_train::Preprocess;

use crate::args::{DataArgs, Protocol};
use crate::exit::BadInput;

/// Rows of patches and generators where nothing else is said.
const ROWS: Counts = Counts { train: 100_000, validation: 10_000, test: 50_000 };

/// Side of the patches of a folder of images where nothing else is said, pixels.
const PATCH: usize = 8;

/// What the flags ask for, settled before anything large is read.
#[derive(Debug)]
pub(crate) struct Source {
    kind: Kind,
    /// The data as they were asked for.
    name: String,
    counts: Option<Counts>,
    patch: usize,
    val: Option<PathBuf>,
    test: Option<PathBuf>,
    seed: u64,
    /// Whether a test part is wanted.
    with_test: bool,
}

#[derive(Debug)]
enum Kind {
    Generator(Generator),
    Patches(PathBuf, Counts),
    Mnist(PathBuf),
    Rows(PathBuf),
}

impl Source {
    /// Settles the flags. `with_test` says whether rows are to be kept apart for a test.
    pub(crate) fn plan(args: &DataArgs, with_test: bool) -> Result<Self> {
        let counts = match args.rows.as_deref() {
            None => None,
            Some(&[train, validation, test]) => Some(Counts { train, validation, test }),
            Some(other) => {
                let message = format!(
                    "--rows takes three numbers (training,validation,test), {} were given",
                    other.len()
                );
                return Err(BadInput(message).into());
            }
        };
        let kind = if Generator::is_named_by(&args.data) {
            if let Some(protocol) = args.protocol {
                let message = format!("--protocol {protocol} does not go with the generator {}", args.data);
                return Err(BadInput(message).into());
            }
            Kind::Generator(args.data.parse()?)
        } else {
            let path = PathBuf::from(&args.data);
            let natural = match detect_format(&path)? {
                Format::Npy => Protocol::Rows,
                Format::Idx => Protocol::Mnist,
                Format::ImageFolder => Protocol::Patches,
                Format::Npz | Format::Csv | Format::Wav => {
                    let message = format!("{}: this format is not yet trained on", path.display());
                    return Err(BadInput(message).into());
                }
            };
            match (args.protocol.unwrap_or(natural), natural) {
                (Protocol::Bsds300, Protocol::Patches) => Kind::Patches(path, Counts::default()),
                (Protocol::Patches, Protocol::Patches) => Kind::Patches(path, ROWS),
                (Protocol::Mnist, Protocol::Mnist) => Kind::Mnist(path),
                (Protocol::Rows, Protocol::Rows) => Kind::Rows(path),
                (asked, natural) => {
                    let message = format!(
                        "{}: --protocol {asked} needs other data; this is what --protocol {natural} takes",
                        path.display()
                    );
                    return Err(BadInput(message).into());
                }
            }
        };
        if args.val.is_some() && !matches!(kind, Kind::Rows(_)) {
            return Err(BadInput(
                "--val goes with rows of a .npy file; the other protocols split their own".into(),
            )
            .into());
        }
        if args.test.is_some() && matches!(kind, Kind::Generator(_)) {
            return Err(BadInput(
                "--test does not go with a generator, which makes its own test rows".into(),
            )
            .into());
        }
        suits(args, &kind)?;
        Ok(Self {
            kind,
            name: args.data.clone(),
            counts,
            patch: args.patch.unwrap_or(PATCH),
            val: args.val.clone(),
            test: args.test.clone(),
            seed: args.data_seed,
            with_test,
        })
    }

    /// The data as they were asked for: the name that messages give them.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The preprocessing that suits the data.
    pub(crate) fn preprocess(&self) -> Preprocess {
        match &self.kind {
            Kind::Patches(..) | Kind::Generator(Generator::Leaves(_)) => Preprocess::Whiten,
            Kind::Mnist(_) | Kind::Rows(_) | Kind::Generator(_) => Preprocess::Standardize,
        }
    }

    /// Reads, makes or splits the rows, and checks them: finite everywhere, at least a batch, no constant feature.
    pub(crate) fn splits<F: Real>(&self, batch: usize) -> Result<Splits<F>> {
        let splits = match &self.kind {
            Kind::Generator(generator) => generator.splits(self.counts.unwrap_or(ROWS), self.seed)?,
            Kind::Patches(path, counts) => {
                let counts = self.counts.unwrap_or(*counts);
                bsds300(path, self.test.as_deref(), counts, self.patch, self.seed)?
            }
            Kind::Mnist(path) => mnist(path, self.test.as_deref(), self.seed)?,
            Kind::Rows(path) => self.rows(path)?,
        };
        check_training(splits.train.view(), &self.name, batch)?;
        check_rows(splits.validation.view(), &beside(self.val.as_deref(), &self.name, "validation"))?;
        if self.with_test || splits.test.nrows() > 0 {
            check_rows(splits.test.view(), &self.test_name())?;
        }
        Ok(splits)
    }

    /// The name of the test rows.
    pub(crate) fn test_name(&self) -> String {
        beside(self.test.as_deref(), &self.name, "test")
    }

    /// Rows as they stand, with what is missing split off: a tenth for validation, a tenth for the test.
    fn rows<F: Real>(&self, path: &Path) -> Result<Splits<F>> {
        let train: Array2<F> = rows(path)?;
        let features = train.ncols();
        let beside = |path: &Option<PathBuf>| -> Result<Option<Array2<F>>> {
            let Some(path) = path else { return Ok(None) };
            let rows = rows(path)?;
            fits(path, &rows, features)?;
            Ok(Some(rows))
        };
        let (validation, test) = (beside(&self.val)?, beside(&self.test)?);
        let share = |given: bool| if given { 0.0 } else { 0.1 };
        let split_test = self.with_test && test.is_none();
        let (train, split_off, split_off_test) = if validation.is_some() && !split_test {
            (train, Array2::zeros((0, features)), Array2::zeros((0, features)))
        } else {
            split_rows(train, share(validation.is_some()), share(!split_test), self.seed)?
        };
        let (validation, test) = (validation.unwrap_or(split_off), test.unwrap_or(split_off_test));
        let facts = DataFacts {
            name: path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
            space: format!("the space of the rows as they were given ({features} features)"),
            features,
            pixel_log_det: None,
            true_log_likelihood: None,
            test_truth: None,
            notes: vec![format!(
                "{} training, {} validation and {} test rows; what was not given was split off at random (seed {}).",
                train.nrows(),
                validation.nrows(),
                test.nrows(),
                self.seed
            )],
            image_shape: None,
        };
        Ok(Splits { train, validation, test, test_groups: None, facts })
    }
}

/// A flag that would change nothing is refused: it says that something else was meant.
fn suits(args: &DataArgs, kind: &Kind) -> Result<()> {
    let data = &args.data;
    let (what, rows) = match kind {
        Kind::Patches(..) => return Ok(()),
        Kind::Generator(Generator::Leaves(_)) => ("a generator, and its patches are set by ?patch=", true),
        Kind::Generator(_) => ("a generator", true),
        Kind::Mnist(_) => ("an IDX file, whose images are all taken, and whole", false),
        Kind::Rows(_) => ("a .npy file, whose rows are all taken, as they stand", false),
    };
    let refused = match (&args.rows, args.patch) {
        (Some(given), _) if !rows => {
            let given: Vec<String> = given.iter().map(usize::to_string).collect();
            format!("--rows {}", given.join(","))
        }
        (_, Some(side)) => format!("--patch {side}"),
        _ => return Ok(()),
    };
    Err(BadInput(format!("{refused} does not go with {data}: this is {what}")).into())
}

/// The name of rows that are in a file of their own or were split off.
fn beside(file: Option<&Path>, name: &str, part: &str) -> String {
    file.map_or_else(|| format!("{name} ({part} rows)"), |path| path.display().to_string())
}

/// Rows of a `.npy` file, all finite.
pub(crate) fn rows<F: Real>(path: &Path) -> Result<Array2<F>> {
    let rows = read_npy(path)?;
    check_rows(rows.view(), &path.display().to_string())?;
    Ok(rows)
}

/// The number of features fits.
pub(crate) fn fits<F>(path: &Path, rows: &Array2<F>, features: usize) -> Result<()> {
    if rows.ncols() == features {
        return Ok(());
    }
    let message = format!("{}: {} features a row, {features} are needed", path.display(), rows.ncols());
    Err(BadInput(message).into())
}
