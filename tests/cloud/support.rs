//! What the tests have in common.

use crate::nobody::nobody;
use rasteret::io::{ByteSources, SourceOptions};
use rasteret::schema::CloudConfig;
use rasteret::{Error, Location};
use std::future::Future;
use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tracing_subscriber::fmt::MakeWriter;

/// Options with which a test ends soon, and that know nothing of whoever runs it.
pub fn impatient() -> SourceOptions {
    SourceOptions {
        allow_http: true,
        store: nobody().collect(),
        netrc: Some("/nowhere".into()),
        connect_timeout: Duration::from_secs(2),
        stall_timeout: Duration::from_secs(5),
        timeout: Duration::from_secs(20),
        retries: 3,
        backoff: Duration::from_millis(5),
        ..Default::default()
    }
}

/// Options with settings of an object store.
pub fn with(mut options: SourceOptions, store: &[(&str, &str)]) -> SourceOptions {
    options.store.extend(store.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    options
}

/// Waits on an executor that knows nothing of the library's runtime.
pub fn wait<F: Future>(future: F) -> F::Output {
    futures::executor::block_on(future)
}

/// Reads a part of an object of a dataset.
pub fn read(sources: &ByteSources, config: &CloudConfig, href: &str) -> Result<Vec<u8>, Error> {
    let location = Location { href: href.to_owned(), ..Default::default() };
    let source = sources.with_cloud(config).open(href, None);
    let source = source.map_err(|error| Error::from_byte_source(&location, error))?;
    let fetched = wait(source.read(100..200)).map_err(|error| Error::from_byte_source(&location, error))?;
    Ok(fetched.bytes.to_vec())
}

/// Bytes that differ from one position to the next.
pub fn noise() -> Vec<u8> {
    (0..200_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

/// The part that [`read`] reads.
pub fn part() -> Vec<u8> {
    noise()[100..200].to_vec()
}

/// All that is logged in this process, in every detail.
#[derive(Clone, Default)]
pub struct Logs(Arc<Mutex<Vec<u8>>>);

impl Logs {
    pub fn get() -> &'static Logs {
        static LOGS: OnceLock<Logs> = OnceLock::new();
        LOGS.get_or_init(|| {
            let logs = Logs::default();
            let writer = logs.clone();
            let subscriber = tracing_subscriber::fmt()
                // The servers are in this process too, and say what they are asked.
                .with_env_filter("trace,s3s=off,s3s_fs=off")
                .with_ansi(false)
                .with_writer(writer)
                .finish();
            tracing_subscriber::util::SubscriberInitExt::init(subscriber);
            logs
        })
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    /// Fails if something secret was logged, or nothing at all.
    pub fn assert_without(&self, secrets: &[&str]) {
        let text = self.text();
        assert!(!text.is_empty(), "something is logged");
        for line in text.lines() {
            for secret in secrets {
                assert!(!line.contains(secret), "logged: {line}");
            }
        }
    }
}

impl Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Logs {
    type Writer = Logs;

    fn make_writer(&'a self) -> Logs {
        self.clone()
    }
}

/// Says that a test cannot run, where it is seen and where it is counted.
pub fn skip(reason: &str) {
    let thread = std::thread::current();
    let line = format!("SKIPPED: {}::{}: {reason}\n", module_path!(), thread.name().unwrap_or("?"));
    eprint!("{line}");
    if let Some(path) = std::env::var_os("RASTERET_SKIPPED_FILE") {
        let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
    }
}
