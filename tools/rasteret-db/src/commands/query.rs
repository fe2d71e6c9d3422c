//! `query`.

use super::Session;
use crate::Outcome;
use crate::args::Selection;
use crate::print::{CommandError, plural};
use serde_json::json;

pub fn run(
    session: &Session<'_>,
    name: &str,
    selection: &Selection,
    limit: usize,
) -> Result<Outcome, CommandError> {
    let matches = session.open()?.collection(name)?.subset(selection.filter()?).ids()?;
    let ids = &matches[..matches.len().min(limit)];
    session.printer.result(&json!({"count": matches.len(), "ids": ids}), || {
        let mut text = ids.join("\n");
        text += &format!("\n{}", plural(matches.len() as u64, "record"));
        if ids.len() < matches.len() {
            text += &format!(", of which the first {} are listed", ids.len());
        }
        text
    })?;
    Ok(Outcome::Done)
}
