//! `pdmap impute`.

use anyhow::Result;
use pdmap_core::Real;
use pdmap_query::Fill;
use pdmap_train::{AnyModel, Model, each_precision as each};

use crate::args::{FillArg, Impute};
use crate::rows::answers::Answers;
use crate::rows::completed::{Completion, complete};
use crate::rows::partial::copula;
use crate::rows::targets::Targets;
use crate::terminal::exit::BadInput;
use crate::terminal::output;

pub(crate) fn run(args: &Impute) -> Result<()> {
    if args.draws > 1 && args.fill != FillArg::Draw {
        return Err(BadInput(format!("--draws {}: for --fill draw", args.draws)).into());
    }
    let read = [args.rows.data.as_path(), args.model.as_path()];
    let targets = Targets::plan([("--out", Some(args.out.as_path()))], &read, args.format)?;
    each!(AnyModel::load(&args.model)?, model => impute(args, &model, &targets))
}

fn impute<F: Real>(args: &Impute, model: &Model<F>, targets: &Targets<1>) -> Result<()> {
    let copula = copula(model, &args.model)?;
    let fill = match args.fill {
        FillArg::Mean => Fill::Mean,
        FillArg::Median => Fill::Median,
        FillArg::Mode => Fill::Mode,
        FillArg::Draw => Fill::Draw { seed: args.seed },
    };
    let (text, header) = (args.rows.text.options()?, args.rows.text.header);
    let (model_path, data) = (args.model.as_path(), args.rows.data.as_path());
    let own = Completion { model: model_path, data, text, header, fill, copies: args.draws };
    let done = complete(&own, model, &Answers::Closed(copula), targets)?;
    if !args.json {
        return Ok(());
    }
    let facts = serde_json::json!({
        "file": args.out, "rows": done.rows, "features": model.flow.features(), "filled": done.filled,
    });
    output::summary(&serde_json::to_string_pretty(&facts)?, targets.stdout())
}
