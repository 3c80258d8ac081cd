//! `pdmap compare`.

mod plan;

use anyhow::{Context, Error, Result};
use pdmap_compare::{
    CompareError, Event, HeldOutWeights, Plan, PlanFile, Results, Store, compare_on, csv, figures, outline, page,
    standalone, text_table,
};
use pdmap_core::Real;
use pdmap_train::{Dequantizer, InMemory};

use crate::args::{Compare, Dtype};
use crate::rows::data::Source;
use crate::terminal::output::{self, Folder};
use crate::terminal::progress::Bar;

/// All results, from which everything else can be reproduced.
const RESULTS: &str = "results.json";

/// The final runs as a table.
const TABLE: &str = "results.csv";

/// Folder of finished runs.
const RUNS: &str = "runs";

/// The report page.
const REPORT: &str = "report.html";

pub(crate) fn run(args: &Compare) -> Result<()> {
    let file = args.plan.as_deref().map(PlanFile::load).transpose()?;
    let source = Source::plan(&plan::data(args, file.as_ref()), true)?.weighted(&args.weights)?;
    let plan = plan::settle(args, file.as_ref(), &source)?;
    if args.dry_run {
        return if args.json { output::json(&plan) } else { output::line(&outline(&plan)) };
    }
    let folder = Folder::prepare(&args.out, &[RESULTS, REPORT, TABLE])?;
    let store = Store::open(&folder.file(RUNS));
    let (dtype, quiet) = (args.training.dtype, args.training.quiet);
    let results = match dtype {
        Dtype::F32 => measure::<f32>(&source, &plan, &store, quiet)?,
        Dtype::F64 => measure::<f64>(&source, &plan, &store, quiet)?,
    };
    // Results are written first, so that a failing plot loses neither the file nor the table.
    output::text(&folder.file(RESULTS), serde_json::to_string_pretty(&results)?)?;
    output::text(&folder.file(TABLE), csv(&results)?)?;
    let drawn = draw(&folder, &results)
        .with_context(|| format!("the results are in {}, but the report failed", folder.file(RESULTS).display()));
    if args.json {
        output::json(&results)?;
    } else {
        output::line(&text_table(&results))?;
        output::line("")?;
        results.verdict.iter().try_for_each(|sentence| output::line(sentence))?;
        if let Some(bytes) = results.peak_memory {
            output::line(&format!("\nPeak memory {}", output::bytes(bytes)))?;
        }
    }
    drawn?;
    if args.json {
        return Ok(());
    }
    output::line(&format!("\nReport: {}", folder.file(REPORT).display()))
}

fn measure<F: Real>(source: &Source, plan: &Plan, store: &Store, quiet: bool) -> Result<Results> {
    let bar = Bar::new(quiet);
    bar.stage("reading data".into());
    let (mut data, columns) = source.splits::<F>(plan.largest_batch())?;
    // Runs draw the noise of discrete features anew in each epoch; all else sees one draw of it.
    let exact = columns.noise.as_ref().map(|noise| (data.train.clone(), noise));
    if let Some((_, noise)) = &exact {
        noise.add(Dequantizer::FIXED, 0, data.train.view_mut());
    }
    if let Some(read) = &columns.read {
        let parts = [data.train.nrows(), data.validation.nrows(), data.test.nrows()];
        let steps: Vec<String> =
            columns.steps().into_iter().chain(plan.preprocess.iter().map(ToString::to_string)).collect();
        read.lines(parts, &steps.join(", ")).iter().for_each(|line| bar.said(line));
        columns.weights.iter().for_each(|weights| bar.said(&format!("weights: {}", weights.note)));
        columns.warning().iter().for_each(|warning| bar.warn(&format!("warning: {warning}")));
    }
    if let Some(seconds) = plan.seconds() {
        bar.note(&format!("{} arms: about {seconds:.0} s of training", plan.arms.len()));
    }
    let mut watch = |event: Event<'_>| match event {
        Event::Baselines => bar.stage("baselines".into()),
        Event::Tuning { arm, rate, progress } => {
            bar.stage(format!("tuning {arm}, rate {rate:e}"));
            bar.at(progress);
        }
        Event::Run { arm, seed, progress } => {
            bar.stage(format!("{arm}, seed {seed}"));
            bar.at(progress);
        }
        Event::Failed { arm, seed, reason } => {
            let seed = seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
            bar.warn(&format!("warning: {arm}{seed}: {reason}"));
        }
        Event::Finished { arm, seed, test } => bar.note(&format!("{arm}, seed {seed}: {test:.2} nats")),
    };
    let weights = columns.weights.as_ref();
    let training = match &exact {
        None => InMemory::from(data.train.view()),
        Some((exact, noise)) => InMemory::from(exact.view()).dequantized(Some(noise)),
    };
    let training = training.weighted(weights.map(|weights| &weights.train))?;
    let held_out = HeldOutWeights {
        validation: weights.map(|weights| &weights.validation),
        test: weights.and_then(|weights| weights.test.as_ref()),
    };
    let results = compare_on(&data, (training, held_out), plan, store, &mut watch);
    bar.finish();
    let results = results.map_err(|error| match error {
        CompareError::Arm { arm, source: error } => source.blame(*error).context(format!("arm {arm}")),
        CompareError::Layer(error) => source.blame(error),
        other => Error::from(other),
    })?;
    Ok(results)
}

/// Writes the page and the plots, after all of them have been rendered.
fn draw(folder: &Folder, results: &Results) -> Result<()> {
    let mut files = vec![(REPORT, page(results)?.render()?)];
    files.extend(figures(results)?.into_iter().map(|(name, figure)| (name, standalone(&figure.svg))));
    files.iter().try_for_each(|(name, contents)| output::text(&folder.file(name), contents))
}
