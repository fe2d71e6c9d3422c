//! `collections merge`, `annotate` and `split`.

use super::Session;
use super::collections::describe;
use crate::Outcome;
use crate::args::{Annotate, Merge, Split, SplitBy};
use crate::print::{CommandError, count, plural, table};
use rasteret::blocking::Wait;
use rasteret::share::{self, Splits, open_table};
use serde_json::{Map, Value, json};

pub fn merge(session: &Session<'_>, arguments: &Merge) -> Result<Outcome, CommandError> {
    let database = session.open_writable()?;
    let inputs =
        arguments.inputs.iter().map(|name| database.collection(name)).collect::<Result<Vec<_>, _>>()?;
    let mut merge = database.merge(&arguments.out, &inputs).prefix_ids(arguments.prefix_ids);
    if let Some(tag) = &arguments.tag {
        merge = merge.tag(tag);
    }
    let info = merge.run()?;
    session.printer.result(&info, || describe(&info))?;
    Ok(Outcome::Done)
}

pub fn annotate(session: &Session<'_>, arguments: &Annotate) -> Result<Outcome, CommandError> {
    let database = session.open_writable_with(&arguments.store)?;
    let records = database.collection(&arguments.name)?.subset(arguments.selection.filter()?);
    let columns = (!arguments.columns.is_empty()).then(|| {
        let mut columns = arguments.columns.clone();
        columns.push(arguments.on.clone());
        columns
    });
    let rows = open_table(&arguments.table, database.sources(), columns).wait()?;
    let summary = records.annotate(rows, &arguments.on)?;
    session.printer.result(&summary, || {
        let mut text = format!("{} updated", plural(summary.updated, "record"));
        if summary.unmatched > 0 {
            text += &format!("; {} of the table belong to none", plural(summary.unmatched, "row"));
        }
        text
    })?;
    Ok(Outcome::Done)
}

pub fn split(session: &Session<'_>, arguments: &Split) -> Result<Outcome, CommandError> {
    let by = match arguments.by {
        SplitBy::Geometry => share::SplitBy::Geometry,
        SplitBy::Id => share::SplitBy::Id,
    };
    let shares = [("train", arguments.train), ("val", arguments.val)];
    let mut splits = Splits::new(shares, "test").by(by).column(&arguments.column);
    if let Some(seed) = arguments.seed {
        splits = splits.seed(seed);
    }
    let database = session.open_writable()?;
    let records = database.collection(&arguments.name)?.subset(arguments.selection.filter()?);
    let summary = records.assign_splits(&splits)?;
    let document: Map<String, Value> =
        summary.records.iter().map(|(name, records)| (name.clone(), json!(records))).collect();
    session.printer.result(&document, || {
        let rows = summary.records.iter().map(|(name, records)| vec![name.clone(), count(*records)]);
        table(&["split", "records"], rows, &[1])
    })?;
    Ok(Outcome::Done)
}
