//! A test that runs as a process of its own, and is killed.

use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Lets an ignored test of this program run for a while. Returns whether it came to its end.
pub fn run_for<const N: usize>(patience: Duration, test: &str, environment: [(&str, OsString); N]) -> bool {
    let started = Instant::now();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored"])
        .envs(environment)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while started.elapsed() < patience {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return true;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    // A kill that comes too late is none.
    child.wait().unwrap().success()
}
