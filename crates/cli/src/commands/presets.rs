//! `pdmap presets`.

use anyhow::Result;
use pdmap_train::Preset;

use crate::args::Presets;
use crate::terminal::output;

pub(crate) fn run(args: &Presets) -> Result<()> {
    let architecture = args.architecture.architecture()?;
    match (args.name, args.json) {
        (Some(preset), false) if !preset.is_template() => output::line(preset.text()),
        (Some(preset), true) => output::json(&preset.model(architecture)),
        (Some(preset), false) => output::line(preset.model(architecture).to_toml().trim_end()),
        (None, true) => {
            let all =
                Preset::all().map(|preset| serde_json::json!({ "name": preset, "description": preset.describe() }));
            output::json(&all.collect::<Vec<_>>())
        }
        (None, false) => {
            let line = |preset: Preset| output::line(&format!("{:30} {}", preset.name(), preset.describe()));
            Preset::all().try_for_each(line)
        }
    }
}
