//! `db …`.

use super::Session;
use crate::Outcome;
use crate::print::{self, CommandError, bytes, count, fields, plural};
use rasteret::store::Depth;
use serde_json::json;

pub fn stats(session: &Session<'_>) -> Result<Outcome, CommandError> {
    let stats = session.open()?.stats()?;
    session.printer.result(&stats, || {
        let rows = stats.tables.iter().map(|table| {
            vec![
                table.name.to_owned(),
                count(table.entries),
                bytes(table.stored_bytes),
                bytes(table.metadata_bytes),
                bytes(table.fragmented_bytes),
            ]
        });
        let sizes = fields(&[
            ("file", session.path.display().to_string()),
            ("size", bytes(stats.file_bytes)),
            ("format", format!("version {}", rasteret::store::FORMAT_VERSION)),
            ("collections", count(stats.collections)),
            ("records", count(stats.records)),
            ("headers", count(stats.headers)),
            ("failures", count(stats.failures)),
        ]);
        format!(
            "{sizes}\n{}",
            print::table(&["table", "entries", "stored", "metadata", "unused"], rows, &[1, 2, 3, 4])
        )
    })?;
    Ok(Outcome::Done)
}

pub fn verify(session: &Session<'_>, deep: bool) -> Result<Outcome, CommandError> {
    let depth = if deep { Depth::Deep } else { Depth::Structure };
    let damages = rasteret::store::verify(&session.path, depth).map_err(rasteret::Error::from)?;
    let damages: Vec<String> = damages.iter().map(ToString::to_string).collect();
    session.printer.result(&json!({"deep": deep, "damaged": damages.len(), "damages": damages}), || {
        if damages.is_empty() {
            return "nothing is damaged".to_owned();
        }
        format!("{}:\n  {}", plural(damages.len() as u64, "damage"), damages.join("\n  "))
    })?;
    Ok(if damages.is_empty() { Outcome::Done } else { Outcome::Reported })
}

pub fn compact(session: &Session<'_>) -> Result<Outcome, CommandError> {
    let size = || std::fs::metadata(&session.path).map(|metadata| metadata.len()).unwrap_or(0);
    let before = size();
    session.open_writable()?.compact()?;
    let after = size();
    session.printer.result(&json!({"before_bytes": before, "after_bytes": after}), || {
        format!("{} before, {} after", bytes(before), bytes(after))
    })?;
    Ok(Outcome::Done)
}
