//! Writes the fuzzing seeds: small valid files of each format, and a few with false headers.
//!
//! ```sh
//! cargo run -p pdmap-hostile --example seeds -- tools/fuzz/seeds
//! ```
#![allow(missing_docs)]

mod columns;

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::write::GzEncoder;
use ndarray::Array2;
use pdmap_core::{BaseSpec, Flow, Real};
use pdmap_data::write_npy;
use pdmap_hostile::Target;
use pdmap_laws::subjects;
use pdmap_train::{Architecture, Model, Preset, registry};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tiff::encoder::{Compression, TiffEncoder, colortype};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The largest model file used as a seed, bytes.
const MOST: usize = 6000;

fn main() -> Result<()> {
    let root = PathBuf::from(std::env::args().nth(1).context("missing argument: output folder")?);
    let seeds = |target: Target| Seeds { folder: root.join(target.name()) };
    arrays(&seeds(Target::Npy), &seeds(Target::Npz), &seeds(Target::NpzEntry))?;
    texts(&seeds(Target::Csv))?;
    dialects(&seeds(Target::Text))?;
    columns::parquet(&|name, bytes| seeds(Target::Parquet).write(name, bytes))?;
    columns::arrow(&|name, bytes| seeds(Target::Arrow).write(name, bytes))?;
    idx(&seeds(Target::Idx))?;
    sounds(&seeds(Target::Wav))?;
    pictures(&seeds(Target::Images))?;
    models(&seeds(Target::ModelFile))?;
    let checkpoint = pdmap_hostile::sound_checkpoint()?;
    seeds(Target::Checkpoint).framed("two-steps", &checkpoint)?;
    seeds(Target::Checkpoint).whole("two-steps-whole", &checkpoint)?;
    descriptions(&seeds(Target::Description), &seeds(Target::Plan))
}

struct Seeds {
    folder: PathBuf,
}

impl Seeds {
    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        Ok(std::fs::write(self.folder.join(name), bytes)?)
    }

    /// Writes a safetensors file as is.
    fn whole(&self, name: &str, file: &[u8]) -> Result<()> {
        self.write(name, &[&[0], file].concat())
    }

    /// Writes a safetensors file without the length of its header.
    fn framed(&self, name: &str, file: &[u8]) -> Result<()> {
        let (length, rest) = file.split_first_chunk().context("a length")?;
        let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
        self.write(name, &[&[1], header, b"\n", data].concat())
    }
}

fn npy_bytes<F: pdmap_data::Element>(folder: &Path, array: &Array2<F>) -> Result<Vec<u8>> {
    let path = folder.join("array.npy");
    write_npy(&path, array)?;
    Ok(std::fs::read(path)?)
}

/// A file of version 1 with `data` bytes that count up from 0.
fn npy_by_hand(descr: &str, shape: &str, data: u8) -> Vec<u8> {
    let dictionary = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}\n");
    let length = [dictionary.len() as u8, 0];
    [b"\x93NUMPY\x01\0".as_slice(), &length, dictionary.as_bytes(), &(0..data).collect::<Vec<u8>>()].concat()
}

fn arrays(npy: &Seeds, npz: &Seeds, entry: &Seeds) -> Result<()> {
    let folder = std::env::temp_dir();
    let wide = npy_bytes(&folder, &Array2::from_shape_fn((3, 2), |(i, j)| i as f64 - 0.5 * j as f64))?;
    let narrow = npy_bytes(&folder, &Array2::from_shape_fn((2, 4), |(i, j)| (i + j) as f32))?;
    let replaced = |bytes: &[u8], from: &str, to: &str| {
        let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
        text.replacen(from, to, 1).chars().map(|c| c as u32 as u8).collect::<Vec<u8>>()
    };
    let fortran = replaced(&wide, "False", "True ");
    // Declared size beyond the file, an overflowing product, brackets that each doubled the parsing
    // time, wrong rank, no rows.
    let lies = [
        ("promises-rows", replaced(&wide, "(3, 2),       ", "(300000000, 2)")),
        (
            "overflows",
            replaced(
                &wide,
                "(3, 2),                                        ",
                "(4294967296, 4294967296), }                    ",
            ),
        ),
        ("unclosed-brackets", [b"\x93NUMPY\x01\0\x28\0{'descr': ".as_slice(), "{ ".repeat(15).as_bytes()].concat()),
        ("rank-1", replaced(&wide, "(3, 2)", "(6,)  ")),
        ("no-rows", replaced(&wide, "(3, 2)", "(0, 2)")),
    ];
    let types = [
        ("records", npy_by_hand("[('a', '<f4'), ('', '|V1'), ('b', '>i2')]", "(3,)", 21)),
        ("wide-integers", npy_by_hand("'>i8'", "(2, 2)", 32)),
        ("bool", npy_by_hand("'|b1'", "(5,)", 5)),
        ("halves", npy_by_hand("'<f2'", "(3, 2)", 12)),
    ];
    let sound = [("f64", &wide), ("f32", &narrow), ("fortran", &fortran)];
    let others = lies.iter().chain(&types).map(|(name, bytes)| (*name, bytes));
    let all = sound.into_iter().chain(others);
    for (name, bytes) in all {
        npy.write(name, bytes)?;
        entry.write(&format!("{name}-stored"), &[&[0], bytes.as_slice()].concat())?;
        entry.write(&format!("{name}-deflated"), &[&[1], bytes.as_slice()].concat())?;
    }
    for (name, method) in [("stored", CompressionMethod::Stored), ("deflated", CompressionMethod::Deflated)] {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(method);
        for (member, bytes) in [("a.npy", &wide), ("../../b.npy", &fortran)] {
            archive.start_file(member, options)?;
            archive.write_all(bytes)?;
        }
        npz.write(&format!("two-{name}"), &archive.finish()?.into_inner())?;
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file("a.npy", options)?;
        archive.write_all(&narrow)?;
        npz.write(&format!("one-{name}"), &archive.finish()?.into_inner())?;
    }
    // A bomb that is a thousandth of its decompressed size.
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("a.npy", SimpleFileOptions::default().compression_method(CompressionMethod::Deflated))?;
    archive.write_all(&npy_bytes(&folder, &Array2::<f64>::zeros((1 << 16, 8)))?)?;
    npz.write("bomb", &archive.finish()?.into_inner())
}

fn texts(csv: &Seeds) -> Result<()> {
    for (name, text) in [
        ("plain", "1,2\n3,4\n5,6\n"),
        ("header", "x,\"y, quoted\"\r\n1e-3,-2.5\r\n\r\n+3,4E2\r\n"),
        ("semicolons", "\u{feff}x;y\n1;2\n3;4"),
        ("tabs", "x\ty\tz\n1\t2\t3\n"),
        ("missing", "x,1\n1,NA\n"),
        ("infinite", "1e400,2\n"),
        ("ragged", "1,2\n3\n"),
        ("open-quote", "1,\"2\n3,4\n"),
        ("words", "a,b\nc,d\n"),
    ] {
        csv.write(name, text.as_bytes())?;
    }
    Ok(())
}

/// Four bytes that choose the options, and a text for them: see `Target::Text`.
fn dialects(seeds: &Seeds) -> Result<()> {
    for (name, options, text) in [
        ("detected", [0, 0, 0x40, 0], "a;b\n1,5;2\n2,5;3\n"),
        ("named", [1, 0, 0x40, 5], "a b c\n1 2 3\n4 5 6\n"),
        ("selected", [1, 0, 0x40, 1], "a,b,c\n1,2,3\n4,5,6\n"),
        ("no-header-gzip", [2, 0, 0x40, 0x80], "1,2\n3,4\n5,6\n"),
        ("zstd", [0, 0, 0x40, 0xc0], "a,b\n1,2\n3,4\n"),
        ("decimal-comma", [9, 1, 0x40, 0], "x,y\n\"1,5\",\"2,5\"\n\"3,5\",\"4,5\"\n"),
        ("thousands", [18, 4, 0x40, 0], "x;y\n1,234.5;2\n3;4,567.25\n"),
        ("tabs-index", [30, 0, 0x40, 0], "\ta\tb\n0\t5.5\t6.5\n1\t7.5\t8.5\n"),
        ("pandas", [0, 0, 0x40, 0], ",a,b\n0,5.5,6.5\n1,7.5,8.5\n"),
        ("comments", [0, 0, 0x00, 0], "# made by hand\na,b\n1,2\n# between\n3,4\n"),
        ("skipped", [1, 0, 0x50, 0], "a title\na,b\n1,2\n3,4\n"),
        ("blanks", [45, 0, 0x40, 0], "  a   b\n 1.5  2\n 3.5  4\n"),
        ("latin", [0, 0, 0xc0, 0], "a,b\n1,2\n3,4\n"),
        ("dates-usual", [0, 0, 0x40, 0x10], "t,a,b\n2024-02-29 12:00:00,1,2\n2024-03-01,3,4\n"),
        ("labels", [0, 0, 0x40, 0x20], "kind\ndog\ncat\ndog\n"),
    ] {
        seeds.write(name, &[&options[..], text.as_bytes()].concat())?;
    }
    Ok(())
}

fn idx(seeds: &Seeds) -> Result<()> {
    let images = [&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3], [7; 12].as_slice()].concat();
    let labels = [0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 9];
    let promise = [0, 0, 8, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    for (name, bytes) in [("images", images.as_slice()), ("labels", &labels), ("promises", &promise)] {
        seeds.write(name, bytes)?;
        let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(bytes)?;
        seeds.write(&format!("{name}-gz"), &packed.finish()?)?;
    }
    let mut bomb = GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&[0, 0, 8, 3, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 0, 1])?;
    bomb.write_all(&vec![0; 1 << 20])?;
    seeds.write("bomb", &bomb.finish()?)
}

/// A hand-made WAV file: format tag, channels, bits, declared length, data.
fn wav(tag: u16, channels: u16, bits: u16, promised: u32, data: &[u8]) -> Vec<u8> {
    let block = channels * bits / 8;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + promised).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0");
    for field in [tag, channels] {
        file.extend(field.to_le_bytes());
    }
    file.extend(8000_u32.to_le_bytes());
    file.extend((8000 * u32::from(block)).to_le_bytes());
    for field in [block, bits] {
        file.extend(field.to_le_bytes());
    }
    file.extend(b"data");
    file.extend(promised.to_le_bytes());
    file.extend(data);
    file
}

fn sounds(seeds: &Seeds) -> Result<()> {
    let floats: Vec<u8> = [0.5_f32, -0.25, 1.0, 0.0].iter().flat_map(|v| v.to_le_bytes()).collect();
    seeds.write("pcm-16", &wav(1, 2, 16, 12, &[1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0]))?;
    seeds.write("pcm-8", &wav(1, 1, 8, 4, &[1, 2, 3, 4]))?;
    seeds.write("pcm-24", &wav(1, 1, 24, 6, &[1, 2, 3, 4, 5, 6]))?;
    seeds.write("float", &wav(3, 1, 32, 16, &floats))?;
    seeds.write("promises", &wav(1, 1, 16, u32::MAX - 64, &[1, 2]))?;
    let mut odd = wav(1, 1, 16, 4, &[1, 0, 2, 0]);
    odd.splice(12..12, *b"LIST\x03\0\0\0abc\0");
    seeds.write("odd-chunk", &odd)
}

fn pictures(seeds: &Seeds) -> Result<()> {
    let grey = image::GrayImage::from_fn(9, 7, |x, y| image::Luma([(20 * x + y) as u8]));
    let colour = image::RgbImage::from_fn(8, 8, |x, y| image::Rgb([(30 * x) as u8, (30 * y) as u8, 99]));
    for (name, format) in [("png", image::ImageFormat::Png), ("jpeg", image::ImageFormat::Jpeg)] {
        let (mut of_grey, mut of_colour) = (Cursor::new(Vec::new()), Cursor::new(Vec::new()));
        grey.write_to(&mut of_grey, format)?;
        colour.write_to(&mut of_colour, format)?;
        seeds.write(&format!("grey-{name}"), of_grey.get_ref())?;
        seeds.write(&format!("colour-{name}"), of_colour.get_ref())?;
    }
    let mut tiff_file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut tiff_file)?.with_compression(Compression::Lzw);
    encoder.write_image::<colortype::RGB8>(8, 8, &colour)?;
    seeds.write("colour-tiff", tiff_file.get_ref())?;
    let mut tiff_file = Cursor::new(Vec::new());
    TiffEncoder::new(&mut tiff_file)?.write_image::<colortype::Gray8>(9, 7, &grey)?;
    seeds.write("grey-tiff", tiff_file.get_ref())?;
    let mut webp = Vec::new();
    image_webp::WebPEncoder::new(&mut webp).encode(&colour, 8, 8, image_webp::ColorType::Rgb8)?;
    seeds.write("colour-webp", &webp)?;
    // Its header declares 65,535 pixels a side.
    let mut promise = Cursor::new(Vec::new());
    grey.write_to(&mut promise, image::ImageFormat::Png)?;
    let mut promise = promise.into_inner();
    promise[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
    seeds.write("promises-png", &promise)
}

fn models(seeds: &Seeds) -> Result<()> {
    of_precision::<f32>(seeds)?;
    of_precision::<f64>(seeds)
}

fn of_precision<F: Real>(seeds: &Seeds) -> Result<()> {
    let path = std::env::temp_dir().join("model.safetensors");
    for subject in subjects::<F>() {
        // The smallest number of features that the layer accepts.
        for features in [2, 4, 8, 16] {
            let mut rng = ChaCha8Rng::seed_from_u64(1);
            let Ok(layer) = (subject.build)(features, &mut rng) else { continue };
            let base = BaseSpec::new("student-t", &serde_json::json!({ "nu": 5.0, "learned": true }));
            let base = registry().base(&base)?;
            let Ok(flow) = Flow::new(features, vec![layer], base) else { continue };
            Model::new(flow, "rows".to_owned(), 0).save(&path)?;
            let file = std::fs::read(&path)?;
            if file.len() <= MOST {
                let name: String = subject.name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
                seeds.framed(&format!("{name}-{}", F::DTYPE), &file)?;
            }
            break;
        }
    }
    Ok(())
}

fn descriptions(models: &Seeds, plans: &Seeds) -> Result<()> {
    for preset in Preset::all() {
        let model = preset.model(Architecture::default());
        models.write(preset.name(), model.to_toml().as_bytes())?;
    }
    // Past findings: half a kilobyte that requested a gigabyte, couplings whose scoring needed as
    // much, and a period beyond what plans were expected to request.
    let wide = "base = { student-t = { nu = 62.0, learned = true } }\n\nlayers = [\n  { repeat = 50, layers = [\n    { kind = \"dense\", group = \"orthonormal\" },\n    \
                { kind = \"radial\" },\n    { kind = \"spline\" },\n    { kind = \"coupling\", hidden = [5694, 528] },\n  ] },\n]\n";
    models.write("wide-couplings", wide.as_bytes())?;
    let below =
        "layers = [{ repeat = 57, layers = [{ kind = \"spline\" }, { kind = \"coupling\", hidden = [67, 15023] }] }]\n";
    models.write("many-wide-couplings", below.as_bytes())?;
    let deep =
        "layers = [{ repeat = 216, layers = [{ kind = \"spline\" }, { kind = \"coupling\", hidden = [10023] }] }]\n";
    models.write("deep", deep.as_bytes())?;
    let long = "[[arms]]\nname = \"long\"\n[arms.model]\nlayers = [{ kind = \"free-conv\", period = 838 }]\n";
    plans.write("long-period", long.as_bytes())?;
    for entry in std::fs::read_dir("plans").context("run from the root of the repository")? {
        let path = entry?.path();
        let name = path.file_stem().context("a name")?.to_string_lossy().into_owned();
        plans.write(&name, &std::fs::read(&path)?)?;
    }
    Ok(())
}
