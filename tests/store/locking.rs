//! Several processes, files that are no stores, and writers that were killed.

use crate::support::{archive, batch, folder, path, source_header};
use rasteret::store::{Depth, Description, Store, StoreError, verify};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Runs one of this binary's ignored tests as another process, on a file.
pub fn spawn(test: &str, path: &Path) -> (Child, impl Iterator<Item = String> + use<>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env("RASTERET_TEST_STORE", path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The test harness writes lines of its own.
    let output = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    (child, output.filter_map(|line| line.strip_prefix("> ").map(str::to_owned)))
}

/// The file that [`spawn`] gave to this process.
pub fn given_path() -> std::path::PathBuf {
    std::env::var_os("RASTERET_TEST_STORE").expect("a file to work on").into()
}

fn wait_for_the_end() {
    let _ = std::io::stdin().read_line(&mut String::new());
}

fn fill(path: &Path) {
    let store = Store::create(path).unwrap();
    let mut transaction = store.write().unwrap();
    transaction.create_collection("c", Description::default()).unwrap();
    let headers = [source_header(0, "B04", &archive(1))];
    transaction.append("c", &batch(&["a", "b"], &["B04"]), &headers, &[]).unwrap();
    transaction.commit().unwrap();
}

fn count(store: &Store) -> u64 {
    let snapshot = store.read().unwrap();
    let collection = snapshot.collection("c").unwrap();
    let records = collection.scan(&collection.all_columns(), |_| true).unwrap();
    let counted: usize = records.map(|batch| batch.unwrap().batch.num_rows()).sum();
    assert_eq!(counted as u64, collection.len());
    collection.len()
}

#[test]
#[ignore = "runs as a process of its own"]
fn child_reads() {
    let store = Store::open(given_path()).unwrap();
    println!("> {}", count(&store));
    wait_for_the_end();
}

#[test]
#[ignore = "runs as a process of its own"]
fn child_writes() {
    let store = Store::open_writable(given_path()).unwrap();
    let mut transaction = store.write().unwrap();
    transaction.append("c", &batch(&["c"], &["B04"]), &[], &[]).unwrap();
    transaction.commit().unwrap();
    let mut transaction = store.write().unwrap();
    let many: Vec<String> = (0..5000).map(|i| format!("more-{i}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    transaction.append("c", &batch(&many, &["B04"]), &[], &[]).unwrap();
    println!("> committed");
    wait_for_the_end();
}

#[test]
fn many_read_at_once_and_exclude_a_writer() {
    let folder = folder();
    let path = path(&folder);
    fill(&path);
    let store = Store::open(&path).unwrap();
    let second = Store::open(&path).unwrap();
    let mut children: Vec<_> = (0..3).map(|_| spawn("locking::child_reads", &path)).collect();
    for (_, output) in &mut children {
        assert_eq!(output.next().as_deref(), Some("2"));
    }
    assert_eq!((count(&store), count(&second)), (2, 2));
    assert!(matches!(Store::open_writable(&path), Err(StoreError::Locked { .. })));
    drop((store, second));
    assert!(matches!(Store::open_writable(&path), Err(StoreError::Locked { .. })));
    for (child, _) in &mut children {
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(count(&Store::open_writable(&path).unwrap()), 2);
}

#[test]
fn a_writer_is_named() {
    let folder = folder();
    let path = path(&folder);
    fill(&path);
    let (mut child, mut output) = spawn("locking::child_writes", &path);
    assert_eq!(output.next().as_deref(), Some("committed"));
    for error in [Store::open(&path).unwrap_err(), Store::open_writable(&path).unwrap_err()] {
        let message = error.to_string();
        let StoreError::Locked { path: locked, pid, command } = error else { panic!("{error}") };
        assert_eq!(locked, path);
        if cfg!(target_os = "linux") {
            assert_eq!(pid, Some(child.id()));
            assert!(command.unwrap().contains("locking::child_writes"));
            assert!(message.contains(&format!("process {}", child.id())), "{message}");
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn readers_get_the_last_commit_of_a_killed_writer() {
    let folder = folder();
    let path = path(&folder);
    fill(&path);
    let (mut child, mut output) = spawn("locking::child_writes", &path);
    assert_eq!(output.next().as_deref(), Some("committed"));
    child.kill().unwrap();
    child.wait().unwrap();

    let bytes = std::fs::read(&path).unwrap();
    for _ in 0..2 {
        assert_eq!(count(&Store::open(&path).unwrap()), 3);
    }
    assert_eq!(verify(&path, Depth::Deep).unwrap(), []);
    assert!(std::fs::read(&path).unwrap() == bytes, "reading does not change the file");
    let store = Store::open_writable(&path).unwrap();
    assert_eq!(count(&store), 3);
    drop(store);
    assert_eq!(verify(&path, Depth::Deep).unwrap(), []);
}

#[test]
fn a_file_that_needs_repair_asks_for_a_writer() {
    let folder = folder();
    let (path, broken) = (path(&folder), folder.path().join("broken.rasteret"));
    fill(&path);
    // A commit that does not leave the allocator's state, as those of a compaction: the file as it is
    // before it is closed.
    let database = redb::Database::open(&path).unwrap();
    let table = redb::TableDefinition::<&str, u64>::new("another");
    let transaction = database.begin_write().unwrap();
    transaction.open_table(table).unwrap().insert("a", 1).unwrap();
    transaction.commit().unwrap();
    std::fs::copy(&path, &broken).unwrap();
    drop(database);

    assert_eq!(count(&Store::open(&path).unwrap()), 2);
    let error = Store::open(&broken).unwrap_err();
    assert!(matches!(error, StoreError::NotClosed(_)), "{error}");
    assert!(error.to_string().contains("open it for writing once"));
    drop(Store::open_writable(&broken).unwrap());
    assert_eq!(count(&Store::open(&broken).unwrap()), 2);
}

#[test]
fn reading_needs_no_permission_to_write_and_writes_nothing() {
    let folder = folder();
    let path = path(&folder);
    fill(&path);
    let before = std::fs::read(&path).unwrap();
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).unwrap();
    let store = Store::open(&path).unwrap();
    assert_eq!(count(&store), 2);
    assert_eq!(store.stats().unwrap().records, 2);
    drop(store);
    assert_eq!(verify(&path, Depth::Deep).unwrap(), []);
    assert!(std::fs::read(&path).unwrap() == before);
}

#[test]
fn other_files_are_refused() {
    let folder = folder();
    let path = path(&folder);
    assert!(matches!(Store::open(&path), Err(StoreError::NotFound(missing)) if missing == path));
    assert!(matches!(Store::open_writable(&path), Err(StoreError::NotFound(_))));
    let refused = |path: &Path| {
        for error in [Store::open(path).unwrap_err(), Store::open_writable(path).unwrap_err()] {
            assert!(matches!(error, StoreError::NotADatabase { .. }), "{error}");
        }
    };
    for content in [&b""[..], b"short", b"PAR1 is another kind of file"] {
        std::fs::write(&path, content).unwrap();
        refused(&path);
        assert_eq!(std::fs::read(&path).unwrap(), content);
    }
    std::fs::remove_file(&path).unwrap();
    let table = redb::TableDefinition::<&str, u64>::new("another");
    let database = redb::Database::create(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(table).unwrap().insert("a", 1).unwrap();
    transaction.commit().unwrap();
    drop(database);
    refused(&path);
    assert!(matches!(Store::create(&path), Err(StoreError::AlreadyExists(_))));
    assert!(Store::open(folder.path()).is_err());
}

#[test]
fn newer_versions_are_refused() {
    let folder = folder();
    let path = path(&folder);
    fill(&path);
    let database = redb::Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    let about = redb::TableDefinition::<&[u8], &[u8]>::new("about");
    transaction.open_table(about).unwrap().insert(&b"version"[..], &7u32.to_le_bytes()[..]).unwrap();
    transaction.commit().unwrap();
    drop(database);
    for error in [Store::open(&path).unwrap_err(), Store::open_writable(&path).unwrap_err()] {
        assert!(matches!(error, StoreError::NewerVersion { found: 7, supported: 1, .. }), "{error}");
    }
}

#[test]
fn snapshots_keep_the_file_open_and_exclude_compaction() {
    let folder = folder();
    let path = path(&folder);
    fill(&path);
    let snapshot = Store::open(&path).unwrap().read().unwrap();
    assert_eq!(snapshot.collection("c").unwrap().len(), 2);
    assert!(matches!(Store::open_writable(&path), Err(StoreError::Locked { .. })));
    drop(snapshot);
    let mut store = Store::open_writable(&path).unwrap();
    let collection = store.read().unwrap().collection("c").unwrap();
    assert!(matches!(store.compact(), Err(StoreError::InUse)));
    drop(collection);
    store.compact().unwrap();
    drop(store);
    assert!(matches!(Store::open(&path).unwrap().compact(), Err(StoreError::ReadOnly(_))));
}
