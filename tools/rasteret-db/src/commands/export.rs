//! `export`.

use super::{Session, create_parent};
use crate::Outcome;
use crate::args::{Export, ExportFormat};
use crate::print::{CommandError, bytes, plural};
use rasteret::blocking::Wait;
use rasteret::io::local_path;
use rasteret::schema::access::plain_href;
use rasteret::share;
use serde_json::json;

pub fn run(session: &Session<'_>, export: &Export) -> Result<Outcome, CommandError> {
    let collection = session.open_with(&export.store)?.collection(&export.name)?;
    let collection = collection.subset(export.selection.filter()?);
    let format = match export.format {
        ExportFormat::Rasteret => share::ExportFormat::Rasteret,
        ExportFormat::StacGeoparquet => share::ExportFormat::StacGeoparquet,
    };
    if let Some(path) = local_path(&export.dest) {
        create_parent(&path)?;
    }
    let bar = session.printer.progress("records");
    let mut request = collection.export(&export.dest).format(format).overwrite(export.overwrite);
    request = request.allow_unfinished(export.unfinished).on_progress({
        let bar = bar.clone();
        move |progress| {
            bar.set_length(progress.total_rows);
            bar.set_position(progress.rows);
        }
    });
    if let Some(base) = &export.relative_to {
        request = request.relative_to(base);
    }
    let is_default = export.partition_by == ["year", "month"];
    if export.partition_by == ["none"] {
        request = request.partition_by(Vec::<String>::new());
    } else if !is_default {
        request = request.partition_by(&export.partition_by);
    }
    let summary = request.run().wait()?;
    bar.finish_and_clear();
    let mut report = json!({
        "files": summary.files, "rows": summary.rows, "bytes": summary.bytes, "dest": summary.dest,
    });
    if let Some(kept) = summary.hrefs_kept {
        report["hrefs_kept"] = json!(kept);
        if kept > 0 {
            let base = plain_href(export.relative_to.as_deref().unwrap_or_default());
            let hrefs = plural(kept, "href");
            session.printer.note(format!("{hrefs} not below {base} stayed as they were"));
        }
    }
    session.printer.result(&report, || {
        format!(
            "{}: {} in {}, {} in {:.1} s",
            summary.dest,
            plural(summary.rows, "record"),
            plural(summary.files, "file"),
            bytes(summary.bytes),
            summary.seconds
        )
    })?;
    Ok(Outcome::Done)
}
