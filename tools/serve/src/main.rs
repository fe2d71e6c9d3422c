//! Serves a folder: `rasteret-serve DIR --port P --delay-ms D`.

use clap::Parser;
use rasteret_serve::{Options, Server};
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Serve the files of a folder by ranges. `GET /__stats` tells what was sent; `DELETE /__stats` counts anew.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Folder to serve
    folder: PathBuf,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    address: IpAddr,
    /// Port to listen on; 0 takes one that is free
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Milliseconds from a request to its response
    #[arg(long, default_value_t = 0)]
    delay_ms: u64,
    /// Threads that serve; one for each processor where this is not given
    #[arg(long)]
    threads: Option<usize>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    let options = Options {
        address: args.address,
        port: args.port,
        delay: Duration::from_millis(args.delay_ms),
        threads: args.threads.unwrap_or_else(processors),
    };
    if !args.folder.is_dir() {
        eprintln!("error: {} is no folder", args.folder.display());
        return ExitCode::FAILURE;
    }
    match Server::start(&args.folder, options) {
        Ok(server) => {
            println!("{}", server.base_url());
            loop {
                std::thread::park();
            }
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
