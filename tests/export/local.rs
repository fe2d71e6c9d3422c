//! Local destinations: all or nothing.

use crate::process::run_for;
use crate::support::{Made, files, rows};
use rasteret::blocking::Wait;
use rasteret::{Database, Filter};
use rasteret_schema::share::ExportTag;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const KILLS: usize = 60;

#[test]
fn what_is_there_is_replaced_only_if_that_is_wanted() {
    let made = Made::new(120);
    let export = |name: &str, overwrite: bool| {
        made.collection.export(made.dest(name)).overwrite(overwrite).run().wait()
    };
    let refused = |name: &str, overwrite: bool, word: &str| {
        let error = export(name, overwrite).unwrap_err();
        assert!(error.kind() == "exists" && error.to_string().contains(word), "{error}");
    };
    for name in ["folder", "file.parquet"] {
        export(name, false).unwrap();
        let before = if name == "folder" { files(&made.path(name)) } else { Vec::new() };
        refused(name, false, "overwrite it");
        export(name, true).unwrap();
        assert!(before.is_empty() || files(&made.path(name)) == before);
    }
    // Fewer files take the place of more.
    let some = made.collection.subset(Filter::new().dates("2024-01").unwrap());
    some.export(made.dest("folder")).overwrite(true).run().wait().unwrap();
    assert_eq!(files(&made.path("folder")), ["year=2024/month=1/part-0.parquet"]);

    // What is no export is never replaced.
    fs::create_dir_all(made.path("mine/deep")).unwrap();
    fs::write(made.path("mine/deep/thesis.tex"), "x").unwrap();
    fs::create_dir(made.path("mine.parquet")).unwrap();
    fs::write(made.path("note"), "x").unwrap();
    refused("mine", false, "not empty");
    refused("mine", true, "thesis.tex");
    refused("mine.parquet", true, "no file");
    refused("note", true, "a file");
    assert_eq!(fs::read(made.path("mine/deep/thesis.tex")).unwrap(), b"x");
    // An empty folder is as good as none.
    fs::create_dir(made.path("empty")).unwrap();
    export("empty", false).unwrap();
    let error = export("none/below", false).unwrap_err();
    assert!(error.kind() == "io" && error.to_string().contains("make its folder first"), "{error}");
    let hidden: Vec<String> = fs::read_dir(made.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with('.'))
        .collect();
    assert_eq!(hidden, [""; 0], "nothing is left over");
}

/// An export over the one that is there.
#[test]
#[ignore = "runs as a process of its own, and is killed"]
fn child_exports() {
    let variable = |name: &str| std::env::var(name).unwrap();
    let collection = Database::open(variable("RASTERET_TEST_DATABASE")).unwrap().collection("c").unwrap();
    collection.export(variable("RASTERET_TEST_DEST")).overwrite(true).run().wait().unwrap();
}

/// Exports for a while. Returns whether that came to its end.
fn run(made: &Made, dest: &str, patience: Duration) -> bool {
    let database = made.path("made.rasteret").into();
    let environment = [("RASTERET_TEST_DATABASE", database), ("RASTERET_TEST_DEST", dest.into())];
    run_for(patience, "local::child_exports", environment)
}

/// The export that a folder has: the tags of its files, which are of one export and whole.
fn whole(folder: &Path) -> String {
    let mut tags: Vec<ExportTag> = Vec::new();
    for file in files(folder) {
        let rows = rows(&folder.join(&file));
        let tag: ExportTag = serde_json::from_str(&rows.schema_ref().metadata()["rasteret:export"]).unwrap();
        assert_eq!((&tag.file, tag.file_rows), (&file, rows.num_rows() as u64));
        tags.push(tag);
    }
    let first = tags[0].clone();
    assert!(tags.iter().all(|tag| tag.id == first.id));
    assert_eq!(
        (first.files, first.rows),
        (tags.len() as u64, tags.iter().map(|tag| tag.file_rows).sum::<u64>())
    );
    first.id
}

#[test]
fn a_killed_export_leaves_what_was_there() {
    let made = Made::new(3000);
    let dest = made.dest("out");
    let started = Instant::now();
    assert!(run(&made, &dest, Duration::from_secs(120)));
    let lasts = started.elapsed();
    let mut before = whole(Path::new(&dest));
    fs::remove_dir_all(&dest).unwrap();
    let (mut killed, mut in_the_middle, mut is_there) = (0, 0, false);
    let mut random = 7_u64;
    while killed < KILLS {
        random = crate::support::mixed(random);
        let patience = lasts.mul_f64(0.02 + 1.1 * (random % 1000) as f64 / 1000.0);
        let done = run(&made, &dest, patience);
        killed += usize::from(!done);
        assert!(!done || Path::new(&dest).exists());
        if Path::new(&dest).exists() {
            let now = whole(Path::new(&dest));
            assert!(!done || now != before);
            (before, is_there) = (now, true);
        } else {
            assert!(!is_there, "what was there is gone");
        }
        let left = fs::read_dir(made.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        for part in left.filter(|path| path.extension().is_some_and(|ending| ending == "part")) {
            in_the_middle += 1;
            fs::remove_dir_all(part).unwrap();
        }
    }
    println!("killed {killed} times, {in_the_middle} of them while the folder was written");
    assert!(in_the_middle * 4 > killed, "most kills came before or after the work");
}
