//! `pdmap compare`.

use std::time::Duration;

use anyhow::{Context, Result};
use pdmap_compare::{Event, Plan, Results, compare, figures, page, standalone, text_table};
use pdmap_core::Real;
use pdmap_train::{Budget, Preset};

use super::{architecture, config};
use crate::args::{Compare, Dtype};
use crate::data::Source;
use crate::output;
use crate::progress::Bar;

/// Budget of a run where nothing else is said: the default comparison then takes about two minutes.
const BUDGET: Duration = Duration::from_secs(5);

pub(crate) fn run(args: &Compare) -> Result<()> {
    let source = Source::plan(&args.data, true)?;
    let rates = match args.rate {
        Some(_) => vec![],
        None => pdmap_compare::RATES.to_vec(),
    };
    let rate = args.rate.unwrap_or(Preset::DenseRelative.rate());
    let plan = Plan {
        arms: if args.arms.is_empty() { Preset::ALL.to_vec() } else { args.arms.clone() },
        seeds: args.seeds,
        preprocess: args.training.preprocess.unwrap_or(source.preprocess()),
        architecture: architecture(&args.training)?,
        training: config(&args.training, Budget::Time(BUDGET), rate, 0)?,
        rates,
        ..Plan::new(Budget::Time(BUDGET))
    };
    let results = match args.training.dtype {
        Dtype::F32 => measure::<f32>(&source, &plan, args.training.quiet)?,
        Dtype::F64 => measure::<f64>(&source, &plan, args.training.quiet)?,
    };
    write(args, &results)?;
    if args.json {
        return output::json(&results);
    }
    output::line(&text_table(&results))?;
    output::line("")?;
    results.verdict.iter().try_for_each(|sentence| output::line(sentence))?;
    output::line(&format!("\nReport: {}", args.out.join("report.html").display()))
}

fn measure<F: Real>(source: &Source, plan: &Plan, quiet: bool) -> Result<Results> {
    let bar = Bar::new(quiet);
    bar.stage("reading data".into());
    let data = source.splits::<F>(plan.training.batch)?;
    if let Some(seconds) = plan.seconds() {
        bar.say(&format!("{} arms: about {seconds:.0} s of training", plan.arms.len()));
    }
    let results = compare(&data, plan, &mut |event| match event {
        Event::Baselines => bar.stage("baselines".into()),
        Event::Tuning { arm, rate, progress } => {
            bar.stage(format!("tuning {arm}, rate {rate:e}"));
            bar.at(progress);
        }
        Event::Run { arm, seed, progress } => {
            bar.stage(format!("{arm}, seed {seed}"));
            bar.at(progress);
        }
        Event::Finished { arm, seed, test } => bar.say(&format!("{arm}, seed {seed}: {test:.2} nats")),
    })?;
    bar.finish();
    Ok(results)
}

/// The folder's files: all are made before the first is written.
fn write(args: &Compare, results: &Results) -> Result<()> {
    let mut files = vec![
        ("report.html".to_owned(), page(results)?.render()?),
        ("results.json".to_owned(), serde_json::to_string_pretty(results)?),
    ];
    files.extend(
        figures(results)?.into_iter().map(|(name, figure)| (name.to_owned(), standalone(&figure.svg))),
    );
    std::fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    files.iter().try_for_each(|(name, contents)| output::text(&args.out.join(name), contents))
}
