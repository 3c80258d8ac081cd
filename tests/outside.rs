//! Fresh crates outside the workspace: one on `pdmap-layers` and `pdmap-dense`, one on `pdmap-conv`
//! alone, one on the facade. They train a flow in under 30 lines, and compile with the features that
//! they alone ask for. With `PDMAP_OUTSIDE=run` they are built and run, too, which takes minutes. The
//! number of crates that each pulls in is printed.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::io::Write;
use std::path::Path;
use std::process::Command;

const ON_CRATES: &str = r#"
use pdmap_core::flow::base;
use pdmap_core::optim::Optimizer;
use pdmap_core::{Flow, Layer};
use pdmap_dense::{BiasKind, Dense, Direction, Group};
use pdmap_layers::elementwise::{Elementwise, SmoothLeakyRelu};
use rand::SeedableRng;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let group = Group::General(Direction::Relative);
    let x = base::draw::<f64>(&base::Normal, 500, 4, &mut rng)?.mapv(|v| v.powi(3) + v);
    let layers: Vec<Box<dyn Layer<f64>>> = vec![
        Box::new(Dense::random(4, group, BiasKind::Plain, &mut rng)?),
        Box::new(Elementwise::new(SmoothLeakyRelu { alpha: 0.3 })?),
        Box::new(Dense::random(4, group, BiasKind::Plain, &mut rng)?),
    ];
    let mut flow = Flow::new(4, layers, Box::new(base::Normal))?;
    let (mut training, mut optimizer) = (flow.training(), Optimizer::adam(1e-2)?);
    for _ in 0..300 {
        flow.accumulate(&x, &mut training)?;
        flow.update(&mut optimizer, &mut training)?;
    }
    println!("{}", flow.log_prob(&x)?.iter().sum::<f64>() / 500.0);
    Ok(())
}
"#;

const ON_CONV: &str = r#"
use pdmap_conv::optim::Optimizer;
use pdmap_conv::rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
use pdmap_conv::{CycledConv, Flow, Geometry, Group, ScaleDirection, base, subband_scale};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut x = base::draw::<f64>(&base::Normal, 64, 128, &mut rng)?;
    for mut row in x.rows_mut() {
        (1..128).for_each(|i| row[i] = 0.95 * row[i - 1] + (1.0_f64 - 0.95 * 0.95).sqrt() * row[i]);
    }
    let signal = Geometry::signal(1, 128, 8).isolated();
    let lapped = CycledConv::random(signal, 2, Group::Orthonormal, &mut rng)?;
    let scale = subband_scale(signal, None, ScaleDirection::Algebra)?;
    let mut flow = Flow::new(128, vec![Box::new(lapped), Box::new(scale)], Box::new(base::Normal))?;
    let (mut training, mut optimizer) = (flow.training(), Optimizer::adam(0.03)?);
    for _ in 0..300 {
        flow.accumulate(&x, &mut training)?;
        flow.update(&mut optimizer, &mut training)?;
    }
    println!("{}", flow.log_prob(&x)?.iter().sum::<f64>() / (64.0 * 128.0));
    Ok(())
}
"#;

const ON_FACADE: &str = r#"
use pdmap::data::{Counts, Generator};
use pdmap::{Architecture, Budget, Preprocess, Preset, TrainConfig, mean_log_prob, train};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let moons: Generator = "synthetic:moons?noise=0.1".parse()?;
    let data = moons.splits::<f64>(Counts { train: 2000, validation: 500, test: 500 }, 1)?;
    let (rows, validation) = (data.train.view(), data.validation.view());
    let mut flow = Preset::DENSE_RELATIVE.build(rows, Preprocess::Standardize, Architecture::default(), 1)?;
    let config = TrainConfig { rate: 1e-2, ..TrainConfig::new(Budget::Steps(300)) };
    train(&mut flow, rows, validation, &config, &mut |_| {})?;
    println!("{}", mean_log_prob(&flow, data.test.view(), 500)?);
    Ok(())
}
"#;

/// Whether the crates are built and run, not only checked.
fn runs() -> bool {
    std::env::var_os("PDMAP_OUTSIDE").is_some_and(|how| how == "run")
}

/// Checks, or builds and runs, a crate with the given dependencies; returns what it printed and how
/// many crates it pulled in.
fn run(name: &str, dependencies: &str, program: &str) -> (Option<f64>, usize) {
    assert!(program.trim().lines().count() < 30);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Beside the workspace's own build, so that a second run of the test compiles nothing; but not a
    // member of the workspace.
    let folder = root.join("target/outside").join(name);
    std::fs::create_dir_all(folder.join("src")).unwrap();
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n\n[profile.dev]\ndebug = false\nincremental = false\n\n[workspace]\n"
    );
    std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    std::fs::write(folder.join("src/main.rs"), program).unwrap();
    // The workspace's lock file pins the same versions; cargo drops what this crate does not need.
    std::fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let cargo = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command.current_dir(&folder).env("CARGO_TARGET_DIR", root.join("target/outside/build"));
        let output = command.args(args).output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let printed = if runs() {
        Some(cargo(&["run", "--quiet", "--offline"]).trim().parse().unwrap())
    } else {
        cargo(&["check", "--quiet", "--offline"]);
        None
    };
    let tree = cargo(&["tree", "--offline", "--edges", "normal", "--prefix", "none", "--format", "{p}"]);
    let mut crates: Vec<&str> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    crates.sort_unstable();
    crates.dedup();
    (printed, crates.len() - 1)
}

fn path(crate_folder: &str) -> String {
    format!("{{ path = {:?} }}", Path::new(env!("CARGO_MANIFEST_DIR")).join(crate_folder))
}

#[test]
fn fresh_crates_compile() {
    let dependencies = format!(
        "pdmap-core = {}\npdmap-dense = {}\npdmap-layers = {}\nrand = {{ version = \"0.10\", default-features = false }}\nrand_chacha = \"0.10\"",
        path("crates/core"),
        path("crates/dense"),
        path("crates/layers")
    );
    let (likelihood, crates) = run("on-crates", &dependencies, ON_CRATES);
    println!("pdmap-core, pdmap-dense, pdmap-layers: {crates} crates, themselves, rand and rand_chacha included");
    assert!(likelihood.is_none_or(|value| value.is_finite() && value < 0.0), "{likelihood:?}");

    let (likelihood, crates) = run("on-conv", &format!("pdmap-conv = {}", path("crates/conv")), ON_CONV);
    println!("pdmap-conv: {crates} crates, itself included");
    // A lapped transform, in nats a sample: independent samples have −1.419, the process −0.255.
    assert!(likelihood.is_none_or(|value| value > -0.42 && value < -0.25), "{likelihood:?}");

    // The facade pulls in everything: that takes too long for every run of the tests.
    if runs() {
        let (likelihood, crates) = run("on-facade", &format!("pdmap = {}", path("")), ON_FACADE);
        println!("pdmap: {crates} crates, itself included");
        assert!(likelihood.is_some_and(|value| value > -2.5), "{likelihood:?}");
    } else {
        let _ = writeln!(
            std::io::stderr(),
            "\nskipped: fresh crates on layers and on convolutions are checked and not run, and that on the facade is left out; PDMAP_OUTSIDE=run runs all three"
        );
    }
}
