//! A disk that is full: files may grow to so many bytes and no further, which needs no disk of its own.

use crate::oracle;
use crate::support::{Home, Run, bbox, middle};
use serde_json::Value;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};

/// What happens to a process that writes beyond the limit.
#[derive(Clone, Copy)]
enum Beyond {
    /// Its write fails.
    Fails,
    /// It is killed.
    Kills,
}

/// Runs the binary where files may grow to so many KiB; `None` where there is no bash to say so.
fn limited(home: &Home, beyond: Beyond, kib: u32, arguments: &[&str]) -> Option<Output> {
    if Command::new("bash").arg("--version").output().is_err() {
        oracle::skip("there is no bash to set limits with");
        return None;
    }
    let trap = match beyond {
        Beyond::Fails => "trap '' XFSZ",
        Beyond::Kills => "ulimit -c 0",
    };
    let mut command = home.command();
    let binary = command.get_program().to_owned();
    let script = format!("{trap}; ulimit -f {kib} && exec \"$@\"");
    let mut bash = Command::new("bash");
    bash.args(["-c", &script, "bash"]).arg(binary).args(["--json", "--db", "areas.db"]).args(arguments);
    bash.current_dir(home.folder.path()).env_clear().envs(std::env::vars_os());
    for (name, value) in command.env("HOME", home.folder.path()).get_envs() {
        match value {
            Some(value) => bash.env(name, value),
            None => bash.env_remove(name),
        };
    }
    Some(bash.output().unwrap())
}

/// The message of a run that failed for want of room.
#[track_caller]
fn message(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{stderr}");
    let document: Value = serde_json::from_str(&stderr).expect("exactly one JSON document");
    assert_eq!(document["error"]["kind"], "io", "{stderr}");
    let message = document["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("raise the limit"), "{message}");
    message
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn an_output_that_does_not_fit_is_named_and_leaves_what_was_there() {
    let home = Home::new();
    home.scenes("scenes");
    let area = bbox(middle(&home.json(0, &["collections", "info", "scenes"])["bounds"]));
    let id = home.json(0, &["query", "scenes"])["ids"][0].as_str().unwrap().to_owned();
    std::fs::create_dir(home.path("out")).unwrap();
    for ending in ["npy", "tif", "png", "parquet"] {
        let (name, out) = (format!("cube.{ending}"), format!("out/cube.{ending}"));
        let read = |bands| ["read", "scenes", "--aoi", &area, "--ids", &id, "--bands", bands, "-o", &out];
        let before = names(&home.path("out"));
        for beyond in [Beyond::Fails, Beyond::Kills] {
            let Some(output) = limited(&home, beyond, 1, &read("B04")) else { return };
            match beyond {
                Beyond::Fails => {
                    assert!(message(&output).contains(&out));
                    assert_eq!(names(&home.path("out")), before);
                }
                Beyond::Kills => assert!(output.status.signal().is_some(), "{output:?}"),
            }
            assert!(!home.path(&out).exists());
        }
        home.json(0, &read("B04"));
        let whole = std::fs::read(home.path(&out)).unwrap();
        for beyond in [Beyond::Fails, Beyond::Kills] {
            limited(&home, beyond, 1, &read("B08")).unwrap();
            assert!(std::fs::read(home.path(&out)).unwrap() == whole, "{name}");
        }
        home.json(0, &read("B08"));
        assert!(std::fs::read(home.path(&out)).unwrap() != whole, "{name}");
    }
}

#[test]
fn a_scene_that_does_not_fit_is_named() {
    let home = Home::new();
    let Some(output) = limited(&home, Beyond::Fails, 64, &["demo", "--dir", "demo"]) else { return };
    let message = message(&output);
    assert!(message.contains("demo/scenes") && message.contains("B02.tif"), "{message}");
}

#[test]
fn a_database_that_does_not_fit_is_named_and_keeps_what_was_committed() {
    let home = Home::new();
    home.scenes("scenes");
    let size = std::fs::metadata(home.path("areas.db")).unwrap().len() / 1024;
    let mut failed = 0;
    for kib in [size / 2, size, size + size / 2, 2 * size, 4 * size] {
        let build = ["collections", "build-local", "--name", "more", "scenes"];
        let Some(output) = limited(&home, Beyond::Fails, kib as u32, &build) else { return };
        if !output.status.success() {
            failed += 1;
            let message = message(&output);
            assert!(
                message.contains("areas.db") && message.contains("what was committed is there"),
                "{message}"
            );
        }
        assert_eq!(home.json(0, &["query", "scenes"])["count"], 4, "{kib} KiB");
        let verified = Run::of(home.command().args(["--db", "areas.db", "db", "verify", "--deep"]));
        assert_eq!(verified.code, 0, "{}", verified.stdout);
    }
    assert!(failed > 0, "the database always fits");
    let summary = home.json(0, &["collections", "build-local", "--name", "more", "scenes"]);
    assert_eq!(summary["headers"], 16);
}
