//! `pdmap man`.

use anyhow::Result;
use clap::{Command, CommandFactory};

use crate::args::{Cli, Man};
use crate::terminal::output::{self, Folder};

pub(crate) fn run(args: &Man) -> Result<()> {
    let mut command = Cli::command();
    command.build();
    let pages = pages(&command, "pdmap")?;
    let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
    let folder = Folder::prepare(&args.out, &names)?;
    pages.iter().try_for_each(|(name, page)| output::text(&folder.file(name), page))?;
    let files: Vec<_> = names.iter().map(|name| folder.file(name)).collect();
    if args.json {
        return output::json(&serde_json::json!({ "pages": files }));
    }
    files.iter().try_for_each(|file| output::line(&file.display().to_string()))
}

/// The manual pages of a command and its subcommands, such as `pdmap-data-splits.1`.
fn pages(command: &Command, name: &str) -> Result<Vec<(String, Vec<u8>)>> {
    let mut page = Vec::new();
    let titled = command
        .clone()
        .name(name.to_owned())
        .display_name(name.to_owned())
        .bin_name(name.replace('-', " "))
        .disable_help_subcommand(true);
    clap_mangen::Man::new(titled).render(&mut page)?;
    let mut all = vec![(format!("{name}.1"), page)];
    for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
        all.extend(pages(subcommand, &format!("{name}-{}", subcommand.get_name()))?);
    }
    Ok(all)
}
