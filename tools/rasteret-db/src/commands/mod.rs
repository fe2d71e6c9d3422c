//! One module a command, or a family of commands.

mod build;
mod collections;
mod database;
mod datasets;
mod demo;
mod export;
mod header;
mod import;
mod meter;
mod query;
mod read;
mod sample;
mod share;
mod table;

use crate::Outcome;
use crate::args::{Args, Command, Db, Store};
use crate::print::{CommandError, Printer};
use clap::CommandFactory;
use rasteret::Database;
use rasteret::io::ByteSources;
use std::path::{Path, PathBuf};

/// Runs a command.
pub fn run(args: &Args, printer: &Printer) -> Result<Outcome, CommandError> {
    let session = Session { path: database_path(args)?, printer };
    match &args.command {
        Command::Demo { dir } => demo::run(&session, dir.as_deref()),
        Command::Collections(command) => collections::run(&session, command),
        Command::Datasets(command) => datasets::run(&session, command),
        Command::Import(arguments) => import::run(&session, arguments),
        Command::Header { name, id, band } => header::run(&session, name, id, band),
        Command::Export(export) => export::run(&session, export),
        Command::Query { name, selection, limit, output, columns } => query::run(
            &session,
            name,
            selection,
            *limit,
            output.as_deref().map(|path| (path, columns.as_slice())),
        ),
        Command::Read(read) => read::run(&session, read),
        Command::Sample(sample) => sample::run(&session, sample),
        Command::Db(Db::Stats) => database::stats(&session),
        Command::Db(Db::Verify { deep }) => database::verify(&session, *deep),
        Command::Db(Db::Compact) => database::compact(&session),
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut Args::command(), "rasteret-db", &mut std::io::stdout());
            Ok(Outcome::Done)
        }
    }
}

/// The database and the printer that a command works with.
struct Session<'a> {
    path: PathBuf,
    printer: &'a Printer,
}

impl Session<'_> {
    fn open(&self) -> Result<Database, CommandError> {
        Ok(Database::open(&self.path)?)
    }

    fn open_with(&self, store: &Store) -> Result<Database, CommandError> {
        Ok(self.open()?.with_sources(ByteSources::new(store.options())))
    }

    fn open_writable(&self) -> Result<Database, CommandError> {
        create_parent(&self.path)?;
        Ok(Database::open_writable(&self.path)?)
    }

    fn open_writable_with(&self, store: &Store) -> Result<Database, CommandError> {
        Ok(self.open_writable()?.with_sources(ByteSources::new(store.options())))
    }
}

fn create_parent(path: &Path) -> Result<(), CommandError> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => std::fs::create_dir_all(parent)
            .map_err(|source| CommandError::Io { what: parent.display().to_string(), source }),
        _ => Ok(()),
    }
}

/// `--db`, then `$RASTERET_DB`, then `rasteret.db` in `$RASTERET_WORKSPACE` or `~/rasteret_workspace`.
fn database_path(args: &Args) -> Result<PathBuf, CommandError> {
    if let Some(path) = &args.db {
        return Ok(path.clone());
    }
    let workspace = match std::env::var_os("RASTERET_WORKSPACE").filter(|value| !value.is_empty()) {
        Some(workspace) => PathBuf::from(workspace),
        None => std::env::home_dir()
            .ok_or_else(|| {
                CommandError::Usage("there is no home directory: say where the database is with --db".into())
            })?
            .join("rasteret_workspace"),
    };
    Ok(workspace.join("rasteret.db"))
}
