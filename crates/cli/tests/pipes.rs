//! Rows through standard input and output.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::io::Read;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use common::{folder, read, read_vector, rows, succeed, write};

fn model(folder: &Path) {
    write(folder, "train.npy", &rows(400, 3));
    succeed(
        folder,
        &[
            "train",
            "--data",
            "train.npy",
            "--model",
            "mixture-spline",
            "--steps",
            "30",
            "--dtype",
            "f64",
            "--out",
            "m.st",
        ],
    );
}

/// Runs `pdmap` with `input` on standard input.
fn piped(folder: &Path, args: &[&str], input: Vec<u8>) -> Output {
    let mut command = assert_cmd::Command::cargo_bin("pdmap").unwrap();
    command.current_dir(folder).args(args).write_stdin(input).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn entries(folder: &Path) -> Vec<std::ffi::OsString> {
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

#[test]
fn pipes_keep_the_format_of_the_input() {
    let folder = &folder();
    model(folder);
    let x = rows(3000, 3);
    let npy = std::fs::read(write(folder, "x.npy", &x)).unwrap();
    succeed(folder, &["score", "m.st", "--data", "x.npy", "--out", "ll.npy"]);
    let scores = read_vector(folder, "ll.npy");

    let out = piped(folder, &["score", "m.st", "--data", "-", "--out", "-"], npy.clone());
    assert!(out.status.success(), "{}", stderr(&out));
    std::fs::write(folder.join("piped.npy"), &out.stdout).unwrap();
    assert_eq!(read_vector(folder, "piped.npy"), scores);
    let said = stderr(&out);
    let said: Vec<&str> = said.lines().collect();
    assert!(said.len() == 2 && said[1].starts_with("3000 rows: "), "{said:?}");
    assert_eq!(said[0], "standard input: 3000 rows, 3 features, by position");

    let text: String = x.rows().into_iter().map(|r| format!("{:?}\t{:?}\t{:?}\n", r[0], r[1], r[2])).collect();
    let args = ["score", "m.st", "--data", "-", "--out", "-", "--json"];
    let out = piped(folder, &args, format!("a\tb\tc\n{text}").into_bytes());
    let printed: serde_json::Value = serde_json::from_str(&stderr(&out)).unwrap();
    assert_eq!(printed["rows"], 3000);
    let lines = String::from_utf8(out.stdout).unwrap();
    let mut lines = lines.lines();
    assert_eq!(lines.next(), Some("log_prob"));
    assert!(lines.map(|line| line.parse::<f64>().unwrap()).eq(scores.iter().copied()));

    // CSV to npy, whose header is known last, and back.
    let out = piped(folder, &["encode", "m.st", "--data", "-", "--out", "-", "--format", "npy"], text.into_bytes());
    assert!(out.status.success() && out.stderr.is_empty(), "{}", stderr(&out));
    let back = piped(folder, &["decode", "m.st", "--data", "-", "--out", "back.npy"], out.stdout);
    assert!(back.status.success() && back.stdout.is_empty(), "{}", stderr(&back));
    let worst = (&read(folder, "back.npy") - &x).iter().fold(0.0_f64, |worst, d| worst.max(d.abs()));
    assert!(worst < 1e-9, "{worst:e}");

    // A pipe and a file get the same sample.
    succeed(folder, &["sample", "m.st", "--count", "50", "--out", "s.npy"]);
    let out = piped(folder, &["sample", "m.st", "--count", "50", "--out", "-"], vec![]);
    assert_eq!(out.stdout, std::fs::read(folder.join("s.npy")).unwrap());

    // One output on stdout, another in a file.
    let args = ["score", "m.st", "--data", "-", "--attribution", "-", "--out", "ll2.npy", "--format", "csv"];
    let out = piped(folder, &args, npy.clone());
    assert!(String::from_utf8(out.stdout).unwrap().starts_with("x0,x1,x2\n"));
    assert_eq!(read_vector(folder, "ll2.npy"), scores);
    let out = piped(folder, &["inspect", "m.st", "--data", "-"], npy);
    assert!(String::from_utf8(out.stdout).unwrap().contains("3000 rows of standard input"));
}

#[test]
fn a_truncated_input_pipe_leaves_no_files() {
    let folder = &folder();
    model(folder);
    let npy = std::fs::read(write(folder, "x.npy", &rows(3000, 3))).unwrap();
    let before = entries(folder);
    let all = ["--out", "ll.npy", "--attribution", "a.csv", "--flags", "f.npy", "--threshold", "0"];
    for cut in [npy.len() - 5, 200, 100, 7] {
        for args in [
            &[&["score", "m.st", "--data", "-"][..], &all].concat()[..],
            &["encode", "m.st", "--data", "-", "--out", "z.npy"],
        ] {
            let out = piped(folder, args, npy[..cut].to_vec());
            assert_eq!(out.status.code(), Some(2), "{cut}: {}", stderr(&out));
            assert!(stderr(&out).contains("standard input") && stderr(&out).lines().count() == 1, "{}", stderr(&out));
            assert!(cut < 10 || stderr(&out).contains("truncated"), "{}", stderr(&out));
            assert_eq!(entries(folder), before, "{cut}");
        }
    }
    for (nothing, why) in [(&b""[..], "0 row(s)"), (b"a,b,c\n", "no rows below the header on line 1")] {
        let out = piped(folder, &["score", "m.st", "--data", "-", "--out", "ll.csv"], nothing.to_vec());
        assert_eq!(out.status.code(), Some(2));
        assert!(stderr(&out).contains(&format!("standard input: {why}")), "{}", stderr(&out));
    }
    assert_eq!(entries(folder), before);
}

/// Runs `pdmap`, reads `bytes` bytes of its standard output and closes it.
fn abandoned(folder: &Path, args: &[&str], bytes: usize) -> (Option<i32>, String) {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("pdmap"));
    command.current_dir(folder).args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut vec![0; bytes]).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_closed_output_pipe_is_success() {
    let folder = &folder();
    model(folder);
    write(folder, "x.npy", &rows(400_000, 3));
    for format in ["npy", "csv"] {
        for args in [
            &["score", "m.st", "--data", "x.npy", "--quiet"][..],
            &["encode", "m.st", "--data", "x.npy"],
            &["sample", "m.st", "--count", "400000"],
        ] {
            let args = [args, &["--out", "-", "--format", format]].concat();
            assert_eq!(abandoned(folder, &args, 10), (Some(0), String::new()), "{args:?}");
        }
    }
    // Output to a file is complete even if stdout is closed.
    let args = ["score", "m.st", "--data", "x.npy", "--quiet", "--out", "-", "--flags", "f.npy", "--threshold", "0"];
    let (status, printed) = abandoned(folder, &args, 10);
    assert_eq!(status, Some(0), "{printed}");
    assert!(printed.starts_with("400000 rows: "), "{printed}");
    assert_eq!(std::fs::metadata(folder.join("f.npy")).unwrap().len(), 128 + 4 * 400_000);
}
