//! Killed and interrupted runs, and runs whose folder vanishes, lose nothing.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{folder, pdmap, refuse, rows, succeed, write};

const OUT: [&str; 2] = ["--out", "m.safetensors"];

fn args(steps: &'static str, extra: &[&'static str]) -> Vec<&'static str> {
    let fixed =
        ["train", "--data", "synthetic:ica?dim=48", "--rows", "4000,500,500", "--dtype", "f64", "--steps", steps];
    [&fixed[..], &OUT, extra].concat()
}

/// A process that is killed when its test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Running {
    fn start(command: &mut Command) -> Self {
        Self(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap())
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args(["-s", name, &self.0.id().to_string()]).status().unwrap().success());
    }

    fn is_over(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// Waits for the end and returns status and stderr, which is short.
    fn ended(mut self) -> (Option<i32>, String) {
        until("the end of the process", || self.is_over());
        let mut stderr = String::new();
        std::io::Read::read_to_string(self.0.stderr.as_mut().unwrap(), &mut stderr).unwrap();
        (self.0.wait().unwrap().code(), stderr)
    }

    /// Whether it catches SIGTERM: bit 14 of `SigCgt`. Assumed if there is no /proc.
    fn hears(&self) -> bool {
        mask(&format!("/proc/{}/status", self.0.id()), "SigCgt:").is_none_or(|caught| caught & (1 << 14) != 0)
    }
}

/// A signal mask of a process.
fn mask(status: &str, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(status).ok()?;
    let mask = status.lines().find_map(|line| line.strip_prefix(name))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

fn spawn(folder: &Path, args: &[&str]) -> Running {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("pdmap"));
    Running::start(command.current_dir(folder).args(args))
}

/// Waits for an event, at most a minute.
fn until(what: &str, mut found: impl FnMut() -> bool) {
    let start = Instant::now();
    while !found() {
        assert!(start.elapsed() < Duration::from_secs(60), "timed out waiting for {what}");
        std::thread::yield_now();
    }
}

fn leftovers(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for folder in [folder.to_owned(), folder.join("run")] {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            if name.starts_with(".pdmap-") {
                found.push(name);
            }
        }
    }
    found
}

const CHECKPOINTS: [&str; 5] = ["--checkpoint", "run", "--every", "1s", "--resume"];

#[test]
fn a_killed_run_resumes_bit_for_bit() {
    let whole = tempfile::tempdir().unwrap();
    succeed(whole.path(), &args("30000", &[]));
    let expected = std::fs::read(whole.path().join("m.safetensors")).unwrap();

    let folder = &folder();
    let mut child = spawn(folder, &args("30000", &CHECKPOINTS));
    let checkpoint = folder.join("run/checkpoint.safetensors");
    until("a checkpoint", || checkpoint.exists() || child.is_over());
    drop(child);
    // As left by a run that was killed while writing.
    std::fs::write(folder.join("run/.pdmap-killed.tmp"), b"half a checkpoint").unwrap();

    succeed(folder, &args("30000", &CHECKPOINTS));
    assert_eq!(std::fs::read(folder.join("m.safetensors")).unwrap(), expected);
    assert_eq!(leftovers(folder), Vec::<String>::new());
    // Another configuration is another run.
    let line = refuse(folder, &args("30001", &CHECKPOINTS));
    assert!(line.contains("checkpoint is of another run") && line.contains("30000"), "{line}");
}

#[test]
fn signals_end_a_run_after_its_step_and_everything_is_saved() {
    // If the tests were started to ignore SIGINT, as in a shell's background, so are their
    // children.
    let deaf = mask("/proc/self/status", "SigIgn:").is_some_and(|ignored| ignored & (1 << 1) != 0);
    let interrupt = if deaf { "TERM" } else { "INT" };
    for (name, checkpoints) in [(interrupt, &CHECKPOINTS[..]), ("TERM", &[])] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let endless = args("100000000", checkpoints);
        let child = spawn(folder, &endless);
        // The run has made at least one step when it stops.
        if !checkpoints.is_empty() {
            until("a checkpoint", || folder.join("run/checkpoint.safetensors").exists());
        } else {
            until("signals to be heard", || child.hears());
        }
        child.signal(name);
        let (status, stderr) = child.ended();
        assert_eq!(status, Some(4), "{name}: {stderr}");
        assert!(stderr.contains("interrupted after step"), "{stderr}");
        assert_eq!(stderr.contains("--resume continues"), !checkpoints.is_empty(), "{stderr}");
        // The weights are those of the last step, or better ones, even if it was not validated.
        let after: Vec<u64> =
            stderr.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect();
        assert!(after[1] > 0, "{stderr}");
        assert_eq!(leftovers(folder), Vec::<String>::new());
        let printed = succeed(folder, &["inspect", "m.safetensors"]);
        assert!(printed.contains("of 100000000 training steps"), "{printed}");
    }
}

#[test]
fn without_a_checkpoint_a_run_starts_anew_and_two_runs_cannot_share_a_folder() {
    let folder = &folder();
    succeed(folder, &args("20", &CHECKPOINTS));
    let checkpoint = folder.join("run/checkpoint.safetensors");
    // A checkpoint is not overwritten if --resume is missing.
    let before = std::fs::read(&checkpoint).unwrap();
    let line = refuse(folder, &args("20", &CHECKPOINTS[..4]));
    assert!(line.contains("checkpoint exists") && line.contains("--resume"), "{line}");
    assert_eq!(std::fs::read(&checkpoint).unwrap(), before);
    std::fs::remove_file(&checkpoint).unwrap();
    let child = spawn(folder, &args("100000000", &CHECKPOINTS[..4]));
    until("signals to be heard", || child.hears());
    until("the lock", || pdmap(folder, &args("20", &CHECKPOINTS)).status.code() == Some(2));
    let line = refuse(folder, &args("20", &CHECKPOINTS));
    assert!(line.contains("another run"), "{line}");
    child.signal("TERM");
    assert_eq!(child.ended().0, Some(4));
}

#[test]
fn a_full_disk_is_reported_and_training_continues() {
    let folder = &folder();
    // Files may have 64 blocks of 512 or 1024 bytes: enough for the model, but not for its
    // checkpoint.
    let pdmap = assert_cmd::cargo::cargo_bin("pdmap");
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$@\"";
    let train = args("6000", &CHECKPOINTS);
    let output =
        Command::new("bash").args(["-c", script, "bash"]).arg(pdmap).args(train).current_dir(folder).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.contains("warning: the last checkpoint (step 6000) was not saved: "), "{stderr}");
    assert!(!folder.join("run/checkpoint.safetensors").exists());
    assert_eq!(leftovers(folder), Vec::<String>::new());
    succeed(folder, &["inspect", "m.safetensors"]);
}

#[test]
fn a_vanished_output_folder_does_not_lose_the_model() {
    let folder = &folder();
    let temporary = folder.join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    std::fs::create_dir(folder.join("place")).unwrap();
    write(folder, "x.npy", &rows(500, 4));
    let train = ["train", "--data", "x.npy", "--steps", "100000000", "--out", "place/m.safetensors"];
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("pdmap"));
    let child = Running::start(command.current_dir(folder).env("TMPDIR", &temporary).args(train));
    until("signals to be heard", || child.hears());
    std::fs::remove_dir_all(folder.join("place")).unwrap();
    child.signal("TERM");
    let (status, stderr) = child.ended();
    assert_eq!(status, Some(4), "{stderr}");
    let printed = ["place/m.safetensors", "was saved to", "interrupted after step"];
    assert!(printed.iter().all(|words| stderr.contains(words)), "{stderr}");
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 1, "{stderr}");
}

#[test]
fn ignored_signals_stay_ignored() {
    let folder = &folder();
    let pdmap = assert_cmd::cargo::cargo_bin("pdmap");
    let mut command = Command::new("bash");
    command.args(["-c", "trap '' HUP INT; exec \"$@\"", "bash"]).arg(pdmap).args(args("100000000", &[]));
    let mut child = Running::start(command.current_dir(folder));
    until("signals to be heard", || child.hears());
    child.signal("HUP");
    child.signal("INT");
    assert!(!child.is_over(), "ended by an ignored signal");
    child.signal("TERM");
    assert_eq!(child.ended().0, Some(4));
}

#[test]
fn a_model_does_not_overwrite_its_inputs() {
    let folder = &folder();
    let x = rows(500, 4);
    write(folder, "x.npy", &x);
    std::fs::write(folder.join("m.toml"), "layers = [{ kind = \"asinh\" }]").unwrap();
    for (out, more) in [
        ("./x.npy", &[][..]),
        ("m.toml", &["--model", "m.toml"]),
        ("run/checkpoint.safetensors", &["--checkpoint", "run"]),
    ] {
        let line = refuse(folder, &[&["train", "--data", "x.npy", "--steps", "5", "--out", out][..], more].concat());
        assert!(line.contains(out), "{line}");
    }
    assert_eq!(common::read(folder, "x.npy"), x);
    let line = refuse(folder, &["train", "--data", "x.npy", "--steps", "5", "--out", "/dev/null"]);
    assert!(line.contains("/dev/null") && line.contains("not a regular file"), "{line}");
}

#[test]
fn flags_about_checkpoints_are_checked() {
    let folder = &folder();
    let line = refuse(folder, &args("5", &["--checkpoint", "run", "--every", "10ms"]));
    assert!(line.contains("--every 10ms") && line.contains("1s"), "{line}");
    assert_eq!(pdmap(folder, &args("5", &["--resume"])).status.code(), Some(2));
    assert_eq!(pdmap(folder, &args("5", &["--every", "5s"])).status.code(), Some(2));
    std::fs::write(folder.join("file"), "").unwrap();
    let line = refuse(folder, &args("5", &["--checkpoint", "file"]));
    assert!(line.contains("file"), "{line}");
    assert_eq!(pdmap(folder, &args("5", &["--threads", "0"])).status.code(), Some(2));
    assert_eq!(pdmap(folder, &args("5", &["--threads", "20000"])).status.code(), Some(2));
}
