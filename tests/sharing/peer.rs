//! One Python for all tests: it takes seconds to import what it needs.

use crate::oracle::skip;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, Mutex};

/// The process, where there is a Python with what it needs.
static PEER: LazyLock<Option<Mutex<Peer>>> = LazyLock::new(|| Peer::start().map(Mutex::new));

struct Peer {
    _process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// The interpreter: `$RASTERET_INTEROP_PYTHON`, else the one that `cargo xtask test` makes.
fn python() -> PathBuf {
    let made = || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/env-interop/bin/python");
    std::env::var_os("RASTERET_INTEROP_PYTHON").map_or_else(made, PathBuf::from)
}

impl Peer {
    fn start() -> Option<Peer> {
        let python = python();
        if !python.exists() {
            return None;
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/peers/sharing_oracle.py");
        let mut process = Command::new(python)
            .arg(script)
            .env_remove("PROJ_DATA")
            .env_remove("PROJ_LIB")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (requests, answers) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Some(Peer { _process: process, requests, answers: BufReader::new(answers) })
    }

    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.requests, "{request}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "the process ended at {request}");
        serde_json::from_str(&line).unwrap()
    }
}

/// The answer to a request of `tools/peers/sharing_oracle.py`. Where there is no Python the test is skipped.
pub fn ask(function: &str, mut arguments: Value) -> Option<Value> {
    let Some(peer) = PEER.as_ref() else {
        let python = python();
        skip(&format!("no Python at {}; set RASTERET_INTEROP_PYTHON to one with rasteret", python.display()));
        return None;
    };
    arguments["do"] = function.into();
    let mut peer = peer.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let answer = peer.ask(&arguments);
    assert!(answer.get("error").is_none(), "{function}: {}", answer["error"]);
    Some(answer["answer"].clone())
}

/// Whether there is rasteret in that Python. Where there is none the test is skipped.
pub fn has_rasteret() -> bool {
    let Some(answer) = ask("has_rasteret", json!({})) else { return false };
    if answer != true {
        skip("rasteret 0.4.1 is not in this Python: it has wheels for Python 3.12 and 3.13 alone");
    }
    answer == true
}
