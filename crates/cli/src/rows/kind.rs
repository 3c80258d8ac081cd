//! What the data flags name, decided before anything large is read.

use std::path::{Path, PathBuf};

use anyhow::Result;
use pdmap_data::{Counts, Format, Generator, Input, detect_format};

use crate::args::{DataArgs, Protocol};
use crate::terminal::exit::BadInput;

/// Default numbers of rows of patches and generators.
pub(crate) const ROWS: Counts = Counts { train: 100_000, validation: 10_000, test: 50_000 };

/// Default samples per frame of sound.
const FRAME: usize = 256;

/// The data and how they become rows.
#[derive(Debug)]
pub(crate) enum Kind {
    Generator(Generator),
    Patches(PathBuf, Counts),
    Tiles(PathBuf),
    Mnist(PathBuf),
    Rows(Input),
    Wav { input: Input, frame: usize, hop: Option<usize> },
}

impl Kind {
    /// Interprets the flags and refuses those that would have no effect.
    ///
    /// # Errors
    /// [`BadInput`]; a file that cannot be read or has an unknown format.
    pub(crate) fn of(args: &DataArgs) -> Result<Self> {
        let kind = if Generator::is_named_by(args.data()) {
            if let Some(protocol) = args.protocol {
                let message = format!("--protocol {protocol} cannot be used with the generator {}", args.data());
                return Err(BadInput(message).into());
            }
            Kind::Generator(args.data().parse()?)
        } else {
            let input = Input::parse(args.data());
            let path = PathBuf::from(args.data());
            let natural = match input {
                Input::Stdin => Protocol::Rows,
                // A named pipe can be opened only once: its format is detected when it is read.
                Input::File(_) if is_pipe(&path) => Protocol::Rows,
                Input::File(_) => match detect_format(&path)? {
                    Format::Npy | Format::Npz | Format::Csv | Format::Parquet | Format::Arrow => Protocol::Rows,
                    Format::Idx => Protocol::Mnist,
                    Format::Wav => Protocol::Wav,
                    Format::ImageFolder => Protocol::Patches,
                },
            };
            match (args.protocol.unwrap_or(natural), natural) {
                (Protocol::Bsds300, Protocol::Patches) => Kind::Patches(path, Counts::default()),
                (Protocol::Patches, Protocol::Patches) => Kind::Patches(path, ROWS),
                (Protocol::Tiles, Protocol::Patches) => Kind::Tiles(path),
                (Protocol::Mnist, Protocol::Mnist) => Kind::Mnist(path),
                (Protocol::Rows, Protocol::Rows) => Kind::Rows(input),
                // What a pipe holds is known when it is read.
                (Protocol::Wav, natural) if natural == Protocol::Wav || input == Input::Stdin || is_pipe(&path) => {
                    Kind::Wav { input, frame: args.frame.unwrap_or(FRAME), hop: args.hop }
                }
                (asked, natural) => {
                    let message = format!(
                        "{}: --protocol {asked} needs other data; these match --protocol {natural}",
                        path.display()
                    );
                    return Err(BadInput(message).into());
                }
            }
        };
        if args.val.is_some() && !matches!(kind, Kind::Rows(_)) {
            return Err(BadInput(
                "--val requires a file of rows; the other protocols split the data themselves".into(),
            )
            .into());
        }
        if args.test.is_some() && matches!(kind, Kind::Generator(_) | Kind::Wav { .. }) {
            let message = "--test cannot be used with a generator or with sound, which provide their own test rows";
            return Err(BadInput(message.into()).into());
        }
        suits(args, &kind)?;
        Ok(kind)
    }
}

/// Refuses flags that would have no effect.
fn suits(args: &DataArgs, kind: &Kind) -> Result<()> {
    let (what, counts, side) = match kind {
        Kind::Patches(..) | Kind::Tiles(_) => ("a folder of images", true, true),
        Kind::Generator(Generator::Leaves(_)) => ("a generator; set its patches by ?patch=", true, false),
        Kind::Generator(_) => ("a generator", true, false),
        Kind::Mnist(_) => ("an IDX file, of which all whole images are used", false, false),
        Kind::Rows(_) => ("a file of rows, all of which are used", false, false),
        Kind::Wav { .. } => ("sound, of which all frames are used", false, false),
    };
    let frames = matches!(kind, Kind::Wav { .. });
    let columns = matches!(kind, Kind::Rows(_));
    let list = |given: &[usize]| given.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
    let refused = [
        args.rows.as_deref().filter(|_| !counts).map(|given| format!("--rows {}", list(given))),
        args.patch.filter(|_| !side).map(|side| format!("--patch {side}")),
        args.frame.filter(|_| !frames).map(|frame| format!("--frame {frame}")),
        args.hop.filter(|_| !frames).map(|hop| format!("--hop {hop}")),
        args.text.columns.as_ref().filter(|_| !columns).map(|columns| format!("--columns {}", columns.join(","))),
        args.group.as_ref().filter(|_| !columns).map(|column| format!("--group {column}")),
        args.order.as_ref().filter(|_| !columns).map(|column| format!("--order {column}")),
        args.drop_degenerate.then(|| "--drop-degenerate".to_owned()).filter(|_| !columns),
        args.reduce_rank.then(|| "--reduce-rank".to_owned()).filter(|_| !columns),
        args.discrete.filter(|_| !columns).map(|discrete| format!("--discrete {discrete}")),
    ];
    match refused.into_iter().flatten().next() {
        None => Ok(()),
        Some(flag) => Err(BadInput(format!("{flag} cannot be used with {}: this is {what}", args.data())).into()),
    }
}

/// Whether the path exists but is neither a file nor a folder.
pub(crate) fn is_pipe(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}
