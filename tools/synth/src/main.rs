//! Writes a scene archive.

use clap::{Parser, ValueEnum};
use rasteret_synth::ArchiveOptions;
use std::path::PathBuf;
use std::process::ExitCode;

/// Writes a deterministic archive of synthetic scenes, with its STAC catalogue.
#[derive(Parser)]
#[command(name = "rasteret-synth", version)]
struct Arguments {
    /// Which archive.
    kind: Kind,
    /// The folder to write it to.
    folder: PathBuf,
    /// What hrefs of assets start with, such as the URL that the folder is served at; without,
    /// they are relative.
    #[arg(long)]
    base: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// 4 scenes of 4 bands of 1024² pixels.
    Demo,
    /// 12 scenes of 2 bands of 4096² pixels.
    Peers,
    /// 2 scenes of 2 bands with headers as large as Sentinel-2's.
    Headers,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let options = match arguments.kind {
        Kind::Demo => ArchiveOptions::demo(),
        Kind::Peers => ArchiveOptions::peers(),
        Kind::Headers => ArchiveOptions::headers(),
    };
    let written =
        options.write(arguments.folder).and_then(|archive| archive.write_catalog(arguments.base.as_deref()));
    match written {
        Ok(catalog) => {
            println!("{}", catalog.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("rasteret-synth: {error}");
            ExitCode::FAILURE
        }
    }
}
