//! `pdmap data images`.

use anyhow::Result;
use ndarray::Array2;
use pdmap_data::{
    ColorImage, GrayImage, read_class_folder, read_color_class_folder, read_color_folder, read_image_folder, write_npy,
};

use crate::args::Images;
use crate::terminal::exit::BadInput;
use crate::terminal::output;

/// The levels of an image in the order of its channels and lines.
struct Picture {
    name: String,
    /// `[channels, height, width]`.
    shape: [usize; 3],
    levels: Vec<f32>,
}

impl From<GrayImage> for Picture {
    fn from(GrayImage { name, pixels }: GrayImage) -> Self {
        let (height, width) = pixels.dim();
        let levels = pixels.iter().map(|&level| level as f32).collect();
        Self { name, shape: [1, height, width], levels }
    }
}

impl From<ColorImage> for Picture {
    fn from(ColorImage { name, pixels }: ColorImage) -> Self {
        let (channels, height, width) = pixels.dim();
        let levels = pixels.iter().map(|&level| f32::from(level)).collect();
        Self { name, shape: [channels, height, width], levels }
    }
}

pub(crate) fn run(args: &Images) -> Result<()> {
    if let Some(classes) = &args.classes
        && output::same_place(classes, &args.out)
    {
        return Err(BadInput(format!("--out and --classes both write to {}", classes.display())).into());
    }
    for out in [Some(&args.out), args.classes.as_ref()].into_iter().flatten() {
        output::writable(out)?;
    }
    let (pictures, classes, labels) = read(args)?;
    let numbers = numbers(&classes)?;
    let shape = pictures.first().map_or([0; 3], |first| first.shape);
    let other = pictures.iter().find(|picture| picture.shape != shape);
    if let (Some(first), Some(other)) = (pictures.first(), other) {
        let size = |[_, height, width]: [usize; 3]| format!("{height}x{width}");
        let (name, expected, actual) = (&other.name, size(shape), size(other.shape));
        let message = format!(
            "{}: {name} has {actual} pixels (height x width), {} has {expected}; a row needs one size for all: scale or crop the images first, or cut patches with `pdmap data patches`",
            args.images.display(),
            first.name
        );
        return Err(BadInput(message).into());
    }
    let rows = pictures.len();
    let levels: Vec<f32> = pictures.into_iter().flat_map(|picture| picture.levels).collect();
    let features = shape.iter().product();
    write_npy(&args.out, &Array2::from_shape_vec((rows, features), levels)?)?;
    if let Some(path) = &args.classes {
        let line = |&label: &usize| format!("{}\n", quoted(&classes[label]));
        output::text(path, std::iter::once("class\n".to_owned()).chain(labels.iter().map(line)).collect::<String>())?;
    }
    if args.json {
        let facts = serde_json::json!({ "file": args.out, "rows": rows, "shape": shape, "classes": classes });
        return output::json(&facts);
    }
    let [channels, height, width] = shape;
    output::line(&format!(
        "{rows} rows of {features} features: [{channels}, {height}, {width}], levels from 0 to 255"
    ))?;
    let Some(path) = &args.classes else { return Ok(()) };
    // A column of numbers is a vector unless the number of classes is given.
    let flag = numbers.map(|most| format!(" --classes {}", u64::from(most) + 1)).unwrap_or_default();
    let (count, names) = (classes.len(), classes.join(", "));
    output::line(&format!("{count} classes ({names}): train with --condition {}{flag}", path.display()))
}

/// The images, the names of the classes, and the class of each image.
fn read(args: &Images) -> Result<(Vec<Picture>, Vec<String>, Vec<usize>)> {
    let none = || (vec![], vec![]);
    fn all<I: Into<Picture>>(images: Vec<I>) -> Vec<Picture> {
        images.into_iter().map(Into::into).collect()
    }
    let (pictures, (classes, labels)) = match (args.classes.is_some(), args.color) {
        (false, false) => (all(read_image_folder(&args.images)?), none()),
        (false, true) => (all(read_color_folder(&args.images)?), none()),
        (true, false) => {
            let read = read_class_folder(&args.images)?;
            (all(read.images), (read.classes, read.labels))
        }
        (true, true) => {
            let read = read_color_class_folder(&args.images)?;
            (all(read.images), (read.classes, read.labels))
        }
    };
    Ok((pictures, classes, labels))
}

/// The largest class if all classes are whole numbers, and none if all are words.
///
/// # Errors
/// Names that a reader of labels would take for something else: a mixture of both, other numbers, and
/// the name of the column itself.
fn numbers(classes: &[String]) -> Result<Option<u32>> {
    let whole = |class: &String| class.parse::<u32>().ok().filter(|number| number.to_string() == *class);
    let all: Vec<Option<u32>> = classes.iter().map(whole).collect();
    if !classes.is_empty() && all.iter().all(Option::is_some) {
        return Ok(all.into_iter().flatten().max());
    }
    let unclear = |class: &&String| {
        let text = class.trim();
        text.is_empty()
            || text.parse::<f64>().is_ok()
            || ["class", "na", "n/a", "null", "none"].contains(&&*text.to_lowercase())
    };
    match classes.iter().find(unclear) {
        None => Ok(None),
        Some(class) => Err(BadInput(format!(
            "the class folder {class:?} has a name that reads as a number or a missing value; rename it to a word, or all folders to 0, 1, …"
        ))
        .into()),
    }
}

/// A cell of CSV (RFC 4180, section 2).
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
