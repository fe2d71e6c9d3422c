//! `query`.

use super::{Session, create_parent};
use crate::Outcome;
use crate::args::Selection;
use crate::print::{CommandError, plural};
use rasteret::Collection;
use rasteret::blocking::Wait;
use serde_json::json;
use std::path::Path;

pub fn run(
    session: &Session<'_>,
    name: &str,
    selection: &Selection,
    limit: usize,
    output: Option<(&Path, &[String])>,
) -> Result<Outcome, CommandError> {
    let collection = session.open()?.collection(name)?.subset(selection.filter()?);
    let matches = collection.ids()?;
    let ids = &matches[..matches.len().min(limit)];
    let mut report = json!({"count": matches.len(), "ids": ids});
    if let Some((path, columns)) = output {
        write(&collection, path, columns)?;
        report["out"] = json!(path);
    }
    session.printer.result(&report, || {
        let mut text = ids.join("\n");
        text += &format!("\n{}", plural(matches.len() as u64, "record"));
        if ids.len() < matches.len() {
            text += &format!(", of which the first {} are listed", ids.len());
        }
        text
    })?;
    Ok(Outcome::Done)
}

/// Writes the records as one file, in place of one that is there.
fn write(collection: &Collection, path: &Path, columns: &[String]) -> Result<(), CommandError> {
    let dest = path.to_str().filter(|path| path.ends_with(".parquet"));
    let Some(dest) = dest else {
        let why = format!("cannot tell what to write to {}: end it in .parquet", path.display());
        return Err(CommandError::Usage(why));
    };
    create_parent(path)?;
    let mut export = collection.export(dest).overwrite(true);
    if !columns.is_empty() {
        export = export.columns(columns);
    }
    export.run().wait()?;
    Ok(())
}
