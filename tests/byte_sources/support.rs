//! Files, a server for them, and sources that are not patient.

use rasteret::io::{ByteSource, ByteSourceError, ByteSources, Fetched, SourceOptions};
use rasteret::schema::ObjectVersion;
use rasteret_serve::{Options, Server};
use std::future::Future;
use std::ops::Range;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Name of the file that is served.
pub const NAME: &str = "scene/B 04.tif";
/// The same, as a URL has it.
pub const URL_NAME: &str = "scene/B%2004.tif";

/// A folder with a file, and a server for it.
pub struct Fixture {
    pub folder: TempDir,
    pub bytes: Vec<u8>,
    pub server: Server,
}

impl Fixture {
    pub fn new(size: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bytes = noise(size);
        std::fs::create_dir(folder.path().join("scene")).unwrap();
        std::fs::write(folder.path().join(NAME), &bytes).unwrap();
        let server = Server::start(folder.path(), Options::default()).unwrap();
        Fixture { folder, bytes, server }
    }

    pub fn url(&self) -> String {
        self.server.url(URL_NAME)
    }

    /// A source that expects nothing of the version.
    pub fn source(&self) -> ByteSource {
        ByteSources::new(impatient()).open(&self.url(), None).unwrap()
    }

    pub fn version(&self) -> ObjectVersion {
        self.server.set_faults([]);
        let (_, version) = wait(self.source().read_start(1)).unwrap();
        self.server.reset_stats();
        version
    }

    pub fn part(&self, range: Range<u64>) -> &[u8] {
        &self.bytes[range.start as usize..range.end as usize]
    }
}

/// Bytes that differ from one position to the next.
pub fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..size).map(|_| next()).collect()
}

/// Options with which a test ends soon.
pub fn impatient() -> SourceOptions {
    SourceOptions {
        connect_timeout: Duration::from_millis(500),
        stall_timeout: Duration::from_millis(150),
        timeout: Duration::from_secs(5),
        retries: 3,
        backoff: Duration::from_millis(2),
        ..Default::default()
    }
}

/// Waits on an executor that knows nothing of the library's runtime.
pub fn wait<F: Future>(future: F) -> F::Output {
    futures::executor::block_on(future)
}

/// Waits, and says how long it took.
pub fn timed<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let result = wait(future);
    (result, start.elapsed())
}

pub fn bytes(result: Result<Fetched, ByteSourceError>) -> Vec<u8> {
    result.unwrap().bytes.to_vec()
}

/// Waits for something to become so.
pub fn soon(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(5), "not soon: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
