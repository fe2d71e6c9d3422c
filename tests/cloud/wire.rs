//! A wire that can be looked at, and cut: it hands on every byte to a server, and keeps the heads of the requests.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// A wire to a server.
pub struct Wire {
    /// Where it begins.
    pub url: String,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
    cut: Arc<Mutex<Option<(String, usize)>>>,
    _runtime: Runtime,
}

impl Wire {
    /// A wire to the server at a URL.
    pub fn to(url: &str) -> Self {
        let server = url.strip_prefix("http://").unwrap().to_owned();
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let cut: Arc<Mutex<Option<(String, usize)>>> = Arc::default();
        let (shared, shared_cut) = (Arc::clone(&seen), Arc::clone(&cut));
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (seen, cut, server) = (Arc::clone(&shared), Arc::clone(&shared_cut), server.clone());
                let number = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(Vec::new());
                    seen.len() - 1
                };
                tokio::spawn(async move {
                    let server = TcpStream::connect(server).await.unwrap();
                    let (mut from_client, mut to_client) = client.into_split();
                    let (mut from_server, mut to_server) = server.into_split();
                    tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
                    let mut buffer = vec![0; 64 << 10];
                    while let Ok(len @ 1..) = from_client.read(&mut buffer).await {
                        if is_cut(&mut cut.lock().unwrap(), &buffer[..len]) {
                            return;
                        }
                        seen.lock().unwrap()[number].extend_from_slice(&buffer[..len]);
                        to_server.write_all(&buffer[..len]).await.unwrap();
                    }
                });
            }
        });
        Wire { url, seen, cut, _runtime: runtime }
    }

    /// From now on, lets so many requests pass that have a text in their heads, and hangs up on all others that do.
    pub fn cut(&self, text: &str, after: usize) {
        *self.cut.lock().unwrap() = Some((text.to_owned(), after));
    }

    /// Lets everything pass.
    pub fn mend(&self) {
        *self.cut.lock().unwrap() = None;
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// The heads of the requests since this was asked last, in lower case. They have no bodies.
    pub fn requests(&self) -> Vec<String> {
        let mut seen = self.seen.lock().unwrap();
        let streams = seen.iter_mut().map(std::mem::take);
        let heads = streams.flat_map(|stream| {
            let text = String::from_utf8(stream).unwrap().to_ascii_lowercase();
            text.split_terminator("\r\n\r\n").map(str::to_owned).collect::<Vec<_>>()
        });
        heads.collect()
    }
}

/// Whether bytes of a request do not pass.
fn is_cut(cut: &mut Option<(String, usize)>, bytes: &[u8]) -> bool {
    let Some((text, left)) = cut else { return false };
    if !bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
        return false;
    }
    let is_cut = *left == 0;
    *left = left.saturating_sub(1);
    is_cut
}
