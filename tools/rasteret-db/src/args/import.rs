//! What collections are imported from, and their headers parsed again.

use super::{Cloud, Selection, Store};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Import {
    /// A file, or a folder of partitions: path or URL
    #[arg(value_name = "SRC")]
    pub source: String,
    /// Name of the collection [default: the one that the files carry]
    #[arg(long)]
    pub name: Option<String>,
    /// What relative hrefs are relative to, and below which local files may be read: path or URL [default: the folder
    /// that SRC is, or lies in]
    #[arg(long, value_name = "D")]
    pub base_dir: Option<String>,
    /// One more folder below which local files may be read, or one more file
    #[arg(long, value_name = "PATH")]
    pub allow_local: Vec<PathBuf>,
    #[command(flatten)]
    pub selection: Selection,
    /// Import again even if nothing changed
    #[arg(long)]
    pub force: bool,
    /// Fail if any record cannot be taken, or any header makes no sense
    #[arg(long)]
    pub strict: bool,
    #[command(flatten)]
    pub cloud: Cloud,
}

#[derive(Debug, clap::Args)]
pub struct Refresh {
    /// Collection
    pub name: String,
    #[command(flatten)]
    pub selection: Selection,
    /// Only headers of files that changed, that came with an import, or that are missing for a reason that may have
    /// passed
    #[arg(long)]
    pub stale_only: bool,
    /// Fail if any file cannot be read
    #[arg(long)]
    pub strict: bool,
    /// How many headers are read at once
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    pub max_concurrent: u16,
    #[command(flatten)]
    pub store: Store,
}
