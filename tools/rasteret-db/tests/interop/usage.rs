//! How arguments are taken.

use crate::support::Home;
use std::process::Command;

#[test]
fn wrong_usage_exits_2() {
    let home = Home::new();
    for arguments in [
        &["query"][..],
        &["collections", "build-local", "--name", "x"],
        &["read", "x", "--aoi", "1,2,3,4"],
        &["query", "x", "--limit", "many"],
        &["completions", "tcsh"],
    ] {
        let (kind, message) = home.error(2, arguments);
        assert_eq!(kind, "usage");
        assert!(!message.is_empty());
        let run = home.run(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
    }
}

#[test]
fn help_and_version_are_results() {
    let home = Home::new();
    for arguments in [&["--help"][..], &["--version"], &["read", "--help"], &["help", "collections"]] {
        let run = home.run(arguments);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{arguments:?}");
        assert!(run.stdout.contains("rasteret-db"), "{arguments:?}: {}", run.stdout);
    }
}

#[test]
fn completions_of_every_shell() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = home.run(&["completions", shell]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{shell}");
        for word in ["rasteret-db", "build-local", "aoi"] {
            assert!(run.stdout.contains(word), "{shell} has no {word}");
        }
    }
    // A shell says what is wrong with its own script.
    std::fs::write(home.path("script"), home.run(&["completions", "bash"]).stdout).unwrap();
    if let Ok(output) = Command::new("bash").arg("-n").arg(home.path("script")).output() {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
