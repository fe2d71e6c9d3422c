//! The tasks as they are called, on a machine that consists of the stand-ins in `fakes/`.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What a machine needs to build everything.
const TOOLS: [&str; 6] = ["cmake", "sqlite3", "cc", "c++", "make", "nasm"];

/// A machine of its own for one test: `PATH` has the given programs and no others.
struct Machine {
    folder: PathBuf,
    environment: Vec<(String, String)>,
}

impl Machine {
    fn new(name: &str, programs: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("commands").join(name);
        let _ = fs::remove_dir_all(&folder);
        let bin = folder.join("bin");
        fs::create_dir_all(&bin).expect("the folder can be made");
        fs::create_dir_all(folder.join("workspace/tools/xtask")).expect("the folder can be made");
        for program in programs {
            let fake = if TOOLS.contains(program) { "tool" } else { program };
            symlink(fakes().join(fake), bin.join(program)).expect("the link can be made");
        }
        symlink("/usr/bin/env", bin.join("env")).expect("the link can be made");
        Self { folder, environment: Vec::new() }
    }

    fn with(mut self, variable: &str, value: &str) -> Self {
        self.environment.push((variable.to_owned(), value.to_owned()));
        self
    }

    fn xtask(&self, arguments: &[&str]) -> Output {
        let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
        xtask.args(arguments).current_dir(&self.folder).stdin(Stdio::null()).env_clear();
        xtask.env("PATH", self.folder.join("bin")).env("CARGO", fakes().join("cargo"));
        xtask.env("CARGO_MANIFEST_DIR", self.folder.join("workspace/tools/xtask")).env("HOME", &self.folder);
        xtask
            .env("FAKES", fakes())
            .env("FAKE_BIN", self.folder.join("bin"))
            .env("FAKE_LOG", self.folder.join("log"));
        xtask.envs(self.environment.iter().map(|(variable, value)| (variable, value)));
        xtask.output().expect("xtask can be started")
    }

    /// What the stand-ins noted.
    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

fn fakes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fakes")
}

fn with_tools(others: &[&'static str]) -> Vec<&'static str> {
    [&TOOLS[..], others].concat()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn where_all_is_there_nothing_is_installed() {
    let machine = Machine::new("all-there", &with_tools(&["apt-get", "id"]));
    let output = machine.xtask(&["demo", "--dir", "here"]);
    assert!(output.status.success(), "{output:?}");
    let manifest = machine.folder.join("workspace/Cargo.toml");
    let expected = format!(
        "cargo run --release --manifest-path {} --package rasteret-db -- demo --dir here\n",
        manifest.display()
    );
    assert_eq!(machine.log(), expected);
}

#[test]
fn root_installs_what_is_missing() {
    let machine = Machine::new("root", &["cc", "make", "nasm", "apt-get", "id"]);
    let output = machine.xtask(&["demo"]);
    assert!(output.status.success(), "{output:?}");
    assert!(text(&output.stdout).contains("The build needs cmake, sqlite3, c++: installing"), "{output:?}");
    let log = machine.log();
    let lines: Vec<_> = log.lines().collect();
    assert_eq!(lines[0], "apt-get update (interactive)");
    assert_eq!(lines[1], "apt-get install -y --no-install-recommends cmake sqlite3 g++ (noninteractive)");
    assert!(lines[2].starts_with("cargo run"), "{log}");
}

#[test]
fn sudo_without_a_password_will_do() {
    let machine = Machine::new("sudo", &["cc", "c++", "make", "nasm", "sqlite3", "apt-get", "id", "sudo"])
        .with("FAKE_UID", "1000");
    let output = machine.xtask(&["demo"]);
    assert!(output.status.success(), "{output:?}");
    let log = machine.log();
    let lines: Vec<_> = log.lines().collect();
    assert_eq!(lines[..2], ["sudo -n", "apt-get update (interactive)"]);
    assert_eq!(lines[2..4], ["sudo -n", "apt-get install -y --no-install-recommends cmake (noninteractive)"]);
}

#[test]
fn without_rights_the_command_to_run_is_named() {
    let machine = Machine::new("user", &["cc", "make", "nasm", "apt-get", "id"]).with("FAKE_UID", "1000");
    for task in [&["demo"][..], &["test"], &["bench"]] {
        let output = machine.xtask(task);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let errors = text(&output.stderr);
        let command = "sudo apt-get update && \
            sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends cmake sqlite3 g++\n";
        assert!(errors.contains(command), "{errors}");
        assert_eq!(machine.log(), "", "nothing may run");
    }
}

#[test]
fn a_failed_install_stops_the_task() {
    let machine = Machine::new("install-fails", &["cc", "c++", "make", "nasm", "apt-get", "id"])
        .with("FAKE_APT_STATUS", "100");
    let output = machine.xtask(&["demo"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(
        text(&output.stderr).contains("apt-get install -y --no-install-recommends cmake sqlite3\n"),
        "{output:?}"
    );
    assert!(!machine.log().contains("cargo"), "{}", machine.log());
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
#[test]
fn the_build_goes_on_without_nasm() {
    let tools = ["cmake", "sqlite3", "cc", "c++", "make"];
    let nowhere = Machine::new("nasm-nowhere", &tools);
    let output = nowhere.xtask(&["demo"]);
    assert!(output.status.success(), "{output:?}");
    let errors = text(&output.stderr);
    assert!(errors.contains("the build needs nasm (for speed), and no package manager"), "{errors}");
    assert!(errors.contains("going on without"), "{errors}");
    assert!(nowhere.log().starts_with("cargo run"), "{}", nowhere.log());

    let programs = [&tools[..], &["apt-get", "id"]].concat();
    let root = Machine::new("nasm-root", &programs);
    assert!(root.xtask(&["demo"]).status.success());
    let log = root.log();
    assert!(log.contains("apt-get install -y --no-install-recommends nasm (noninteractive)"), "{log}");

    let user = Machine::new("nasm-user", &programs).with("FAKE_UID", "1000");
    let output = user.xtask(&["demo"]);
    assert!(output.status.success(), "{output:?}");
    assert!(text(&output.stderr).contains("--no-install-recommends nasm\n"), "{output:?}");
    assert!(!user.log().contains("apt-get"), "{}", user.log());
}

#[test]
fn compilers_of_the_environment_count() {
    let machine = Machine::new("compilers", &["cmake", "sqlite3", "make", "nasm"])
        .with("CC", &format!("{} -m64", fakes().join("tool").display()))
        .with("CXX", &fakes().join("tool").display().to_string());
    assert!(machine.xtask(&["demo"]).status.success());
    let machine = machine.with("CMAKE_GENERATOR", "Ninja");
    let output = machine.xtask(&["demo"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(text(&output.stderr).contains("the build needs ninja, and no package manager"), "{output:?}");
}

#[test]
fn tests_are_counted_and_skips_are_no_passes() {
    let machine = Machine::new("test", &TOOLS);
    let output = machine.xtask(&["test", "--no-python", "window"]);
    assert!(output.status.success(), "{output:?}");
    let printed = text(&output.stdout);
    assert!(printed.contains("test read::window ... ok\n"), "{printed}");
    assert!(printed.contains("2 passed, 0 failed, 1 skipped, 1 ignored\n"), "{printed}");
    assert!(printed.contains("Skipped tests (1):\n  read::parity: no Python\n"), "{printed}");
    let log = machine.log();
    for command in [
        "cargo fmt --all --check\n",
        "cargo clippy --workspace --all-targets -- -D warnings\n",
        "cargo doc --workspace --no-deps\n",
        "cargo test --workspace --no-fail-fast -- window\n",
        "python=none interop=none data=none\n",
    ] {
        assert!(log.contains(command), "{log}");
    }
}

#[test]
fn every_step_runs_and_each_failure_counts() {
    let machine = Machine::new("failures", &TOOLS)
        .with("FAKE_CLIPPY_STATUS", "101")
        .with("FAKE_LICENCE", "GPL-3.0-only")
        .with("FAKE_FAILURE", "read::mask");
    let output = machine.xtask(&["test", "--no-python"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let printed = text(&output.stdout);
    assert!(printed.contains("libm 0.2.16 has the licence \"GPL-3.0-only\""), "{printed}");
    assert!(printed.contains("Failed tests (1):\n  read::mask\n"), "{printed}");
    assert!(text(&output.stderr).ends_with(": lints, dependencies, tests\n"), "{output:?}");
}

#[test]
fn without_python_the_run_says_so_and_ci_fails() {
    let machine = Machine::new("no-python", &TOOLS);
    let requirements = machine.folder.join("workspace/tools/peers");
    fs::create_dir_all(&requirements).expect("the folder can be made");
    for name in ["requirements-parity.txt", "requirements-interop.txt"] {
        fs::write(requirements.join(name), "numpy==2.3.3\n").expect("the file can be written");
    }

    let output = machine.xtask(&["test"]);
    assert!(output.status.success(), "{output:?}");
    let printed = text(&output.stdout);
    for (what, step) in [("THE PYTHON PARITY SUITES", "python"), ("THE SUITES OF SHARING", "interop")] {
        assert_eq!(printed.matches(&format!("# {what} ARE SKIPPED")).count(), 2, "{printed}");
        assert!(printed.contains(&format!("SKIPPED  {step}")), "{printed}");
    }
    assert!(machine.log().contains("python=none interop=none"), "{}", machine.log());

    let machine = machine.with("CI", "true");
    let output = machine.xtask(&["test"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).ends_with(": python, interop\n"), "{output:?}");
}

#[test]
fn wrong_usage_is_told_apart_from_failure() {
    let machine = Machine::new("usage", &TOOLS);
    for wrong in
        [&[][..], &["tset"], &["test", "--quick"], &["bench", "--quick"], &["fuzz", "--seconds", "many"]]
    {
        let output = machine.xtask(wrong);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {output:?}");
        assert!(!output.stderr.is_empty());
    }
    assert!(text(&machine.xtask(&["help"]).stdout).contains("cargo xtask TASK"));
    assert_eq!(machine.log(), "");
}
