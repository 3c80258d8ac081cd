//! Writes rows: destinations, formats, and closed pipes.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::Result;
use pdmap_core::Real;
use pdmap_data::{DataError, Element, MixedCell, MixedWriter, Output, RowFormat, RowShape, RowWriter};
use pdmap_train::Model;

use crate::args::{HeaderArg, OutputFormat, RowFormatArg};
use crate::terminal::exit::BadInput;
use crate::terminal::output;

/// A destination of rows, decided before any work.
#[derive(Debug)]
pub(crate) struct Target {
    output: Output,
    /// The format of the extension.
    format: Option<RowFormat>,
}

impl Target {
    /// A path or `-`. Checks that a file can be written.
    fn plan(path: &Path, asked: Option<RowFormatArg>) -> Result<Self> {
        let output = Output::parse(path);
        let Output::File(file) = &output else { return Ok(Self { output, format: None }) };
        let extension = file.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        let format = match extension.as_deref() {
            Some("npy") => Some(RowFormat::Npy),
            Some("csv") => Some(RowFormat::Csv),
            _ if asked.is_some() => None,
            _ => {
                let message =
                    format!("{}: the format follows from .npy and .csv; for other names, use --format", file.display());
                return Err(BadInput(message).into());
            }
        };
        // A device or a named pipe is opened only when there are rows to write.
        if !file.exists() || file.is_file() || file.is_dir() {
            output::writable(file)?;
        }
        Ok(Self { output, format })
    }

    fn is_stdout(&self) -> bool {
        self.output == Output::Stdout
    }
}

/// All destinations of a command's rows.
#[derive(Debug)]
pub(crate) struct Targets<const N: usize> {
    targets: [Option<Target>; N],
    format: Option<RowFormat>,
}

impl<const N: usize> Targets<N> {
    /// Checks the destinations, each with its flag. None may be a file that is read.
    pub(crate) fn plan(places: [(&str, Option<&Path>); N], read: &[&Path], asked: OutputFormat) -> Result<Self> {
        let asked = asked.format;
        let mut targets = [const { None }; N];
        for (target, (_, place)) in targets.iter_mut().zip(places) {
            *target = place.map(|path| Target::plan(path, asked)).transpose()?;
        }
        for (index, (flag, place)) in places.iter().enumerate() {
            let Some(place) = place else { continue };
            let same =
                |(_, other): &&(&str, Option<&Path>)| other.is_some_and(|other| output::same_place(other, place));
            if let Some((other, _)) = places[..index].iter().find(same) {
                let message = format!("{other} and {flag} both write to {}", place.display());
                return Err(BadInput(message).into());
            }
            let dash = Path::new("-");
            if *place != dash && read.iter().any(|&read| read != dash && output::same_place(read, place)) {
                let message = format!("{flag} {} would overwrite an input", place.display());
                return Err(BadInput(message).into());
            }
        }
        let decided = targets.iter().flatten().all(|target| target.format.is_some());
        if let (Some(asked), true) = (asked, decided) {
            let message = format!("--format {asked:?} has no effect: each file's extension determines its format");
            return Err(BadInput(message.to_lowercase()).into());
        }
        Ok(Self { targets, format: asked.map(RowFormat::from) })
    }

    /// Whether rows go to standard output, which then takes nothing else.
    pub(crate) fn stdout(&self) -> bool {
        self.targets.iter().flatten().any(Target::is_stdout)
    }

    /// Opens the destination with this index, if it was requested.
    pub(crate) fn open<F: Element>(&self, index: usize, shape: RowShape, as_what: &As<'_>) -> Result<RowsOut<F>> {
        let Some(target) = self.targets.get(index).and_then(Option::as_ref) else {
            return Ok(RowsOut { writer: None, wanted: false, stdout: false });
        };
        let As { rows, names, usual, id } = as_what;
        let format = target.format.or(self.format).unwrap_or(*usual);
        let writer = match (id, format) {
            (None, _) => RowWriter::create(&target.output, format, shape, *rows, names.as_deref())?,
            (Some(id), RowFormat::Csv) => {
                let all = names.as_deref().map(|names| [std::slice::from_ref(*id), names].concat());
                RowWriter::create_labelled(&target.output, shape, all.as_deref())?
            }
            (Some(id), _) => {
                let place = &target.output;
                let message = format!("--id {id}: {place} is .npy, which cannot hold row names; use .csv");
                return Err(BadInput(message).into());
            }
        };
        Ok(RowsOut { writer: Some(writer), wanted: true, stdout: target.is_stdout() })
    }
}

impl<const N: usize> Targets<N> {
    /// Opens the destination with this index for rows of numbers and labels, if it was requested.
    pub(crate) fn open_mixed(&self, index: usize, columns: usize, names: Option<&[String]>) -> Result<MixedOut> {
        let Some(target) = self.targets.get(index).and_then(Option::as_ref) else {
            return Ok(MixedOut { writer: None, wanted: false, stdout: false });
        };
        if let Some(RowFormat::Npy) = target.format.or(self.format) {
            let message = format!("{}: .npy cannot hold labels of categories; use .csv", target.output);
            return Err(BadInput(message).into());
        }
        let writer = MixedWriter::create(&target.output, columns, names)?;
        Ok(MixedOut { writer: Some(writer), wanted: true, stdout: target.is_stdout() })
    }
}

/// A writer of rows of numbers and labels, or nothing if the destination was not requested.
#[derive(Debug)]
pub(crate) struct MixedOut {
    writer: Option<MixedWriter>,
    wanted: bool,
    stdout: bool,
}

impl MixedOut {
    /// Whether the reader of standard output has closed it.
    pub(crate) fn is_closed(&self) -> bool {
        self.wanted && self.writer.is_none()
    }

    /// Writes whole rows, as [`RowsOut::write`] does.
    pub(crate) fn write<'a>(&mut self, rows: usize, cell: impl Fn(usize, usize) -> MixedCell<'a>) -> Result<()> {
        match self.writer.as_mut().map(|writer| writer.write(rows, cell)) {
            Some(Err(error)) if self.stdout && is_broken_pipe(&error) => self.writer = None,
            Some(other) => other?,
            None => {}
        }
        Ok(())
    }

    /// Completes the rows. A file appears only now.
    pub(crate) fn finish(self) -> Result<()> {
        match self.writer.map(MixedWriter::finish) {
            Some(Err(error)) if !(self.stdout && is_broken_pipe(&error)) => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// How rows are written.
#[derive(Debug, Clone)]
pub(crate) struct As<'a> {
    /// Number of rows, if known in advance.
    pub(crate) rows: Option<u64>,
    /// Names of the CSV columns, without the column of row names.
    pub(crate) names: Option<Vec<String>>,
    /// The default format.
    pub(crate) usual: RowFormat,
    /// Name of the column of row names, if rows have names.
    pub(crate) id: Option<&'a String>,
}

/// CSV column names `stem0`, `stem1`, ...; none without a header.
pub(crate) fn numbered(stem: &str, features: usize, header: HeaderArg) -> Option<Vec<String>> {
    (header != HeaderArg::No).then(|| (0..features).map(|index| format!("{stem}{index}")).collect())
}

/// CSV column names in data space: those of the training data, or `x0`, `x1`, ...
pub(crate) fn data_names<F: Real>(model: &Model<F>, header: HeaderArg) -> Option<Vec<String>> {
    let features = model.header.columns.columns_of(model.flow.features());
    let trained = model.header.training.as_ref().map(|training| &training.columns);
    match trained.filter(|columns| columns.len() == features) {
        Some(columns) => (header != HeaderArg::No).then(|| columns.clone()),
        None => numbered("x", features, header),
    }
}

/// A writer of rows, or nothing if the destination was not requested.
#[derive(Debug)]
pub(crate) struct RowsOut<F> {
    writer: Option<RowWriter<F>>,
    wanted: bool,
    stdout: bool,
}

impl<F: Element> RowsOut<F> {
    /// Whether the reader of standard output has closed it.
    pub(crate) fn is_closed(&self) -> bool {
        self.wanted && self.writer.is_none()
    }

    /// Whether rows are still written.
    pub(crate) fn is_open(&self) -> bool {
        self.writer.is_some()
    }

    /// Writes whole rows, each after its name, if any. If standard output is closed, writing stops;
    /// this counts as success.
    pub(crate) fn write(&mut self, ids: Option<&[String]>, values: &[F]) -> Result<()> {
        let written = self.writer.as_mut().map(|writer| match ids {
            Some(ids) => writer.write_labelled(ids, values),
            None => writer.write(values),
        });
        match written {
            Some(Err(error)) if self.stdout && is_broken_pipe(&error) => self.writer = None,
            Some(other) => other?,
            None => {}
        }
        Ok(())
    }

    /// Completes the rows. A file appears only now.
    pub(crate) fn finish(self) -> Result<()> {
        match self.writer.map(RowWriter::finish) {
            Some(Err(error)) if !(self.stdout && is_broken_pipe(&error)) => Err(error.into()),
            _ => Ok(()),
        }
    }
}

fn is_broken_pipe(error: &DataError) -> bool {
    matches!(error, DataError::Io { source, .. } if source.kind() == ErrorKind::BrokenPipe)
}
