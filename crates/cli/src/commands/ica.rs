//! `pdmap ica` and `pdmap ica apply`.

use anyhow::Result;
use clap::ValueEnum;
use ndarray::Array2;
use pdmap_data::{RowFormat, RowShape};
use pdmap_dense::ica::{FitOptions, IcaOptions, Separation};

use crate::args::{DensityArg, HeaderArg, Ica, IcaApply, IcaCommand, IcaFit, OutputFormat, TextArgs};
use crate::ica::rows::Table;
use crate::ica::stored::{FILES, Stored, StoredSource, source_name};
use crate::rows::blocks::Blocks;
use crate::rows::targets::{As, Targets};
use crate::terminal::exit::BadInput;
use crate::terminal::output::{self, Folder};

pub(crate) fn run(args: &Ica) -> Result<()> {
    match (&args.command, &args.fit) {
        (Some(IcaCommand::Apply(args)), _) => apply(args),
        (None, Some(own)) => fit(own, &args.text),
        (None, None) => Err(BadInput("pdmap ica: --data and --out are missing".into()).into()),
    }
}

fn fit(args: &IcaFit, text: &TextArgs) -> Result<()> {
    let data = args.data.as_path();
    let targets = Targets::plan([("--sources", args.sources.as_deref())], &[data], OutputFormat { format: None })?;
    let search = IcaOptions {
        constraint: args.form.into(),
        density: args.density.into(),
        tolerance: args.tolerance,
        iterations: args.iterations,
        ..IcaOptions::default()
    };
    search.validate()?;
    if args.components == Some(0) {
        return Err(BadInput("--components 0: at least 1".into()).into());
    }
    let options = FitOptions {
        components: args.components,
        standardize: args.standardize,
        order: args.order.into(),
        search,
        resamples: args.resamples,
        seed: args.seed,
    };
    let folder = Folder::prepare(&args.out, &FILES)?;
    let table = Table::open(data, text.options()?, args.memory)?;
    let ica = table.fit(&options)?;
    let (form, density) = (word(args.form), word(args.density));
    let stored = Stored::new(&ica, table.columns.as_deref(), form, density);
    stored.write(&ica, &folder)?;
    if args.sources.is_some() {
        let names = source_names(&ica.separation, text.header);
        let as_what = As { rows: Some(ica.rows as u64), names, usual: RowFormat::Npy, id: table.id.as_ref() };
        let shape = RowShape::Matrix { features: ica.separation.sources() };
        let mut out = targets.open::<f64>(0, shape, &as_what)?;
        table.blocks(|block, ids| {
            let ids = table.id.as_ref().map(|_| ids);
            out.write(ids, &ica.separation.encode(block)?.into_raw_vec_and_offset().0)
        })?;
        out.finish()?;
    }
    warnings(&stored, args);
    if args.json {
        return output::summary(&serde_json::to_string_pretty(&summary(&stored))?, targets.stdout());
    }
    let lines = lines(&stored, &ica.separation, table.is_in_file());
    lines.iter().try_for_each(|line| output::summary(line, targets.stdout()))
}

/// The value of a flag.
fn word(value: impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

fn source_names(separation: &Separation, header: HeaderArg) -> Option<Vec<String>> {
    (header != HeaderArg::No).then(|| (0..separation.sources()).map(source_name).collect())
}

/// What a reader of the results has to know.
fn warnings(stored: &Stored, args: &IcaFit) {
    let gradient = stored.record.last().map_or(f64::NAN, |at| at.gradient);
    if stored.end != "converged" {
        let advice = match stored.end.as_str() {
            "stalled" => "rounding allows no smaller gradient; --tolerance sets what is enough",
            _ => "--iterations allows more",
        };
        eprintln!("warning: {}, at a gradient of {gradient:.1e} ({advice})", stored.end);
    }
    if !stored.unidentified.is_empty() {
        eprintln!(
            "warning: {} are not told from normal sources; any rotation among them fits the rows as well",
            stored.unidentified.join(", ")
        );
    }
    let lighter = |source: &StoredSource| source.contrast < -3.0 * source.contrast_error;
    let mixed = !stored.unidentified.is_empty() || stored.sources.iter().any(lighter);
    if mixed && args.density != DensityArg::Adaptive {
        eprintln!(
            "warning: this density does not separate sources with lighter tails than normal ones; --density adaptive does"
        );
    }
}

/// The results without matrices.
fn summary(stored: &Stored) -> serde_json::Value {
    let Stored { rows, rank, explained, form, density, end, sources, unidentified, record, .. } = stored;
    serde_json::json!({
        "rows": rows, "rank": rank, "explained": explained, "form": form, "density": density, "end": end,
        "iterations": record.len().saturating_sub(1), "gradient": record.last().map(|at| at.gradient),
        "sources": sources, "unidentified": unidentified,
    })
}

/// The results as text.
fn lines(stored: &Stored, separation: &Separation, in_file: bool) -> Vec<String> {
    let Stored { rows, rank, explained, record, end, .. } = stored;
    let (columns, sources) = (separation.columns(), separation.sources());
    let mut lines = vec![format!(
        "{rows} rows of {columns} columns{}, rank {rank}; {sources} sources of {:.4}% of the variance",
        if in_file { ", read in passes" } else { "" },
        100.0 * explained
    )];
    if *rank < columns {
        lines.push(format!("the columns depend on each other; the rows lie in {rank} dimensions"));
    }
    let gradient = record.last().map_or(f64::NAN, |at| at.gradient);
    lines.push(format!("{end} after {} iterations: gradient {gradient:.1e}", record.len().saturating_sub(1)));
    let stable = stored.sources.iter().any(|source| source.stability.is_some());
    let heading = format!("{:>6} {:>9} {:>9}  {:<14} {:>16}", "source", "variance", "kurtosis", "density", "contrast");
    lines.push(if stable { format!("{heading} {:>9}", "stability") } else { heading });
    lines.extend(stored.sources.iter().map(|source| {
        let StoredSource { name, variance, kurtosis, density, contrast, contrast_error, stability } = source;
        let line = format!(
            "{name:>6} {:>8.3}% {kurtosis:>9.3}  {density:<14} {contrast:>7.3} ± {contrast_error:<6.3}",
            100.0 * variance
        );
        stability.map_or(line.clone(), |index| format!("{line} {index:>9.3}"))
    }));
    lines
}

fn apply(args: &IcaApply) -> Result<()> {
    let data = args.rows.data.as_path();
    let targets = Targets::plan([("--out", Some(args.out.as_path()))], &[data], args.format)?;
    let (stored, separation) = Stored::read(&args.folder)?;
    let left_out = chosen(&args.without, &stored)?;
    let (text, header) = (args.rows.text.options()?, args.rows.text.header);
    let mut rows = Blocks::<f64>::named(data, &text, &stored.columns, separation.columns())?;
    let names = if args.without.is_empty() {
        source_names(&separation, header)
    } else {
        let own = || (0..separation.columns()).map(|index| format!("x{index}")).collect();
        let columns = if stored.columns.is_empty() { own() } else { stored.columns.clone() };
        (header != HeaderArg::No).then_some(columns)
    };
    let width = if args.without.is_empty() { separation.sources() } else { separation.columns() };
    let id = rows.id_column();
    let as_what = As { rows: rows.count(), names, usual: rows.format(), id: id.as_ref() };
    let mut out = targets.open::<f64>(0, RowShape::Matrix { features: width }, &as_what)?;
    while let Some(block) = rows.next()? {
        let mapped: Result<Array2<f64>, _> = match &left_out {
            None => separation.encode(block.rows.reborrow()),
            Some(left_out) => separation.without(block.rows.reborrow(), left_out),
        };
        let mapped = mapped.map_err(|error| block.error(error))?;
        out.write(block.ids, &mapped.into_raw_vec_and_offset().0)?;
        if out.is_closed() {
            return Ok(());
        }
    }
    out.finish()?;
    output::rows(&args.out, rows.given(), width, args.json, targets.stdout())
}

/// The sources that are named, if any are.
fn chosen(named: &[String], stored: &Stored) -> Result<Option<Vec<usize>>> {
    let index = |name: &String| -> Result<usize> {
        let found = stored.sources.iter().position(|source| source.name == *name);
        let found = found.or_else(|| name.parse().ok().filter(|&index| index < stored.sources.len()));
        found.ok_or_else(|| {
            let last = source_name(stored.sources.len().saturating_sub(1));
            BadInput(format!("--without {name}: the sources are s0 to {last}")).into()
        })
    };
    let all: Vec<usize> = named.iter().map(index).collect::<Result<_>>()?;
    Ok((!all.is_empty()).then_some(all))
}
