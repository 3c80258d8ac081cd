//! Runs the commands of the documentation unchanged: those of a page in order, in an empty folder.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::skipped;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The fenced `sh` blocks of a text, which readers are meant to run.
fn blocks(text: &str) -> Vec<String> {
    let (mut blocks, mut open) = (vec![], None::<String>);
    for line in text.lines() {
        match &mut open {
            None if line == "```sh" => open = Some(String::new()),
            None => {}
            Some(block) if line.starts_with("```") => {
                blocks.push(std::mem::take(block));
                open = None;
            }
            Some(block) => *block += &format!("{line}\n"),
        }
    }
    blocks
}

/// Runs blocks with `pdmap` on the path. Every command must succeed.
fn run(name: &str, folder: &Path, blocks: &[String]) {
    assert!(!blocks.is_empty(), "{name} has no commands");
    let pdmap = PathBuf::from(env!("CARGO_BIN_EXE_pdmap"));
    let path = std::env::join_paths(
        std::iter::once(pdmap.parent().unwrap().to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    let path = path.unwrap();
    for block in blocks {
        let mut shell = Command::new("bash");
        let shell = shell.args(["-euo", "pipefail", "-c", block]).current_dir(folder).env("PATH", &path);
        let output = shell.output().unwrap();
        let printed = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}:\n{block}\n{printed}");
    }
}

/// Whether bash and awk are installed, as on every system that the pages are written for.
fn has_a_shell() -> bool {
    let there = |tool: &str| Command::new(tool).arg("--version").output().is_ok();
    let all = there("bash") && there("awk");
    if !all {
        skipped("bash or awk is missing, which the documentation's commands need");
    }
    all
}

#[test]
fn every_command_of_the_guide_runs() {
    if !has_a_shell() {
        return;
    }
    let guide = root().join("docs/guide");
    let mut pages: Vec<PathBuf> = std::fs::read_dir(&guide).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.push(root().join("docs/scoring.md"));
    pages.sort();
    let mut run_pages = 0;
    for page in pages {
        let commands = blocks(&std::fs::read_to_string(&page).unwrap());
        if !commands.is_empty() {
            let folder = tempfile::tempdir().unwrap();
            run(&page.file_name().unwrap().to_string_lossy(), folder.path(), &commands);
            run_pages += 1;
        }
    }
    assert!(run_pages >= 8, "{run_pages} pages with commands");
}

/// A reader of the README has a CSV file and three commands.
#[test]
fn the_readme_leads_from_a_csv_file_to_scores_samples_and_a_report_in_three_commands() {
    if !has_a_shell() {
        return;
    }
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let section = readme.split("<!-- three commands -->").nth(1).unwrap();
    let commands = blocks(section).remove(0);
    let lines: Vec<&str> = commands.lines().filter(|line| line.starts_with("pdmap ")).collect();
    assert_eq!((lines.len(), commands.lines().count()), (3, 3), "{commands}");

    let folder = &crate::common::folder();
    let mut text = "height,weight,age\n".to_owned();
    for row in 0..1000 {
        let (a, b) = ((row as f64 * 0.7).sin(), (row as f64 * 0.61).cos());
        let own = ((row * row * 7 + 13 * row) % 997) as f64 / 99.7;
        text += &format!("{},{},{}\n", 170.0 + 10.0 * a, 70.0 + 8.0 * a + 4.0 * b, 40.0 + 20.0 * b + own);
    }
    std::fs::write(folder.join("data.csv"), text).unwrap();
    run("README.md", folder, &[commands]);
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let scores = read("scores.csv");
    assert_eq!((scores.lines().count(), scores.lines().next()), (1001, Some("log_prob")));
    assert!(scores.lines().skip(1).all(|line| line.parse::<f64>().unwrap().is_finite()));
    let samples = read("samples.csv");
    assert_eq!((samples.lines().count(), samples.lines().next()), (1001, Some("height,weight,age")));
    let report = read("report.html");
    assert!(report.contains("Samples beside data") && report.contains("<h3>weight</h3>"));
}
