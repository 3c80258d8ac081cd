//! `pdmap presets`.

use anyhow::Result;
use pdmap_train::{Architecture, Preset};

use crate::args::Presets;
use crate::terminal::exit::BadInput;
use crate::terminal::output;

pub(crate) fn run(args: &Presets) -> Result<()> {
    if args.depth == 0 {
        return Err(BadInput("--depth 0: a flow needs at least one linear layer".into()).into());
    }
    let architecture = Architecture { depth: args.depth, alpha: args.alpha };
    match (args.name, args.json) {
        (Some(preset), false) if preset.recipe().is_some() => {
            output::line(preset.recipe().unwrap_or_default().trim_end())
        }
        (Some(preset), true) => output::json(&preset.model(architecture)),
        (Some(preset), false) => output::line(preset.model(architecture).to_toml().trim_end()),
        (None, true) => {
            let all = Preset::named()
                .map(|preset| serde_json::json!({ "name": preset, "description": preset.describe() }));
            output::json(&all.collect::<Vec<_>>())
        }
        (None, false) => {
            let line = |preset: Preset| output::line(&format!("{:30} {}", preset.name(), preset.describe()));
            Preset::named().try_for_each(line)
        }
    }
}
