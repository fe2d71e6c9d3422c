//! Several processes and one database.

use crate::support::Home;
use rasteret::Database;

#[test]
fn readers_share_and_writers_do_not() {
    let home = Home::new();
    home.scenes("scenes");
    let path = home.path("areas.db");
    let own_pid = format!("process {}", std::process::id());

    let reader = Database::open(&path).unwrap();
    assert_eq!(home.json(0, &["query", "scenes"])["count"], 4);
    let (kind, _) = home.error(1, &["collections", "delete", "scenes"]);
    assert_eq!(kind, "locked");
    drop(reader);

    let writer = Database::open_writable(&path).unwrap();
    for command in [&["query", "scenes"][..], &["collections", "delete", "scenes"]] {
        let (kind, message) = home.error(1, command);
        assert_eq!(kind, "locked");
        assert!(message.contains("areas.db") && message.contains(&own_pid), "{message}");
    }
    drop(writer);
    assert_eq!(home.json(0, &["query", "scenes"])["count"], 4);
}
