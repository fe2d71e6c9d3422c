//! `rasteret-db`: builds collections of rasters, queries them, reads their pixels.
//!
//! Argument parsing and printing, nothing else: what a command does is in the `rasteret` library.

mod args;
mod commands;
mod print;

use args::Args;
use clap::Parser;
use print::Printer;
use std::io::IsTerminal;
use std::process::ExitCode;

/// How a command that did not fail ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// All was done.
    Done,
    /// It was done, but there were failures, and they were reported.
    Reported,
}

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return usage_error(&error),
    };
    let level = if args.quiet { "error" } else { "warn" };
    let filter = tracing_subscriber::EnvFilter::try_from_env("RASTERET_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .without_time()
        .init();

    let printer = Printer::new(args.json, args.quiet);
    match commands::run(&args, &printer) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Reported) => ExitCode::from(3),
        Err(error) => {
            printer.error(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

/// Help and version are no errors; wrong usage is, and is reported as JSON where that was asked for.
fn usage_error(error: &clap::Error) -> ExitCode {
    let json = std::env::args().any(|argument| argument == "--json");
    if json && error.use_stderr() {
        print::json_error("usage", error.to_string().trim());
    } else if error.print().is_err() {
        return ExitCode::FAILURE;
    }
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}
