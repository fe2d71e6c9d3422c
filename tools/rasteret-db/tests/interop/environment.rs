//! Where the database is.

use crate::support::{Home, Run};

#[test]
fn the_database_is_where_it_is_said_to_be() {
    let home = Home::new();
    home.scenes("scenes");
    let in_place = |place: &str| {
        std::fs::create_dir_all(home.path(place).parent().unwrap()).unwrap();
        std::fs::copy(home.path("areas.db"), home.path(place)).unwrap();
    };
    let list = |variables: &[(&str, &str)], arguments: &[&str]| {
        let variables = variables.iter().map(|(name, value)| (name, home.path(value)));
        let run =
            Run::of(home.command().envs(variables).args(["--json", "collections", "list"]).args(arguments));
        (run.code, run.stderr)
    };
    let (code, error) = list(&[], &[]);
    assert_eq!(code, 1);
    assert!(error.contains("rasteret_workspace/rasteret.db"), "{error}");
    in_place("rasteret_workspace/rasteret.db");
    assert_eq!(list(&[], &[]).0, 0);

    let (code, error) = list(&[("RASTERET_WORKSPACE", "work")], &[]);
    assert_eq!(code, 1);
    assert!(error.contains("work/rasteret.db"), "{error}");
    in_place("work/rasteret.db");
    assert_eq!(list(&[("RASTERET_WORKSPACE", "work")], &[]).0, 0);

    // The more special one wins.
    let both = [("RASTERET_WORKSPACE", "work"), ("RASTERET_DB", "mine.db")];
    let (code, error) = list(&both, &[]);
    assert_eq!(code, 1);
    assert!(error.contains("mine.db"), "{error}");
    assert_eq!(list(&both, &["--db", "areas.db"]).0, 0);
    in_place("mine.db");
    assert_eq!(list(&both, &[]).0, 0);
}

#[test]
fn a_build_makes_the_workspace() {
    let home = Home::new();
    home.scenes("scenes");
    let build = ["--quiet", "collections", "build-local", "--name", "scenes", "scenes"];
    let run = Run::of(home.command().env("RASTERET_WORKSPACE", "new/workspace").args(build));
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    assert!(home.path("new/workspace/rasteret.db").exists());
}
