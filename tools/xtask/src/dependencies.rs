//! What the workspace may depend on: permissive licences, and one version of each crate whose types cross crates.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Error;
use crate::workspace::Workspace;
use crate::{shell, spdx};

/// Checks every dependency, of all platforms, and says how many there are.
///
/// # Errors
/// [`Error::Failed`] with one line for each objection.
pub fn check(workspace: &Workspace) -> Result<String, Error> {
    let shipped = packages(workspace, "normal,build")?;
    let all = packages(workspace, "normal,build,dev")?;
    let objections: Vec<String> =
        [several_versions(&shipped), linked_from_the_system(&shipped), not_permissive(&all)].concat();
    if objections.is_empty() {
        Ok(format!("{} crates, permissive licences", all.len()))
    } else {
        Err(Error::Failed(objections.join("\n")))
    }
}

/// A crate as `cargo tree` prints it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    licence: String,
    features: String,
}

impl Package {
    /// `{p}`, `{l}` and `{f}`, separated by tabs; a crate that was already listed ends in ` (*)`.
    const FORMAT: &str = "{p}\t{l}\t{f}";

    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.strip_suffix(" (*)").unwrap_or(line).split('\t');
        let (package, licence, features) = (fields.next()?, fields.next()?, fields.next()?);
        let mut words = package.split(' ');
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        Some(Self {
            name: name.to_owned(),
            version: version.to_owned(),
            licence: licence.to_owned(),
            features: features.to_owned(),
        })
    }
}

fn packages(workspace: &Workspace, edges: &str) -> Result<BTreeSet<Package>, Error> {
    let mut tree = workspace.cargo();
    tree.args(["tree", "--workspace", "--target", "all", "--prefix", "none", "--edges", edges]);
    tree.args(["--format", Package::FORMAT]);
    parse(&shell::output(&mut tree)?)
}

fn parse(tree: &str) -> Result<BTreeSet<Package>, Error> {
    let lines = tree.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| Package::parse(line).ok_or_else(|| Error::Failed(format!("cargo tree printed {line:?}"))))
        .collect()
}

/// Arrow, Parquet and object_store pass their types through this project's interfaces: two versions of one of
/// them would be two incompatible sets of types.
fn several_versions(packages: &BTreeSet<Package>) -> Vec<String> {
    let mut versions = BTreeMap::<&str, BTreeSet<&str>>::new();
    for package in packages {
        let name = package.name.as_str();
        if matches!(name, "arrow" | "parquet" | "object_store") || name.starts_with("arrow-") {
            versions.entry(name).or_default().insert(&package.version);
        }
    }
    let several = versions.into_iter().filter(|(_, versions)| versions.len() > 1);
    several
        .map(|(name, versions)| {
            let versions = versions.into_iter().collect::<Vec<_>>().join(" and ");
            format!("{name} is there in more than one version: {versions} (see `cargo tree --invert {name}`)")
        })
        .collect()
}

/// Without `bundled`, the build would need the headers of SQLite, and the binary would need its shared library.
fn linked_from_the_system(packages: &BTreeSet<Package>) -> Vec<String> {
    let bundled = |package: &Package| package.features.split(',').any(|feature| feature == "bundled");
    let sqlite: Vec<_> = packages.iter().filter(|package| package.name == "libsqlite3-sys").collect();
    if sqlite.is_empty() || sqlite.iter().any(|package| bundled(package)) {
        Vec::new()
    } else {
        vec!["libsqlite3-sys lacks its feature `bundled`: a binary would need the system's SQLite".to_owned()]
    }
}

/// Licences of crates that name none but have it in a file, which was read: crate, version, licence.
const LICENCE_FILES: [(&str, &str, &str); 1] = [("unaccent", "0.1.1", "MIT")];

fn not_permissive(packages: &BTreeSet<Package>) -> Vec<String> {
    let objection = |package: &Package| {
        let in_file = LICENCE_FILES.iter().find(|(name, version, _)| {
            package.licence.is_empty() && package.name == *name && package.version == *version
        });
        let licence = in_file.map_or(package.licence.as_str(), |(.., licence)| licence);
        let why = match spdx::is_permissive(licence) {
            Ok(true) => return None,
            Ok(false) => "not on the list of permissive licences".to_owned(),
            Err(error) => format!("not an SPDX expression: {error}"),
        };
        Some(format!("{} {} has the licence {:?}, {why}", package.name, package.version, package.licence))
    };
    // A crate is listed once for each set of features; one objection is enough.
    packages.iter().filter_map(objection).collect::<BTreeSet<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages(tree: &str) -> BTreeSet<Package> {
        parse(tree).expect("valid")
    }

    #[test]
    fn lines_of_cargo_tree() {
        let tree = "rasteret v0.1.0 (/src/rasteret)\tMIT OR Apache-2.0\t\n\
                    thiserror-impl v2.0.21 (proc-macro)\tMIT OR Apache-2.0\t\n\
                    libm v0.2.16\tMIT\tarch,default\n\
                    \n\
                    libm v0.2.16\tMIT\tarch,default (*)\n";
        let packages = packages(tree);
        assert_eq!(packages.len(), 3);
        assert!(packages.contains(&Package {
            name: "libm".to_owned(),
            version: "0.2.16".to_owned(),
            licence: "MIT".to_owned(),
            features: "arch,default".to_owned(),
        }));
        assert!(parse("libm 0.2.16\tMIT\t").is_err());
        assert!(parse("libm v0.2.16").is_err());
    }

    #[test]
    fn two_versions_of_arrow_are_refused() {
        let one = packages(
            "arrow-array v58.4.1\tMIT\t\narrow-array v58.4.1\tMIT\tffi\nsyn v2.0.1\tMIT\t\nsyn v3.0.1\tMIT\t",
        );
        assert!(several_versions(&one).is_empty());
        let two =
            packages("arrow-array v58.4.1\tMIT\t\narrow-array v60.1.0\tMIT\t\nobject_store v0.13.0\tMIT\t");
        let objections = several_versions(&two);
        assert_eq!(objections.len(), 1);
        assert!(
            objections[0].contains("arrow-array") && objections[0].contains("58.4.1 and 60.1.0"),
            "{objections:?}"
        );
    }

    #[test]
    fn sqlite_has_to_be_bundled() {
        assert!(linked_from_the_system(&packages("libsqlite3-sys v0.35.0\tMIT\tbundled,cc")).is_empty());
        assert!(linked_from_the_system(&packages("libm v0.2.16\tMIT\t")).is_empty());
        assert_eq!(
            linked_from_the_system(&packages("libsqlite3-sys v0.35.0\tMIT\tbundled_bindings,cc")).len(),
            1
        );
    }

    #[test]
    fn licences_are_asked_for() {
        let tree = packages(
            "a v1.0.0\tMIT\t\nb v1.0.0\tMPL-2.0\tx\nb v1.0.0\tMPL-2.0\ty\nc v1.0.0\t\t\nunaccent v0.1.1\t\t",
        );
        let objections = not_permissive(&tree);
        assert_eq!(objections.len(), 2, "{objections:?}");
        assert!(
            objections[0].starts_with("b 1.0.0") && objections[1].starts_with("c 1.0.0"),
            "{objections:?}"
        );
    }
}
