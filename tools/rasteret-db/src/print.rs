//! Printing: results on standard output, everything else on standard error.

use comfy_table::{CellAlignment, Table, presets};
use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use serde::Serialize;
use std::fmt;
use std::io::{IsTerminal, Write};

/// An error of the command line.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Library(#[from] rasteret::Error),
    #[error("{0}")]
    Usage(String),
    #[error("{what}: {source}")]
    Io { what: String, source: std::io::Error },
    #[error("{0}")]
    Failed(String),
}

impl CommandError {
    fn kind(&self) -> &'static str {
        match self {
            CommandError::Library(error) => error.kind(),
            CommandError::Usage(_) => "usage",
            CommandError::Io { .. } => "io",
            CommandError::Failed(_) => "failed",
        }
    }

    /// 2 for wrong usage, 1 for all else.
    pub fn exit_code(&self) -> u8 {
        if matches!(self, CommandError::Usage(_)) { 2 } else { 1 }
    }
}

/// Prints as the global options say.
#[derive(Debug)]
pub struct Printer {
    json: bool,
    quiet: bool,
}

impl Printer {
    pub fn new(json: bool, quiet: bool) -> Self {
        Printer { json, quiet }
    }

    /// Prints a command's result: the document as JSON, or the text for people.
    pub fn result(
        &self,
        document: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Result<(), CommandError> {
        let text = if self.json {
            serde_json::to_string_pretty(document).map_err(|error| CommandError::Failed(error.to_string()))?
        } else {
            text()
        };
        match writeln!(std::io::stdout(), "{}", text.trim_end()) {
            // The reader of a pipe may have seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            result => {
                result.map_err(|source| CommandError::Io { what: "standard output".to_owned(), source })
            }
        }
    }

    /// Prints an error.
    pub fn error(&self, error: &CommandError) {
        if self.json {
            json_error(error.kind(), &error.to_string());
        } else {
            eprintln!("error: {error}");
        }
    }

    /// Prints a line for people that is no result.
    pub fn note(&self, text: impl AsRef<str>) {
        if !self.quiet && !self.json {
            eprintln!("{}", text.as_ref());
        }
    }

    /// A progress bar, shown on a terminal only.
    pub fn progress(&self, what: &'static str) -> ProgressBar {
        let bar = ProgressBar::no_length().with_message(what);
        let style = ProgressStyle::with_template("{msg} {bar:30} {human_pos}{of} {per_sec} {left}");
        if self.quiet || self.json || !std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        } else if let Ok(style) = style {
            // Not every source knows how much there is.
            let style = style.with_key("of", |state: &ProgressState, out: &mut dyn fmt::Write| {
                let _ = state.len().map_or(Ok(()), |total| write!(out, "/{}", HumanCount(total)));
            });
            bar.set_style(style.with_key("left", |state: &ProgressState, out: &mut dyn fmt::Write| {
                let _ = state.len().map_or(Ok(()), |_| write!(out, "{:#}", HumanDuration(state.eta())));
            }));
        }
        bar
    }
}

/// Prints an error as JSON on standard error.
pub fn json_error(kind: &str, message: &str) {
    eprintln!("{}", serde_json::json!({"error": {"kind": kind, "message": message}}));
}

/// A table without lines, numbers to the right.
pub fn table(headings: &[&str], rows: impl IntoIterator<Item = Vec<String>>, numeric: &[usize]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(headings.iter().map(|heading| heading.to_uppercase()));
    for row in rows {
        table.add_row(row);
    }
    for column in numeric {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

/// Names and values, aligned.
pub fn fields(fields: &[(&str, String)]) -> String {
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let indent = format!("\n{}", " ".repeat(width + 2));
    fields.iter().map(|(name, value)| format!("{name:width$}  {}\n", value.replace('\n', &indent))).collect()
}

/// A number of bytes as people say it.
pub fn bytes(bytes: u64) -> String {
    indicatif::DecimalBytes(bytes).to_string()
}

/// A number with thousands separated.
pub fn count(count: u64) -> String {
    indicatif::HumanCount(count).to_string()
}

/// A singular or plural with its count.
pub fn plural(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(n), if n == 1 { "" } else { "s" })
}
