//! Every subcommand: help with an example, JSON output, a success, and its bad inputs.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::collections::BTreeSet;
use std::path::Path;

use common::{folder, pdmap, refuse, rows, succeed, write};
use serde_json::Value;

/// A subcommand, a working command, and refused flags with a part of their message.
struct Case {
    name: &'static str,
    works: &'static str,
    refused: &'static [(&'static str, &'static str)],
}

const CASES: &[Case] = &[
    Case {
        name: "compare",
        works: "compare --data x.npy --arms dense-relative,dense-svd --steps 5 --seeds 2 --rate 0.01 --out compared --json",
        refused: &[
            ("--data absent.npy --steps 5", "absent.npy"),
            ("--data x.npy --arms dense-relativ --steps 5", "dense-relative"),
            ("--data x.npy --steps 5 --seeds 0", "seeds"),
            ("--data x.npy --steps 5 --batch 0", "batch"),
            ("--data x.npy --steps 5 --rate -1", "rate"),
            ("--data x.npy --steps 5 --plan absent.toml", "absent.toml"),
            ("--data x.npy --steps 5 --out m.st/folder", "m.st/folder"),
            ("--data synthetic:moon --steps 5", "moons"),
            ("--data x.npy --steps 5 --parallel 2", "--parallel"),
        ],
    },
    Case {
        name: "train",
        works: "train --data x.npy --steps 5 --out t.st --json",
        refused: &[
            ("--data absent.npy --out t2.st", "absent.npy"),
            ("--data x.npy --model dense-relativ --out t2.st", "dense-relative"),
            ("--data x.npy --model absent.toml --out t2.st", "absent.toml"),
            ("--data x.npy --batch 0 --out t2.st", "--batch 0"),
            ("--data x.npy --rate -1 --steps 5 --out t2.st", "rate"),
            ("--data x.npy --depth 0 --out t2.st", "--depth 0"),
            ("--data x.npy --every 1ms --checkpoint run --out t2.st", "--every"),
            ("--data x.npy --condition absent.npy --out t2.st", "absent.npy"),
            ("--data x.npy --out x.npy", "x.npy"),
            ("--data x.npy --bound 9=0.. --out t2.st", "no column `9`"),
            ("--data x.npy --out absent/t2.st", "absent"),
        ],
    },
    Case {
        name: "score",
        works: "score m.st --data x.npy --out ll.npy --json",
        refused: &[
            ("absent.st --data x.npy", "absent.st"),
            ("x.npy --data x.npy", "x.npy"),
            ("m.st --data absent.npy", "absent.npy"),
            ("m.st --data narrow.npy", "2 features per row, expected 3"),
            ("m.st --data x.npy --out ll.txt", ".npy and .csv"),
            ("m.st --data x.npy --out m.st --format npy", "m.st"),
            ("m.st --data x.npy --quantiles 2", "--quantiles"),
            ("m.st --data x.npy --flags f.npy", "--flags"),
            ("m.st --data x.npy --reference ll.npy", "--quantile"),
            ("m.st --data x.npy --condition x.npy", "no condition"),
            ("m.st --data x.npy --columns a", "CSV, Parquet and Arrow only"),
        ],
    },
    Case {
        name: "encode",
        works: "encode m.st --data x.npy --out z.npy --json",
        refused: &[
            ("absent.st --data x.npy --out z.npy", "absent.st"),
            ("m.st --data narrow.npy --out z.npy", "2 features per row, expected 3"),
            ("m.st --data x.npy --out z", "--format"),
            ("m.st --data x.npy --out x.npy", "x.npy"),
            ("m.st --data x.npy --out z.npy --delimiter ab", "--delimiter"),
        ],
    },
    Case {
        name: "decode",
        works: "decode m.st --data x.npy --out y.csv --json",
        refused: &[
            ("absent.st --data x.npy --out y.npy", "absent.st"),
            ("m.st --data narrow.npy --out y.npy", "2 features per row, expected 3"),
            ("m.st --data x.npy --out absent/y.npy", "absent"),
        ],
    },
    Case {
        name: "sample",
        works: "sample m.st --count 5 --out s.csv --json",
        refused: &[
            ("absent.st --count 5 --out s.npy", "absent.st"),
            ("m.st --count 5 --temperature -1 --out s.npy", "temperature"),
            ("m.st --count 5 --temperature nan --out s.npy", "temperature"),
            ("m.st --count 5 --class 1 --out s.npy", "no condition"),
            ("m.st --count 18446744073709551615 --out s.npy", "more than a file holds"),
            ("m.st --count 5 --out s.txt", ".npy and .csv"),
        ],
    },
    Case {
        name: "impute",
        works: "impute g.st --data x.npy --out filled.csv --json",
        refused: &[
            ("absent.st --data x.npy --out filled.csv", "absent.st"),
            ("m.st --data x.npy --out filled.csv", "mixture-copula"),
            ("g.st --data absent.npy --out filled.csv", "absent.npy"),
            ("g.st --data narrow.npy --out filled.csv", "2 features per row, expected 3"),
            ("g.st --data x.npy --draws 2 --out filled.csv", "--draws 2"),
            ("g.st --data x.npy --out x.npy", "x.npy"),
        ],
    },
    Case {
        name: "classify",
        works: "classify c.st --data x.npy --labels labels.npy --out k.npy --json",
        refused: &[
            ("m.st --data x.npy", "--condition LABELS"),
            ("absent.st --data x.npy", "absent.st"),
            ("c.st --data narrow.npy", "2 features per row, expected 3"),
            ("c.st --data x.npy --labels x.npy", "x.npy"),
            ("c.st --data x.npy --labels few.npy", "--labels"),
            ("c.st --data x.npy --out k.npy --posterior k.npy", "--posterior"),
        ],
    },
    Case {
        name: "ica",
        works: "ica --data x.npy --out ica --json",
        refused: &[
            ("--data absent.npy --out ica2", "absent.npy"),
            ("--data x.npy --components 0 --out ica2", "--components 0"),
            ("--data x.npy --components 4 --out ica2", "rank 3"),
            ("--data x.npy --tolerance -1 --out ica2", "tolerance"),
            ("--data x.npy --sources x.npy --out ica2", "x.npy"),
            ("--data x.npy --out m.st", "m.st"),
            ("--data x.npy", "--out"),
        ],
    },
    Case {
        name: "ica apply",
        works: "ica apply ica --data x.npy --out y.csv --json",
        refused: &[
            ("absent --data x.npy --out y.npy", "absent"),
            ("ica --data narrow.npy --out y.npy", "2 features per row, expected 3"),
            ("ica --data x.npy --without s3 --out y.npy", "s0 to s2"),
            ("ica --data x.npy --out x.npy", "x.npy"),
            ("ica --data x.npy --out y.txt", ".npy and .csv"),
        ],
    },
    Case {
        name: "inspect",
        works: "inspect m.st --data x.npy --json",
        refused: &[
            ("absent.st", "absent.st"),
            ("x.npy", "x.npy"),
            ("m.st --rows 5", "--data"),
            ("m.st --data x.npy --rows 0", "--rows 0"),
            ("m.st --data narrow.npy", "2 features per row, expected 3"),
        ],
    },
    Case {
        name: "report",
        works: "report m.st --data x.npy --out r.html --json",
        refused: &[
            ("absent.st --data x.npy --out r2.html", "absent.st"),
            ("m.st --data narrow.npy --out r2.html", "2 features per row, expected 3"),
            ("m.st --data x.npy --shape 2,2 --out r2.html", "--shape"),
            ("m.st --data x.npy --out m.st", "m.st"),
        ],
    },
    Case {
        name: "export",
        works: "export m.st --onnx m.onnx --json",
        refused: &[
            ("missing.st --onnx e2.onnx", "missing.st"),
            ("m.st --onnx missing/e2.onnx", "missing/e2.onnx"),
            ("m.st --onnx e2.onnx --member 0", "0"),
            ("m.st", "--onnx"),
        ],
    },
    Case {
        name: "kernels",
        works: "kernels conv.st --out kernels.npy --json",
        refused: &[
            ("m.st --out k.npy", "coupling"),
            ("conv.st --layer 99 --out k.npy", "layer 99"),
            ("absent.st --out k.npy", "absent.st"),
            ("conv.st --out absent/k.npy", "absent"),
        ],
    },
    Case { name: "presets", works: "presets --json", refused: &[("dense-relative --depth 0", "--depth 0")] },
    Case {
        name: "data describe",
        works: "data describe x.npy --json",
        refused: &[
            ("absent.npy", "absent.npy"),
            ("m.st", "m.st"),
            ("x.npy --columns a", "CSV, Parquet and Arrow only"),
        ],
    },
    Case {
        name: "data patches",
        works: "data patches --images photos --size 4 --count 20 --out patches.npy --json",
        refused: &[
            ("--images absent --count 5 --out p.npy", "absent"),
            ("--images photos --count 0 --out p.npy", "--count 0"),
            ("--images photos --size 100 --count 5 --out p.npy", "100"),
            ("--images photos --size 4 --count 5 --out absent/p.npy", "absent"),
        ],
    },
    Case {
        name: "data images",
        works: "data images --images photos --out images.npy --json",
        refused: &[
            ("--images absent --out p.npy", "absent"),
            ("--images photos --out absent/p.npy", "absent"),
            ("--images photos --out p.npy --classes y.csv", "an image outside the class folders"),
        ],
    },
    Case {
        name: "data splits",
        works: "data splits --data synthetic:moons --rows 50,20,20 --out parts --json",
        refused: &[
            ("--data absent.npy --out parts2", "absent.npy"),
            ("--data synthetic:moons?noise=-1 --out parts2", "noise"),
            ("--data synthetic:moons --rows 5,5 --out parts2", "--rows"),
            ("--data x.npy --out m.st", "m.st"),
        ],
    },
    Case { name: "completions", works: "completions bash", refused: &[] },
    Case { name: "man", works: "man --out man --json", refused: &[("--out m.st", "m.st"), ("--out m.st/man", "m.st")] },
];

/// Creates the inputs of the cases.
fn prepare(folder: &Path) {
    write(folder, "x.npy", &rows(300, 3));
    write(folder, "narrow.npy", &rows(30, 2));
    let labels = |count| ndarray::Array2::from_shape_fn((count, 1), |(row, _)| (row % 2) as f64);
    write(folder, "labels.npy", &labels(300));
    write(folder, "few.npy", &labels(7));
    std::fs::create_dir(folder.join("photos")).unwrap();
    for index in 0..3u32 {
        let photo =
            image::GrayImage::from_fn(20, 16, |x, y| image::Luma([((x * 7 + y * 13 + index * 31) % 251) as u8]));
        photo.save(folder.join(format!("photos/{index}.png"))).unwrap();
    }
    let run = |line: &str| drop(succeed(folder, &words(line)));
    run("train --data x.npy --model mixture-spline --steps 5 --out m.st");
    run("train --data x.npy --model gaussian-mixture --steps 5 --out g.st");
    std::fs::write(folder.join("c.toml"), "layers = [{ kind = \"coupling\", hidden = [4] }]").unwrap();
    run("train --data x.npy --condition labels.npy --classes 2 --model c.toml --steps 5 --out c.st");
    run("train --data synthetic:ar1?length=16 --rows 300,50,50 --model conv-orthonormal --steps 5 --out conv.st");
}

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// The subcommands listed by `--help`; those of `data` and `ica` with both words.
fn listed(folder: &Path, args: &[&str]) -> BTreeSet<String> {
    let help = succeed(folder, &[args, &["--help"]].concat());
    let commands = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let names = commands.lines().filter_map(|line| line.trim().split(' ').next());
    let prefix = args.iter().map(|word| format!("{word} ")).collect::<String>();
    names.filter(|name| !["", "help", "data"].contains(name)).map(|name| format!("{prefix}{name}")).collect()
}

#[test]
fn every_subcommand_works_and_refuses_bad_input() {
    let folder = &folder();
    let mut all = listed(folder, &[]);
    all.extend(listed(folder, &["data"]));
    all.extend(listed(folder, &["ica"]));
    let cases: BTreeSet<String> = CASES.iter().map(|case| case.name.to_owned()).collect();
    assert_eq!(all, cases, "some subcommand has no case");
    prepare(folder);
    for case in CASES {
        let help = succeed(folder, &[&words(case.name)[..], &["--help"]].concat());
        assert!(help.contains("Example: pdmap ") || help.contains("Examples: pdmap "), "{}: no example", case.name);
        let printed = succeed(folder, &words(case.works));
        if case.works.ends_with("--json") {
            serde_json::from_str::<Value>(&printed)
                .unwrap_or_else(|error| panic!("{}: {error}: {printed}", case.works));
        }
        for (flags, expected) in case.refused {
            let line = refuse_any(folder, &words(&format!("{} {flags}", case.name)));
            assert!(line.contains(expected), "{} {flags}: `{expected}` is not in: {line}", case.name);
        }
        // An unknown flag.
        let line = refuse_any(folder, &[&words(case.name)[..], &["--jsonn"]].concat());
        assert!(line.contains("--jsonn"), "{line}");
    }
    for leftover in ["t2.st", "r2.html", "parts2", "ica2", "p.npy", "k2.npy", "e2.onnx"] {
        assert!(!folder.join(leftover).exists(), "{leftover}");
    }
}

/// Expects status 2 and a message, which may be clap's with several lines.
fn refuse_any(folder: &Path, args: &[&str]) -> String {
    let output = pdmap(folder, args);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
    assert!(stderr.starts_with("error: ") && output.stdout.is_empty(), "{args:?}: {stderr}");
    stderr
}

#[test]
fn completions_and_manual_pages_cover_every_subcommand() {
    let folder = &folder();
    let names = ["compare", "train", "score", "sample", "report", "splits", "--attribution"];
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = succeed(folder, &["completions", shell]);
        let plain = script.replace("-l attribution", "--attribution");
        names.iter().for_each(|name| assert!(plain.contains(name), "{shell}: {name}"));
    }
    assert!(refuse_any(folder, &["completions", "csh"]).contains("bash"));
    let pages = succeed(folder, &["man", "--out", "share/man1"]);
    assert_eq!(pages.lines().count(), CASES.len() + 2, "expected pdmap, pdmap data and each subcommand");
    let page = std::fs::read_to_string(folder.join("share/man1/pdmap-data-splits.1")).unwrap();
    assert!(page.contains(".TH pdmap-data-splits 1") && page.contains("Example"), "{page}");
    let page = std::fs::read_to_string(folder.join("share/man1/pdmap.1")).unwrap();
    assert!(page.contains("Exit status"));
}

#[test]
fn typing_errors_get_suggestions() {
    let folder = &folder();
    write(folder, "x.npy", &rows(300, 3));
    assert!(refuse_any(folder, &["trian"]).contains("'train'"));
    assert!(refuse_any(folder, &["train", "--dat", "x.npy"]).contains("'--data'"));
    let line = refuse(folder, &["train", "--data", "x.npy", "--model", "dens-relative", "--out", "m.st"]);
    assert!(line.contains("dense-relative"), "{line}");
    let line = refuse(folder, &["train", "--data", "synthetic:mons", "--out", "m.st"]);
    assert!(line.contains("moons"), "{line}");
}
