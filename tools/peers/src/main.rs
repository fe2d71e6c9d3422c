//! This project's side of the comparison with its peers: one process that runs the rows it is asked for.
//!
//! The protocol is that of `peer.py`: the context is the argument, each line on standard input names a row, each
//! answer is a line of JSON.

mod context;
mod floor;
mod ingest;
mod protocol;
mod records;
mod rows;
mod sample;
mod scenes;
mod share;
mod warp;

use std::process::ExitCode;

fn main() -> ExitCode {
    match context::Context::from_arguments().and_then(|context| protocol::serve(&context, &rows::ROWS)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rasteret-peers: {error}");
            ExitCode::FAILURE
        }
    }
}
