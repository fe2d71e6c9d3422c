//! Puts an S3 service on a port.

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use s3s::service::S3Service;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Serves until the runtime is dropped. Gives its URL.
pub fn serve(service: S3Service) -> (String, Runtime) {
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    runtime.spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let service = service.clone();
            tokio::spawn(async move {
                let server = auto::Builder::new(TokioExecutor::new());
                // A connection that breaks is the client's business.
                let _ = server.serve_connection(TokioIo::new(socket), service).await;
            });
        }
    });
    (url, runtime)
}
