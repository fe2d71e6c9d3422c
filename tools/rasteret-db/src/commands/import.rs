//! `import`, and `collections refresh`.

use super::Session;
use super::build::{report, show};
use crate::Outcome;
use crate::args::{Import, Refresh};
use crate::print::CommandError;
use rasteret::blocking::Wait;
use rasteret::schema::CloudConfig;

pub fn run(session: &Session<'_>, arguments: &Import) -> Result<Outcome, CommandError> {
    let database = session.open_writable_with(&arguments.cloud.store)?;
    let bar = session.printer.progress("records");
    let progress = bar.clone();
    let mut import = database
        .import(&arguments.source)
        .cloud(arguments.cloud.over(CloudConfig::default()))
        .filter(arguments.selection.filter()?)
        .force(arguments.force)
        .strict(arguments.strict)
        .on_progress(move |state| show(&progress, &state));
    if let Some(name) = &arguments.name {
        import = import.name(name);
    }
    if let Some(base) = &arguments.base_dir {
        import = import.base_dir(base);
    }
    for path in &arguments.allow_local {
        import = import.allow_local(path);
    }
    let summary = import.run().wait();
    bar.finish_and_clear();
    report(session, &summary?, "imported")
}

pub fn refresh(session: &Session<'_>, arguments: &Refresh) -> Result<Outcome, CommandError> {
    let database = session.open_writable_with(&arguments.store)?;
    let collection = database.collection(&arguments.name)?.subset(arguments.selection.filter()?);
    let bar = session.printer.progress("records");
    let progress = bar.clone();
    let refresh = collection.refresh().stale_only(arguments.stale_only).strict(arguments.strict);
    let refresh = refresh.max_concurrent(arguments.max_concurrent.into());
    let summary = refresh.on_progress(move |state| show(&progress, &state)).run().wait();
    bar.finish_and_clear();
    report(session, &summary?, "refreshed")
}
