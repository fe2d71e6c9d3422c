//! Azurite, an Azure server. It comes from npm, at the versions of `package-lock.json`.

use crate::sas;
use crate::wire::Wire;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;
use tokio::runtime::Runtime;

const PACKAGE: [(&str, &str); 2] = [
    ("package.json", include_str!("package.json")),
    ("package-lock.json", include_str!("package-lock.json")),
];

/// Where it is installed, or why not.
fn installed() -> Result<PathBuf, String> {
    static INSTALLED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    INSTALLED
        .get_or_init(|| install().map_err(|error| format!("Azurite cannot be installed: {error}")))
        .clone()
}

fn install() -> Result<PathBuf, String> {
    let text = |error: std::io::Error| error.to_string();
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = tmp.join("azurite");
    fs::create_dir_all(&folder).map_err(text)?;
    // Other processes may have the same idea.
    let lock = File::create(tmp.join("azurite.lock")).map_err(text)?;
    lock.lock().map_err(text)?;
    let stamp = folder.join("installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == PACKAGE[1].1) {
        return Ok(folder);
    }
    for (name, content) in PACKAGE {
        fs::write(folder.join(name), content).map_err(text)?;
    }
    let npm = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev"])
        .current_dir(&folder)
        .stdin(Stdio::null())
        .output();
    let npm = npm.map_err(|error| format!("npm: {error}"))?;
    if !npm.status.success() {
        return Err(format!("npm ci: {}", String::from_utf8_lossy(&npm.stderr).trim()));
    }
    fs::write(&stamp, PACKAGE[1].1).map_err(text)?;
    Ok(folder)
}

/// A server, and a wire to it.
pub struct Azurite {
    pub wire: Wire,
    url: String,
    process: Child,
    /// What it says is of no interest, but it must be able to say it.
    _output: BufReader<ChildStdout>,
    _folder: tempfile::TempDir,
    runtime: Runtime,
}

impl Azurite {
    /// Starts one, or says why it cannot be installed.
    pub fn start() -> Result<Self, String> {
        let installed = installed()?;
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new("node")
            .arg(installed.join("node_modules/azurite/dist/src/blob/main.js"))
            .args(["--blobPort", "0", "--inMemoryPersistence", "--extentMemoryLimit", "64"])
            .args(["--disableTelemetry", "--skipApiVersionCheck", "--silent"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(|error| format!("node: {error}"))?;
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        let url = loop {
            line.clear();
            if output.read_line(&mut line).unwrap() == 0 {
                panic!("Azurite ended at once: {:?}", process.wait());
            }
            if let Some((_, url)) = line.trim().split_once("successfully listens on ") {
                break url.to_owned();
            }
        };
        let runtime = Runtime::new().unwrap();
        Ok(Azurite { wire: Wire::to(&url), url, process, _output: output, _folder: folder, runtime })
    }

    /// URL of the account, along the wire.
    pub fn account(&self) -> String {
        format!("{}/{}", self.wire.url, sas::ACCOUNT)
    }

    /// Makes a container, which anybody may read if it is public.
    pub fn put_container(&self, name: &str, is_public: bool) {
        let access = is_public.then_some(("x-ms-blob-public-access", "container"));
        self.put(&format!("{name}?restype=container&"), access, Vec::new());
    }

    /// Puts a blob into a container.
    pub fn put_blob(&self, name: &str, bytes: Vec<u8>) {
        self.put(&format!("{name}?"), Some(("x-ms-blob-type", "BlockBlob")), bytes);
    }

    fn put(&self, target: &str, header: Option<(&str, &str)>, bytes: Vec<u8>) {
        let signature = sas::of_account(Duration::from_secs(3600));
        let request =
            reqwest::Client::new().put(format!("{}/{}/{target}{signature}", self.url, sas::ACCOUNT));
        let request = header.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        self.runtime.block_on(async {
            let response = request.body(bytes).send().await.unwrap();
            let status = response.status();
            assert!(status.is_success(), "{status}: {}", response.text().await.unwrap());
        });
    }
}

impl Drop for Azurite {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}
