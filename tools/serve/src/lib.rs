//! A range server over a folder, for tests and benches: what a read costs and how it copes, measured
//! from the other side.
//!
//! It speaks HTTP/1.1 with keep-alive, `GET` and `HEAD`, single ranges, `ETag`, `Last-Modified` and
//! `If-Match`. Requests can be delayed, they are counted, and they can be made to fail in order
//! ([`Fault`]).
//!
//! ```
//! use rasteret_serve::{Fault, Options, Server};
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join("a.tif"), b"0123456789")?;
//! let server = Server::start(folder.path(), Options::default())?;
//! server.set_faults([Some(Fault::Status(503)), None, Some(Fault::Stall { after: Some(4) })]);
//! assert_eq!(server.url("a.tif"), format!("{}/a.tif", server.base_url()));
//! assert_eq!(server.stats().requests, 0);
//! # Ok::<(), std::io::Error>(())
//! ```

mod body;
mod fault;
mod files;
mod range;
mod reply;
mod stats;

pub use fault::Fault;
pub use stats::Stats;

use fault::Schedule;
use files::Files;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use stats::Counters;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// Where and how to serve.
#[derive(Debug, Clone)]
pub struct Options {
    /// Address to listen on.
    pub address: IpAddr,
    /// Port to listen on; 0 takes one that is free.
    pub port: u16,
    /// Time from a request to its response: the latency of a server far away.
    pub delay: Duration,
    /// Threads that serve.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { address: IpAddr::V4(Ipv4Addr::LOCALHOST), port: 0, delay: Duration::ZERO, threads: 2 }
    }
}

/// What all requests share.
struct Shared {
    files: Files,
    faults: Schedule,
    counters: Arc<Counters>,
    delay: Duration,
}

/// A server. It runs on threads of its own, until it is dropped.
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Server {
    /// Serves the files of a folder.
    ///
    /// # Errors
    ///
    /// If the port is taken.
    pub fn start(folder: impl AsRef<Path>, options: Options) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            files: Files::new(folder.as_ref()),
            faults: Schedule::default(),
            counters: Arc::default(),
            delay: options.delay,
        });
        let runtime = Builder::new_multi_thread()
            .worker_threads(options.threads.max(1))
            .thread_name("rasteret-serve")
            .enable_all()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind((options.address, options.port)))?;
        let address = listener.local_addr()?;
        runtime.spawn(accept(listener, Arc::clone(&shared)));
        Ok(Server { shared, address, runtime: Some(runtime) })
    }

    /// URL of the folder, without a slash at its end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// URL of a file.
    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base_url())
    }

    /// What the next requests run into, one by one, the delay included; those after them, into nothing.
    pub fn set_faults(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.shared.faults.set(faults);
    }

    /// What was counted.
    pub fn stats(&self) -> Stats {
        self.shared.counters.read()
    }

    /// How often each path was asked for, with its slash before it.
    pub fn requests_by_path(&self) -> HashMap<String, u64> {
        self.shared.counters.paths()
    }

    /// Counts anew.
    pub fn reset_stats(&self) {
        self.shared.counters.reset();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, mostly: connections that end give some back.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let shared = Arc::clone(&shared);
        shared.counters.connection();
        tokio::spawn(async move {
            if stream.set_nodelay(true).is_err() {
                return;
            }
            let service = service_fn(|request| reply::reply(Arc::clone(&shared), request));
            // A connection that breaks is the client's business, or a fault that was asked for.
            let _ = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}
